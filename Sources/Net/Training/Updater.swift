import Kernels

/// Turns gradients into weights: accumulates, clips, and calls the optimizer for each span of parameters; keeps the running mean
/// of the weights. Allocates nothing in a step.
final class Updater {
  var optimizer: any Optimizer
  private let isFused: Bool
  let options: UpdateOptions
  private let store: ParameterStore
  /// What learns, in the order of the store, and what is frozen: a step touches only the former.
  private let spans: [UpdateSpan]
  private let frozen: [Range<Int>]
  private let constrained: [Int]
  /// The optimizer's arrays, one after another.
  private let states: UnsafeMutablePointer<Float>
  /// Sums of the gradients of the batches so far, nil without accumulation.
  private let sums: UnsafeMutablePointer<Float>?
  private var summed = 0
  /// The running mean of the weights that learn, nil where none is kept.
  private let average: UnsafeMutablePointer<Float>?
  private var hasAverage = false
  /// Updates since the state was zeros.
  private var stateSteps = 0
  /// Optimizer steps taken, and whole epochs of `fit`, since `compile`: where the schedule stands.
  private(set) var time = TrainingTime()

  /// - Throws: when the options name what the model does not have.
  init(_ optimizer: any Optimizer, _ options: UpdateOptions, _ store: ParameterStore) throws {
    self.optimizer = optimizer
    isFused = optimizer is any FusedOptimizer
    self.options = options
    self.store = store
    let all = try options.spans(store)
    spans = all.filter { !$0.isFrozen }
    frozen = all.filter(\.isFrozen).map(\.range)
    constrained = store.constrained.filter { i in !all.contains { $0.isFrozen && $0.range.overlaps(store.range(i)) } }
    states = .allocateZeros(optimizer.stateCount * store.trainableCount)
    sums = options.gradientAccumulationSteps > 1 ? .allocateZeros(store.trainableCount) : nil
    average = options.useEMA ? .allocateZeros(store.trainableCount) : nil
  }

  deinit {
    states.deallocate()
    sums?.deallocate()
    average?.deallocate()
  }

  /// Takes the gradients of a batch; after as many batches as are accumulated, steps.
  func update() {
    guard accumulate() else { return }
    stateSteps += 1
    let mean = 1 / Float(options.gradientAccumulationSteps)
    let scale = mean * globalScale(mean)
    for span in spans { update(span, scale: scale * scaleByNorm(of: span, scale)) }
    store.constrain(constrained)
    time.step += 1
    keepAverage()
  }

  /// Adds up gradients; true when they are complete, and in the store.
  private func accumulate() -> Bool {
    guard let sums else { return true }
    let (gradients, count) = (store.gradients, store.trainableCount)
    summed += 1
    guard summed == options.gradientAccumulationSteps else {
      if summed == 1 { sums.update(from: gradients, count: count) } else { add(sums, gradients, into: sums, count: count) }
      return false
    }
    summed = 0
    add(sums, gradients, into: gradients, count: count)
    return true
  }

  /// What clipping by the norm of all gradients, times `mean`, multiplies them by.
  private func globalScale(_ mean: Float) -> Float {
    guard let limit = options.globalClipNorm else { return 1 }
    // What is frozen has no part in the norm.
    for range in frozen { (store.gradients + range.lowerBound).update(repeating: 0, count: range.count) }
    return reduction(store.gradients, count: store.trainableCount, mean, to: limit)
  }

  /// What clipping by the norm of one parameter's gradient, times `scale`, multiplies it by.
  private func scaleByNorm(of span: UpdateSpan, _ scale: Float) -> Float {
    guard let limit = options.clipNorm else { return 1 }
    return reduction(store.gradients + span.range.lowerBound, count: span.range.count, scale, to: limit)
  }

  /// What brings the norm of `scale` times the gradients down to a limit. As in PyTorch an infinite gradient makes it 0, and so
  /// the infinite one a NaN and the others 0; a NaN makes it a NaN.
  private func reduction(_ gradients: UnsafePointer<Float>, count: Int, _ scale: Float, to limit: Float) -> Float {
    let wide = wideNorm2(gradients, count: count), norm = Float(wide) * scale
    if norm <= limit { return 1 }
    return norm == .infinity ? Float(Double(limit) / (wide * Double(scale))) : limit / norm
  }

  private func update(_ span: UpdateSpan, scale: Float) {
    let start = span.range.lowerBound
    let gradients = store.gradients + start
    let limit = options.clipValue ?? .infinity
    if !isFused, scale != 1 { Kernels.scale(scale, gradients, into: gradients, count: span.range.count) }
    if !isFused, limit < .infinity { clamp(gradients, lower: -limit, upper: limit, into: gradients, count: span.range.count) }
    optimizer.update(
      UpdateContext(
        count: span.range.count, weights: store.weights + start, gradient: UnsafePointer(gradients), step: stateSteps,
        learningRate: learningRate * span.rate, momentum: optimizer.learningRate.momentum(at: time), decays: span.decays,
        gradientScale: isFused ? scale : 1, gradientLimit: isFused ? limit : .infinity, states: states + start,
        stride: store.trainableCount))
  }

  private func keepAverage() {
    guard let average else { return }
    guard hasAverage else {
      average.update(from: store.weights, count: store.trainableCount)
      hasAverage = true
      return
    }
    for span in spans {
      let start = span.range.lowerBound
      averageUpdate(
        count: span.range.count, momentum: options.emaMomentum, store.weights + start, average: average + start)
    }
  }

  // MARK: Time

  /// The step size of the next step.
  var learningRate: Float { optimizer.learningRate.rate(at: time) }

  /// Whether the next step's size makes sense: a schedule of the user's own may say anything.
  var hasLearningRate: Bool { learningRate >= 0 && learningRate.isFinite }

  /// Says how many batches the epochs that follow have.
  func beginEpochs(batches: Int) { time.stepsPerEpoch = max(1, batches / options.gradientAccumulationSteps) }

  /// Says that an epoch is over.
  func finishEpoch() {
    time.epoch += 1
    if let epochs = optimizer.resetEveryEpochs, time.epoch % epochs == 0 { forget() }
  }

  /// Sets the optimizer's state to zeros. The schedule goes on.
  func forget() {
    states.update(repeating: 0, count: optimizer.stateCount * store.trainableCount)
    stateSteps = 0
  }

  /// Starts afresh, schedule included.
  func restart() {
    forget()
    (summed, hasAverage) = (0, false)
    time = TrainingTime(step: 0, stepsPerEpoch: time.stepsPerEpoch)
  }

  // MARK: Averages

  /// Whether there is a running mean of the weights.
  var canAverage: Bool { hasAverage }

  /// The running mean, if there is one.
  var averages: [Float]? {
    get { hasAverage ? average.map { Array(UnsafeBufferPointer(start: $0, count: store.trainableCount)) } : nil }
    set {
      guard let newValue, let average else { return }
      average.update(from: newValue, count: store.trainableCount)
    }
  }

  /// Exchanges the weights that learn and their running mean.
  func swapAverage() {
    guard hasAverage, let average else { return }
    for span in spans {
      for i in span.range { (store.weights[i], average[i]) = (average[i], store.weights[i]) }
    }
  }

  /// Makes the running mean the weights, of those that learn.
  func adoptAverage() {
    guard hasAverage, let average else { return }
    for span in spans {
      let start = span.range.lowerBound
      (store.weights + start).update(from: average + start, count: span.range.count)
    }
  }
}
