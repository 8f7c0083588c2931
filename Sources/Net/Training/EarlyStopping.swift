/// Ends the training when a number stops getting better, and leaves the model with the weights that were best.
///
/// ```swift
/// try model.fit(train, epochs: 100, validationSplit: 0.1, callbacks: [EarlyStopping(patience: 3)])
/// ```
/// Counts as Keras does: an epoch that is not better than the best by more than `minDelta` is one of waiting, and after `patience` of
/// them in a row (patience 0 counts as 1) training ends, but never after the first. A NaN is not better than anything; without any
/// number there is no best epoch, and the weights stay the last. Unlike Keras it goes back to the best weights unless told otherwise,
/// also when the last epoch comes first, and the running mean of the weights, if there is one (`UpdateOptions.useEMA`: validation is
/// of the mean), to what it was then; the optimizer's memory stays what it was.
public final class EarlyStopping: Callback {
  /// The epoch after which the training ended early, from 0.
  public private(set) var stoppedEpoch: Int?
  /// The epoch of the best number, from 0.
  public private(set) var bestEpoch: Int?
  /// The best number.
  public var best: Float? { monitor.best }

  private var monitor: Monitor
  private let patience: Int
  private let restoresBest: Bool
  private let startFromEpoch: Int
  private weak var model: Model?
  private var weights: (all: [Float], averages: [Float]?)?

  /// - Parameters:
  ///   - monitor: the number to watch: `val_loss`, `val_accuracy`, `loss` ...
  ///   - minDelta: by how much an epoch has to be better.
  ///   - patience: how many epochs may pass without a better one.
  ///   - restoreBest: whether the weights of the best epoch come back at the end.
  ///   - startFromEpoch: epochs before this one, from 0, do not count.
  /// - Throws: `NetError` when a setting is out of its range.
  public init(
    monitor: String = "val_loss", minDelta: Float = 0, patience: Int = 0, mode: MonitorMode = .auto, restoreBest: Bool = true,
    startFromEpoch: Int = 0
  ) throws {
    try checkSetting(minDelta, "minDelta", of: "earlyStopping", in: 0 ..< .infinity)
    try checkSetting(patience, "patience", of: "earlyStopping", atLeast: 0)
    try checkSetting(startFromEpoch, "startFromEpoch", of: "earlyStopping", atLeast: 0)
    self.monitor = Monitor(monitor, mode, minDelta: minDelta)
    self.patience = patience
    self.startFromEpoch = startFromEpoch
    restoresBest = restoreBest
  }

  public func onTrainBegin(model: Model) throws {
    self.model = model
    monitor.reset()
    (stoppedEpoch, bestEpoch) = (nil, nil)
    weights = nil
  }

  /// - Throws: `NetError` when there is no number called `monitor`.
  public func onEpochEnd(epoch: Int, logs: Metrics) throws {
    guard epoch >= startFromEpoch, let model else { return }
    guard try !monitor.improves(logs, for: "earlyStopping") else {
      bestEpoch = epoch
      if restoresBest { weights = model.allWeights }
      return
    }
    guard monitor.isTired(patience: patience) else { return }
    stoppedEpoch = epoch
    model.stopTraining()
  }

  public func onTrainEnd() throws {
    if let weights { model?.restore(weights) }
    weights = nil
  }
}

extension Model {
  /// All parameters, one after the other, and the running mean of those that are trained.
  fileprivate var allWeights: (all: [Float], averages: [Float]?) {
    (Array(UnsafeBufferPointer(start: store.weights, count: store.count)), training?.updater.averages)
  }

  /// Puts parameters back. For callbacks, while `fit` has the model to itself.
  fileprivate func restore(_ weights: (all: [Float], averages: [Float]?)) {
    store.weights.update(from: weights.all, count: weights.all.count)
    training?.updater.averages = weights.averages
    weightsChanged()
  }
}
