/// Lowers the learning rate when a number stops getting better, by default to its half when the validation error no longer falls.
///
/// Counts as Keras does: an epoch that is not better than the best by more than `minDelta` is one of waiting, and after `patience`
/// of them in a row the rate is multiplied by `factor` (never below `minLearningRate`) and waiting begins anew; for `cooldown`
/// epochs after that nothing is counted. With patience 2 and the best in epoch 1, the rate is lower from epoch 4 on. A NaN is not
/// better than anything, and the first epoch never lowers the rate.
///
/// Keras's and PyTorch's `ReduceLROnPlateau`, whose factor is 0.1 by default; PyTorch's threshold is relative, and it waits an epoch
/// longer. The optimizer's rate must be a constant, not a schedule.
public final class ReduceLROnPlateau: Callback {
  private var monitor: Monitor
  private let factor: Float
  private let patience: Int
  private let cooldown: Int
  private let minLearningRate: Float
  private weak var model: Model?
  private var coolingDown = 0

  /// - Throws: `NetError` when a setting is out of its range.
  public init(
    monitor: String = "val_loss", factor: Float = 0.5, patience: Int = 10, mode: MonitorMode = .auto, minDelta: Float = 1e-4,
    cooldown: Int = 0, minLearningRate: Float = 0
  ) throws {
    try checkSetting(factor, "factor", of: "reduceLROnPlateau", in: 0..<1)
    try checkSetting(patience, "patience", of: "reduceLROnPlateau", atLeast: 0)
    try checkSetting(minDelta, "minDelta", of: "reduceLROnPlateau", in: 0 ..< .infinity)
    try checkSetting(cooldown, "cooldown", of: "reduceLROnPlateau", atLeast: 0)
    try checkSetting(minLearningRate, "minLearningRate", of: "reduceLROnPlateau", in: 0 ..< .infinity)
    self.monitor = Monitor(monitor, mode, minDelta: minDelta)
    self.factor = factor
    self.patience = patience
    self.cooldown = cooldown
    self.minLearningRate = minLearningRate
  }

  /// - Throws: `NetError` when the learning rate follows a schedule.
  public func onTrainBegin(model: Model) throws {
    guard model.hasConstantLearningRate else {
      throw NetError("reduceLROnPlateau: the learning rate follows a schedule; expected a constant one")
    }
    self.model = model
    monitor.reset()
    coolingDown = 0
  }

  /// - Throws: `NetError` when there is no number called `monitor`.
  public func onEpochEnd(epoch: Int, logs: Metrics) throws {
    coolingDown = max(0, coolingDown - 1)
    guard try !monitor.improves(logs, for: "reduceLROnPlateau") else { return }
    if coolingDown > 0 { monitor.restartWaiting() } else if monitor.isTired(patience: patience) { reduce() }
  }

  private func reduce() {
    guard let model, model.learningRate > minLearningRate else { return }
    model.learningRate = max(model.learningRate * factor, minLearningRate)
    coolingDown = cooldown
    monitor.restartWaiting()
  }
}
