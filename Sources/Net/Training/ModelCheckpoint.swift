/// Saves the weights in the course of a training: after each epoch or every so many batches, all of them or only what is better than
/// before.
///
/// ```swift
/// try model.fit(train, epochs: 20, validationSplit: 0.1, callbacks: [ModelCheckpoint(path: "best.safetensors", saveBestOnly: true)])
/// ```
/// With a running mean of the weights (`UpdateOptions.useEMA`) that is what is saved: validation is of it too.
///
/// `{epoch}` and `{batch}` in the path stand for their numbers, from 1. A file is complete or not there at all.
public final class ModelCheckpoint: Callback {
  /// When to save.
  public enum Frequency: Hashable, Sendable {
    /// After every n-th epoch.
    case epochs(Int)
    /// After every n-th batch of an epoch: a third of its batches makes three files an epoch. What is better is then judged by the
    /// training's numbers, the means of the epoch so far.
    case batches(Int)
  }

  private let path: String
  private var monitor: Monitor
  private let saveBestOnly: Bool
  private let frequency: Frequency
  private weak var model: Model?

  /// - Parameters:
  ///   - path: where to, with `{epoch}` and `{batch}` for their numbers.
  ///   - monitor: the number to judge by, with `saveBestOnly`.
  ///   - saveBestOnly: whether to save only when that number is better than it has been.
  /// - Throws: `NetError` when a setting is out of its range.
  public init(
    path: String, monitor: String = "val_loss", saveBestOnly: Bool = false, mode: MonitorMode = .auto,
    every frequency: Frequency = .epochs(1)
  ) throws {
    switch frequency {
    case .epochs(let n), .batches(let n): try checkSetting(n, "every", of: "modelCheckpoint", atLeast: 1)
    }
    self.path = path
    self.monitor = Monitor(monitor, mode, minDelta: 0)
    self.saveBestOnly = saveBestOnly
    self.frequency = frequency
  }

  public func onTrainBegin(model: Model) throws {
    self.model = model
    monitor.reset()
  }

  /// - Throws: `NetError` when the file cannot be written, or there is no number called `monitor`.
  public func onBatchEnd(epoch: Int, batch: Int, batches: Int, logs: Metrics) throws {
    guard case .batches(let n) = frequency, (batch + 1) % n == 0 else { return }
    try save(epoch, batch, logs)
  }

  /// - Throws: `NetError` when the file cannot be written, or there is no number called `monitor`.
  public func onEpochEnd(epoch: Int, logs: Metrics) throws {
    guard case .epochs(let n) = frequency, (epoch + 1) % n == 0 else { return }
    try save(epoch, nil, logs)
  }

  private func save(_ epoch: Int, _ batch: Int?, _ logs: Metrics) throws {
    guard let model, try !saveBestOnly || monitor.improves(logs, for: "modelCheckpoint") else { return }
    let name = replace("{epoch}", in: path, with: "\(epoch + 1)")
    try model.saveWeights(averaged: replace("{batch}", in: name, with: batch.map { "\($0 + 1)" } ?? "end"))
  }

  private func replace(_ mark: String, in text: String, with value: String) -> String {
    var text = text
    while let found = text.firstRange(of: mark) { text.replaceSubrange(found, with: value) }
    return text
  }
}

extension Model {
  /// Saves the running mean of the weights, where there is one, otherwise the weights.
  fileprivate func saveWeights(averaged path: String) throws {
    guard training?.updater.canAverage == true else { return try saveWeights(to: path) }
    try withAveragedWeights { try saveWeights(to: path) }
  }
}
