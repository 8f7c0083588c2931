import Kernels

/// What `compile` sets up: the loss, the optimizer with its memory, and the buffers of the training step.
final class TrainingState {
  let loss: any Loss
  let updater: Updater
  let metrics: [any Metric]
  private let store: ParameterStore
  /// Weights to go back to when the loss stops being a number: those of the last epoch from which training could go on,
  /// and those of the end of the present epoch, which have yet to show it.
  private var good: Snapshot
  private var candidate: Snapshot

  private struct Snapshot {
    let weights: UnsafeMutablePointer<Float>
    /// The epochs of this `fit` they come after.
    var epochs = 0
  }
  private var execution: Execution?
  private var batch: BatchBuffer?

  init(_ loss: any Loss, _ updater: Updater, _ metrics: [any Metric], _ store: ParameterStore) {
    self.loss = loss
    self.updater = updater
    self.metrics = metrics
    self.store = store
    good = Snapshot(weights: .allocateZeros(store.count))
    candidate = Snapshot(weights: .allocateZeros(store.count))
  }

  deinit {
    good.weights.deallocate()
    candidate.weights.deallocate()
  }

  /// What metrics see as a yes of the outputs the loss takes.
  var threshold: Float { loss.decisionThreshold }

  /// The execution of training steps of up to `capacity` examples, kept for the next time.
  func execution(_ model: Model, capacity: Int) throws -> Execution {
    if let execution, execution.plan.capacity == capacity { return execution }
    let new = Execution(try model.plan(.training, batch: capacity), parameters: store)
    execution = new
    return new
  }

  /// Room for a batch of shuffled examples, kept for the next time.
  func batchBuffer(_ model: Model, capacity: Int) -> BatchBuffer {
    if let batch, batch.capacity == capacity { return batch }
    let new = BatchBuffer(
      capacity: capacity, inputCount: model.inputCount, outputCount: model.outputCount,
      labelsPerExample: loss.rows(model.outputShape))
    batch = new
    return new
  }

  /// Remembers the weights as they are at the end of an epoch (or, at 0, before the first, when they must be good enough).
  func keepWeights(epochs: Int) {
    candidate.weights.update(from: store.weights, count: store.count)
    candidate.epochs = epochs
    guard epochs == 0 else { return }
    good.weights.update(from: store.weights, count: store.count)
    good.epochs = 0
  }

  /// Says that the loss was finite with the weights last kept.
  func confirmWeights() { swap(&good, &candidate) }

  /// Goes back to the last good weights. What the optimizer remembers belongs to the lost steps: it starts afresh.
  ///
  /// - Returns: the epochs of this `fit` the weights come after.
  func restoreWeights() -> Int {
    store.weights.update(from: good.weights, count: store.count)
    updater.restart()
    return good.epochs
  }
}

/// A batch of examples picked from a data set.
final class BatchBuffer {
  let capacity: Int
  let inputCount: Int
  let outputCount: Int
  private let labelsPerExample: Int
  private let inputs: UnsafeMutablePointer<Float>
  private let labels: UnsafeMutablePointer<Int32>
  private let targets: UnsafeMutablePointer<Float>
  private let weights: UnsafeMutablePointer<Float>
  private let teacher: UnsafeMutablePointer<Float>

  init(capacity: Int, inputCount: Int, outputCount: Int, labelsPerExample: Int) {
    self.capacity = capacity
    self.labelsPerExample = labelsPerExample
    self.inputCount = inputCount
    self.outputCount = outputCount
    inputs = .allocateZeros(capacity * inputCount)
    targets = .allocateZeros(capacity * outputCount)
    weights = .allocateZeros(capacity)
    teacher = .allocateZeros(capacity * outputCount)
    labels = .allocate(capacity: capacity * labelsPerExample)
    labels.initialize(repeating: 0, count: capacity * labelsPerExample)
  }

  deinit {
    inputs.deallocate()
    labels.deallocate()
    targets.deallocate()
    weights.deallocate()
    teacher.deallocate()
  }

  /// Copies the examples `indices[0..<count]` of `data`.
  func gather(_ data: Examples, _ indices: UnsafePointer<Int32>, count: Int) -> Examples {
    gatherRows(
      rows: count, columns: inputCount, data.inputs, lds: inputCount, indices: indices, into: inputs, ldy: inputCount)
    if let source = data.labels {
      for i in 0..<count {
        (labels + i * labelsPerExample).update(from: source + Int(indices[i]) * labelsPerExample, count: labelsPerExample)
      }
    }
    if let source = data.targets {
      gatherRows(rows: count, columns: outputCount, source, lds: outputCount, indices: indices, into: targets, ldy: outputCount)
    }
    if let source = data.weights { gatherRows(rows: count, columns: 1, source, lds: 1, indices: indices, into: weights, ldy: 1) }
    if let source = data.teacher {
      gatherRows(rows: count, columns: outputCount, source, lds: outputCount, indices: indices, into: teacher, ldy: outputCount)
    }
    return Examples(
      inputs: inputs, labels: data.labels == nil ? nil : UnsafePointer(labels), labelsPerExample: labelsPerExample,
      targets: data.targets == nil ? nil : UnsafePointer(targets), weights: data.weights == nil ? nil : UnsafePointer(weights),
      teacher: data.teacher == nil ? nil : UnsafePointer(teacher))
  }
}

/// Means of the loss and the metrics over the batches of an epoch, without allocating. Each is a numerator and a denominator until it
/// is asked for, so how the data are cut into batches does not matter: losses count by their weights, penalties by the examples of
/// their batches, metrics as their accumulators say.
struct RunningMetrics {
  private let accumulators: [any MetricAccumulator]
  private let threshold: Float
  private var losses = (numerator: 0.0, denominator: 0.0)
  private var penalties = 0.0
  private var examples = 0
  /// The means so far; `current` is brought up to date by `refresh`.
  private(set) var current: Metrics

  init(_ training: TrainingState) {
    accumulators = training.metrics.map { $0.makeAccumulator() }
    threshold = training.threshold
    current = Metrics(
      names: ["loss"] + training.metrics.map(\.name), values: [Float](repeating: 0, count: 1 + training.metrics.count))
  }

  mutating func reset() {
    for accumulator in accumulators { accumulator.reset() }
    losses = (0, 0)
    penalties = 0
    examples = 0
  }

  mutating func update(_ loss: BatchLoss, _ execution: Execution, _ data: Examples) {
    let batch = loss.examples
    losses.numerator += loss.numerator
    losses.denominator += loss.denominator
    penalties += Double(loss.penalty) * Double(batch)
    examples += batch
    guard !accumulators.isEmpty else { return }
    let outputs = MetricBatch(
      batch: batch * execution.rowsPerExample, outputs: execution.output,
      outputCount: execution.outputCount / execution.rowsPerExample, labels: data.labels, targets: data.targets,
      threshold: threshold)
    for accumulator in accumulators { accumulator.update(outputs) }
  }

  mutating func refresh() {
    let loss = weightedMean(losses.numerator, losses.denominator)
    current.values[0] = Float(loss + weightedMean(penalties, Double(examples)))
    for (i, accumulator) in accumulators.enumerated() { current.values[i + 1] = accumulator.value }
  }
}
