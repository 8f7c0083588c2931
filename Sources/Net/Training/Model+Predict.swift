import Kernels

extension Model {
  /// The network's outputs for `inputs`, `[examples, ...]` to `[examples, ...]`: logits, unless the network ends in
  /// `Softmax` or another activation. Any number of threads may predict at once.
  ///
  /// - Throws: `NetError` when the inputs have another shape than the network's, or the model is being trained.
  public func predict(_ inputs: Tensor) throws -> Tensor {
    try checkInput(inputs, "predict")
    var outputs = Tensor(zeros: [inputs.shape[0]] + outputShape)
    try inputs.withUnsafeBufferPointer { x in
      try outputs.withUnsafeMutableBufferPointer { y in try predict(x, into: y, count: inputs.shape[0]) }
    }
    return outputs
  }

  /// The same from memory to memory, without allocating after the first call of a size: `count` examples, row-major.
  ///
  /// - Throws: `NetError` when a buffer has another size than `count` examples need, or the model is being trained.
  public func predict(_ inputs: UnsafeBufferPointer<Float>, into outputs: UnsafeMutableBufferPointer<Float>, count: Int) throws {
    let (needed, answered) = (Size.product(count, inputCount), Size.product(count, outputCount))
    guard count >= 0, inputs.count == needed, outputs.count == answered else {
      throw NetError(
        "predict: buffers of \(inputs.count) and \(outputs.count) values; \(count) examples need "
          + "\(needed.map(String.init) ?? "too many") and \(answered.map(String.init) ?? "too many")")
    }
    guard count > 0, let x = inputs.baseAddress, let y = outputs.baseAddress else { return }
    try checkTokens(inputs, "predict")
    try reading("predict") {
      try withExecution(.inference, batch: min(count, predictBatch)) { execution in
        var first = 0
        while first < count {
          let batch = min(predictBatch, count - first)
          execution.run(x + first * inputCount, batch: batch)
          (y + first * outputCount).update(from: execution.output, count: batch * outputCount)
          first += batch
        }
      }
    }
  }

  /// The mean loss and the metrics over `data`.
  ///
  /// - Parameter batchSize: examples at once, as many as `predict` takes by default: a matter of memory. Means may differ
  ///   in their last bits.
  /// - Throws: `NetError` when the model is not compiled, the data do not fit or are not finite.
  public func evaluate(_ data: Dataset, batchSize: Int? = nil) throws -> Metrics {
    try reading("evaluate") {
      let training = try compiled("evaluate")
      let batchSize = batchSize ?? predictBatch
      guard batchSize >= 1 else { throw NetError("evaluate: batch size \(batchSize); expected at least 1") }
      let checked = try CheckedData(data, for: self, training, "evaluate")
      return try checked.withExamples { try measure($0, count: checked.count, batch: batchSize, training) }
    }
  }

  /// Loss and metrics of examples that were checked.
  func measure(_ data: Examples, count: Int, batch: Int, _ training: TrainingState) throws -> Metrics {
    var metrics = RunningMetrics(training)
    try withExecution(.evaluation, batch: min(batch, count)) { execution in
      var first = 0
      while first < count {
        let size = min(batch, count - first)
        let examples = data.advanced(by: first, inputCount: inputCount, outputCount: outputCount)
        let loss = execution.run(examples, batch: size, examplesSeen: 0)
        metrics.update(loss, execution, examples)
        first += size
      }
    }
    metrics.refresh()
    return metrics.current
  }
}
