import Kernels

/// Looks for a learning rate: trains for a few steps at ever larger rates, sees at which the loss blows up, and puts everything
/// back. The range test of Smith, arXiv:1506.01186, section 3.3.
///
/// The optimizer, the loss and the gradients' accumulation are those of `compile`; clipping is left out, since it would hide what is
/// looked for. Weights, the optimizer's memory, schedule and random streams are afterwards what they were before.
///
/// ```swift
/// let found = try LRFinder().run(model, on: train, batchSize: 100)
/// model.learningRate = found.suggestion
/// ```
public struct LRFinder: Sendable {
  /// The first and the last rate: each step's is larger than the one before by the same factor.
  public let lowest: Float
  public let highest: Float
  /// Optimizer steps, each at one rate.
  public let steps: Int
  /// The loss has blown up where its running mean is above the least so far by this many times its magnitude.
  public let blowUp: Float

  public init(from lowest: Float = 1e-7, to highest: Float = 10, steps: Int = 100, blowUp: Float = 3) {
    self.lowest = lowest
    self.highest = highest
    self.steps = steps
    self.blowUp = blowUp
  }

  /// What was seen.
  public struct Result: Sendable, CustomStringConvertible {
    /// The rates of the steps taken until the loss blew up.
    public internal(set) var rates: [Float] = []
    /// The loss before each of these steps.
    public internal(set) var losses: [Float] = []
    /// Running means of the losses: (0.9 of the one before and 0.1 of the loss), corrected for beginning at 0.
    public internal(set) var smoothed: [Float] = []
    /// The largest rate at which the loss did not rise: where the running mean is least.
    public internal(set) var largest: Float = 0

    /// A rate to train with: a tenth of `largest`, since the mean lags behind and a long training forgives less than a step.
    public var suggestion: Float { largest / 10 }

    /// `learning rate: the loss falls up to 0.12; try 0.012`.
    public var description: String { "learning rate: the loss falls up to \(largest); try \(suggestion)" }
  }

  /// - Parameters:
  ///   - data: examples to train on, in an order that follows from the model's seed, again and again if there are few.
  ///   - batchSize: as in `fit`.
  /// - Throws: `NetError` when a setting is out of its range, the model is not compiled or is in use, the data do not fit it, or
  ///   already the first loss is not a number, or the loss falls at none of the rates.
  public func run(_ model: Model, on data: Dataset, batchSize: Int? = nil) throws -> Result {
    try check()
    return try model.changing("lrFinder") {
      let training = try model.compiled("lrFinder")
      let checked = try CheckedData(data, for: model, training, "lrFinder")
      let batch = batchSize ?? min(32, checked.count)
      guard batch >= 1, batch <= checked.count else {
        throw NetError("lrFinder: batch size \(batch); expected 1 to \(checked.count), the examples")
      }
      try model.checkTraining("lrFinder", batch: batch)
      var optimizer = training.updater.optimizer
      optimizer.learningRate = ExponentialDecay(lowest, steps: max(1, steps - 1), factor: highest / lowest)
      return try model.withTrial(of: optimizer) { trial in
        try checked.withExamples { try losses(model, trial, $0, count: checked.count, batch: batch) }
      }
    }
  }

  private func losses(_ model: Model, _ trial: TrainingState, _ data: Examples, count: Int, batch: Int) throws -> Result {
    let execution = try trial.execution(model, capacity: batch)
    let buffer = trial.batchBuffer(model, capacity: batch)
    var order = [Int32](repeating: 0, count: count)
    let random = RandomStream(seed: model.seed, stream: StreamPurpose.shuffle.base + model.epochsSeen)
    order.withUnsafeMutableBufferPointer { random.permute(into: $0) }
    var (metrics, result) = (RunningMetrics(trial), Result())
    var (mean, weight, least, place) = (0.0, 0.0, Double.infinity, 0)
    var next = 0
    while trial.updater.time.step < steps {
      if next + batch > count { next = 0 }
      let rate = trial.updater.learningRate
      let examples = order.withUnsafeBufferPointer { buffer.gather(data, $0.baseAddress! + next, count: batch) }
      next += batch
      let loss = model.step(trial, execution, examples, batch: batch, &metrics)
      guard loss.isFinite else { break }
      mean = 0.9 * mean + 0.1 * Double(loss)
      weight = 0.9 * weight + 0.1
      let smoothed = mean / weight
      if smoothed > least + Double(blowUp) * abs(least) { break }
      result.rates.append(rate)
      result.losses.append(loss)
      result.smoothed.append(Float(smoothed))
      if smoothed < least { (least, result.largest, place) = (smoothed, rate, result.rates.count) }
    }
    guard !result.rates.isEmpty else { throw NetError("lrFinder: already the first loss is not a number") }
    guard place > Self.flat(steps) else {
      throw NetError(
        "lrFinder: from \(plain(lowest)) on the loss does not fall (least in step \(place) of \(steps)); expected rates from well "
          + "below those that train, or a model that has still to learn")
    }
    return result
  }

  /// In the first steps the loss hardly changes, but for the noise of batches: a least value there says nothing.
  private static func flat(_ steps: Int) -> Int { steps / 10 }

  private func check() throws {
    guard lowest > 0, lowest < highest, (highest / lowest).isFinite else {
      throw NetError("lrFinder: rates from \(plain(lowest)) to \(plain(highest)); expected 0 < from < to, finite")
    }
    try checkSetting(steps, "steps", of: "lrFinder", atLeast: 2)
    guard blowUp > 0 else { throw NetError("lrFinder: blowUp is \(plain(blowUp)); expected above 0") }
  }
}

extension Model {
  /// Runs `body` with a training state of its own for `optimizer`, without clipping, and puts back all that it changed.
  fileprivate func withTrial<R>(of optimizer: any Optimizer, _ body: (TrainingState) throws -> R) throws -> R {
    let kept = try compiled("lrFinder")
    var options = kept.updater.options
    (options.clipValue, options.clipNorm, options.globalClipNorm, options.useEMA) = (nil, nil, nil, false)
    let weights = Array(UnsafeBufferPointer(start: store.weights, count: store.count))
    let examples = examplesSeen
    defer {
      weights.withUnsafeBufferPointer { if let from = $0.baseAddress { store.weights.update(from: from, count: store.count) } }
      examplesSeen = examples
      weightsChanged()
    }
    return try body(TrainingState(kept.loss, try Updater(optimizer, options, store), [], store))
  }
}
