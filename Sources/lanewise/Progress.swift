import Net

/// Shows a training as it goes, and ends it when Control-C asks.
final class Progress: Callback {
  /// How many epochs have ended.
  private(set) var epochsDone = 0
  private let bar: ProgressBar
  private weak var model: Model?

  init(_ output: Output, epochs: Int) { bar = ProgressBar(epochs: epochs, isTerminal: output.isTerminal, write: output.write) }

  func onTrainBegin(model: Model) { self.model = model }

  func onBatchEnd(epoch: Int, batch: Int, batches: Int, logs: Metrics) {
    if Interruption.isRequested { model?.stopTraining() }
    bar.onBatchEnd(epoch: epoch, batch: batch, batches: batches, logs: logs)
  }

  func onEpochEnd(epoch: Int, logs: Metrics) {
    bar.onEpochEnd(epoch: epoch, logs: logs)
    if !Interruption.isRequested { epochsDone = epoch + 1 }
  }
}
