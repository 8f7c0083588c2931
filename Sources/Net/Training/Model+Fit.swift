import Kernels

extension Model {
  /// Chooses what training makes small, how, and what to watch. Weights stay as they are; the optimizer starts afresh, so
  /// one may train with Adam first and go on with SGD.
  ///
  /// - Parameter update: clipping, accumulation, averages and groups of parameters, whatever the optimizer.
  /// - Throws: `NetError` when a setting of the optimizer is out of its range, or the model is in use.
  public func compile(
    loss: any Loss, optimizer: any Optimizer, metrics: [any Metric] = [], update: UpdateOptions = UpdateOptions()
  ) throws {
    try update.check()
    try optimizer.check()
    try optimizer.learningRate.check()
    try checkRate(optimizer.learningRate.rate(at: TrainingTime()), of: optimizer.name)
    var names: Set<Name> = [Name("loss")]
    for metric in metrics where !names.insert(Name(metric.name)).inserted {
      throw NetError("compile: two metrics are called \(metric.name)")
    }
    // Gradients, two copies to go back to, what the optimizer remembers, and what options ask for.
    let copies = Size.sum([5 + (update.useEMA ? 1 : 0), max(0, optimizer.stateCount)])
    try Size.checkMemory(Size.product(copies, store.count), "compile: training \(parameterCount) parameters")
    try changing("compile") {
      training = TrainingState(loss, try Updater(optimizer, update, store), metrics, store)
      dropExecutions()
    }
  }

  /// The optimizer's step size for the next step. Setting it replaces the schedule by that constant.
  public var learningRate: Float {
    get { training?.updater.learningRate ?? 0 }
    set { training?.updater.optimizer.learningRate = ConstantRate(newValue) }
  }

  /// Whether the step size changes only when it is set.
  var hasConstantLearningRate: Bool { training?.updater.optimizer.learningRate is ConstantRate }

  /// Makes the `fit` that is running end after the present batch. For callbacks.
  public func stopTraining() { shared.withLock { $0.isStopping = true } }

  /// Trains on `data`.
  ///
  /// - Parameters:
  ///   - batchSize: examples a step; the last batch of an epoch may have fewer. 32 by default, or all when there are fewer.
  ///   - epochs: how many times to go through the data.
  ///   - shuffle: whether each epoch has its own order, which follows from the seed.
  ///   - validationSplit: the share of the data, taken from the end before shuffling and rounded up to whole examples, that is
  ///     only evaluated: of 10 examples 0.25 are 3, which leaves 7.
  ///   - validationData: data to evaluate after each epoch; used instead of a split.
  ///   - classWeight: how much examples of each class count in training, times their own weight: as in Keras, the mean is still
  ///     over the number of examples. Validation does not see it.
  ///   - callbacks: what to run in between.
  /// - Returns: the loss and metrics of each epoch.
  /// - Throws: `NetError` when the data do not fit the model or the loss, hold NaN or infinities, the split leaves none to train
  ///   on, the batch is empty or larger than the data, or the model is in use; and when the loss stops being a number: then it
  ///   names epoch and step, and the weights are those of the last epoch that training could go on from.
  @discardableResult
  public func fit(
    _ data: Dataset, batchSize: Int? = nil, epochs: Int = 1, shuffle: Bool = true, validationSplit: Double = 0,
    validationData: Dataset? = nil, classWeight: [Float]? = nil, callbacks: [any Callback] = []
  ) throws -> History {
    try changing("fit") {
      let training = try compiled("fit")
      guard epochs >= 0 else { throw NetError("fit: \(epochs) epochs; expected at least 0") }
      guard validationSplit >= 0, validationSplit < 1 else {
        throw NetError("fit: validationSplit \(validationSplit); expected at least 0 and less than 1")
      }
      guard validationSplit == 0 || validationData == nil else {
        throw NetError("fit: both validationSplit and validationData are given; expected one")
      }
      var checked = try CheckedData(data, for: self, training, "fit")
      let validation = try validationData.map { try CheckedData($0, for: self, training, "fit: validation") }
      let count = data.count - countOf(share: validationSplit, of: data.count)
      guard count > 0 else {
        throw NetError("fit: validationSplit \(validationSplit) leaves none of \(data.count) examples to train on")
      }
      if let classWeight { try checked.weigh(byClass: classWeight, first: count) }
      let batch = batchSize ?? min(32, count)
      guard batch >= 1, batch <= count else {
        throw NetError("fit: batch size \(batch); expected 1 to \(count), the examples to train on")
      }
      try checkTraining("fit", batch: batch)
      if count % batch > 0 { try checkTraining("fit: the last batch", batch: count % batch) }
      let loop = try FitLoop(self, training, count: count, batch: batch, shuffle: shuffle)
      return try checked.withExamples { examples in
        try loop.run(
          examples, epochs: epochs, callbacks: callbacks,
          validation: {
            if let validation {
              return try validation.withExamples {
                try self.measure($0, count: validation.count, batch: self.predictBatch, training)
              }
            }
            guard count < data.count else { return nil }
            let held = examples.advanced(
              by: count, inputCount: self.inputCount, outputCount: self.outputCount)
            return try self.measure(held, count: data.count - count, batch: self.predictBatch, training)
          })
      }
    }
  }

