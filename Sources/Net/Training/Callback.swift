/// Code that runs at points of `fit`. Implement what you need; the rest does nothing. An error thrown ends `fit` with it.
///
/// Epochs and batches count from 0. A callback may read the model, evaluate it, predict with it, save it, change its
/// `learningRate`, and end the training early with `stopTraining()`.
public protocol Callback: AnyObject {
  func onTrainBegin(model: Model) throws
  func onEpochBegin(epoch: Int) throws
  /// - Parameter logs: the means over the epoch so far.
  func onBatchEnd(epoch: Int, batch: Int, batches: Int, logs: Metrics) throws
  /// - Parameter logs: the metrics of the epoch, and `val_` ones when there is validation.
  func onEpochEnd(epoch: Int, logs: Metrics) throws
  func onTrainEnd() throws
}

extension Callback {
  public func onTrainBegin(model: Model) throws {}
  public func onEpochBegin(epoch: Int) throws {}
  public func onBatchEnd(epoch: Int, batch: Int, batches: Int, logs: Metrics) throws {}
  public func onEpochEnd(epoch: Int, logs: Metrics) throws {}
  public func onTrainEnd() throws {}
}
