import Net

/// Shows a training as it goes: a bar on a terminal, otherwise a line an epoch. Ends it when Control-C asks.
final class Progress: Callback {
  /// How many epochs have ended.
  private(set) var epochsDone = 0
  private let output: Output
  private let epochs: Int
  private let isBar: Bool
  private weak var model: Model?
  private let clock = ContinuousClock()
  private var lastDrawn: ContinuousClock.Instant?

  private static let barWidth = 24
  /// Often enough to look alive, rarely enough to cost nothing.
  private static let redrawInterval = Duration.milliseconds(50)

  init(_ output: Output, epochs: Int) {
    self.output = output
    self.epochs = epochs
    isBar = output.isTerminal
  }

  func onTrainBegin(model: Model) { self.model = model }

  func onBatchEnd(epoch: Int, batch: Int, batches: Int, logs: Metrics) {
    if Interruption.isRequested { model?.stopTraining() }
    guard isBar else { return }
    let now = clock.now
    if let lastDrawn, now - lastDrawn < Progress.redrawInterval { return }
    lastDrawn = now
    draw(epoch, (batch + 1) * Progress.barWidth / batches, logs)
  }

  func onEpochEnd(epoch: Int, logs: Metrics) {
    if isBar { draw(epoch, Progress.barWidth, logs) } else { output.write(head(epoch) + tail(logs)) }
    output.write("\n")
    if !Interruption.isRequested { epochsDone = epoch + 1 }
  }

  private func draw(_ epoch: Int, _ filled: Int, _ logs: Metrics) {
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: Progress.barWidth - filled)
    // Back to the start of the line, and clear what is right of the new text.
    output.write("\r\(head(epoch)) [\(bar)]\(tail(logs))\u{1B}[K")
  }

  private func head(_ epoch: Int) -> String {
    let total = "\(epochs)"
    let number = "\(epoch + 1)"
    return "epoch " + String(repeating: " ", count: total.count - number.count) + "\(number)/\(total)"
  }

  private func tail(_ logs: Metrics) -> String {
    "  loss \(decimal(Double(logs.loss), 4))" + (logs.accuracy.map { "  accuracy \(decimal(Double($0), 4))" } ?? "")
  }
}