  /// One step on exactly these examples, in this order.
  ///
  /// - Returns: the loss and metrics before the step.
  /// - Throws: `NetError` as `fit` does; when the loss is not a number, nothing is changed.
  @discardableResult
  public func trainOnBatch(_ data: Dataset) throws -> Metrics {
    try changing("trainOnBatch") {
      let training = try compiled("trainOnBatch")
      let checked = try CheckedData(data, for: self, training, "trainOnBatch")
      try checkTraining("trainOnBatch", batch: checked.count)
      try checkRate(training.updater.learningRate, of: "trainOnBatch")
      let execution = try training.execution(self, capacity: checked.count)
      var metrics = RunningMetrics(training)
      try checked.withExamples { examples in
        let loss = step(training, execution, examples, batch: checked.count, &metrics)
        guard loss.isFinite else { throw NetError("trainOnBatch: the loss is \(plain(loss)); the weights were not changed") }
      }
      metrics.refresh()
      return metrics.current
    }
  }

  /// One optimizer step. A loss that is not a number changes nothing.
  func step(
    _ training: TrainingState, _ execution: Execution, _ examples: Examples, batch: Int, _ metrics: inout RunningMetrics
  ) -> Float {
    let loss = execution.run(examples, batch: batch, examplesSeen: examplesSeen)
    guard loss.value.isFinite else { return loss.value }
    execution.finishStep()
    training.updater.update()
    weightsChanged()
    examplesSeen += UInt64(batch)
    metrics.update(loss, execution, examples)
    return loss.value
  }

  /// Throws when a training pass over `batch` examples makes no sense to a layer.
  func checkTraining(_ name: String, batch: Int) throws {
    for call in graph.calls {
      do {
        try call.op.checkTraining(batch: batch)
      } catch let error as NetError {
        throw NetError("\(name): \(call.layer): \(error.description)")
      }
    }
  }

  func compiled(_ name: String) throws -> TrainingState {
    guard let training else { throw NetError("\(name): the model has no loss and optimizer yet; call compile first") }
    return training
  }
}

/// The epochs and steps of one `fit`.
private final class FitLoop {
  private let model: Model
  private let training: TrainingState
  private let count: Int
  private let batch: Int
  private let shuffle: Bool
  private let execution: Execution
  private let buffer: BatchBuffer
  private var order: [Int32]
  private var metrics: RunningMetrics

  init(_ model: Model, _ training: TrainingState, count: Int, batch: Int, shuffle: Bool) throws {
    self.model = model
    self.training = training
    self.count = count
    self.batch = batch
    self.shuffle = shuffle
    execution = try training.execution(model, capacity: batch)
    buffer = training.batchBuffer(model, capacity: batch)
    order = (0..<Int32(count)).map { $0 }
    metrics = RunningMetrics(training)
  }

  private var batches: Int { (count + batch - 1) / batch }

  func run(_ data: Examples, epochs: Int, callbacks: [any Callback], validation: () throws -> Metrics?) throws -> History {
    var history = History()
    model.shared.withLock { $0.isStopping = false }
    training.keepWeights(epochs: 0)
    training.updater.beginEpochs(batches: batches)
    for callback in callbacks { try callback.onTrainBegin(model: model) }
    for epoch in 0..<epochs {
      if model.isStopping { break }
      let start = ContinuousClock.now
      for callback in callbacks { try callback.onEpochBegin(epoch: epoch) }
      try runEpoch(data, epoch, callbacks)
      metrics.refresh()
      let logs = metrics.current.adding(
        validation: try training.updater.canAverage ? model.withAveragedWeights(validation) : validation())
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      history.epochs.append(History.Epoch(epoch: epoch, metrics: logs, seconds: seconds))
      for callback in callbacks { try callback.onEpochEnd(epoch: epoch, logs: logs) }
    }
    for callback in callbacks { try callback.onTrainEnd() }
    return history
  }

  private func runEpoch(_ data: Examples, _ epoch: Int, _ callbacks: [any Callback]) throws {
    if shuffle {
      let random = RandomStream(seed: model.seed, stream: StreamPurpose.shuffle.base + model.epochsSeen)
      order.withUnsafeMutableBufferPointer { random.permute(into: $0) }
    }
    metrics.reset()
    for i in 0..<batches {
      if model.isStopping { break }
      guard training.updater.hasLearningRate else { throw badRate(epoch, step: i) }
      let loss = step(data, first: i * batch)
      guard loss.isFinite else { throw diverged("the loss is \(plain(loss))", epoch, step: i) }
      if i == 0 { training.confirmWeights() }
      guard !callbacks.isEmpty else { continue }
      metrics.refresh()
      for callback in callbacks { try callback.onBatchEnd(epoch: epoch, batch: i, batches: batches, logs: metrics.current) }
    }
    if let parameter = model.store.firstNotFinite {
      throw diverged("\(parameter.name) is no longer finite", epoch, step: batches - 1)
    }
    training.keepWeights(epochs: epoch + 1)
    training.updater.finishEpoch()
    model.epochsSeen += 1
  }

  /// One step on the examples from `first` on in this epoch's order.
  private func step(_ data: Examples, first: Int) -> Float {
    let size = min(batch, count - first)
    let examples = order.withUnsafeBufferPointer { order in
      shuffle
        ? buffer.gather(data, order.baseAddress! + first, count: size)
        : data.advanced(by: first, inputCount: buffer.inputCount, outputCount: buffer.outputCount)
    }
    return model.step(training, execution, examples, batch: size, &metrics)
  }

  private func badRate(_ epoch: Int, step: Int) -> NetError {
    NetError(
      "fit: the learning rate is \(plain(model.learningRate)) in epoch \(epoch + 1), step \(step + 1) of \(batches); "
        + "expected a finite number of at least 0")
  }

  private func diverged(_ what: String, _ epoch: Int, step: Int) -> NetError {
    let rate = model.learningRate  // of this step: weights that are gone back to bring back theirs
    let epochs = training.restoreWeights()
    model.weightsChanged()
    let kept = epochs == 0 ? "those before training" : "those of the end of epoch \(epochs)"
    return NetError(
      "fit: \(what) in epoch \(epoch + 1), step \(step + 1) of \(batches); the weights are \(kept). "
        + "The learning rate was \(rate): try a smaller one")
  }
}
