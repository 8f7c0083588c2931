import Kernels

/// The examples of one batch, or all of a data set: pointers to the first.
struct Examples {
  var inputs: UnsafePointer<Float>
  /// One class an example, or nil.
  var labels: UnsafePointer<Int32>?
  /// One row of values an example, or nil.
  var targets: UnsafePointer<Float>?

  /// The examples from `first` on.
  func advanced(by first: Int, inputCount: Int, outputCount: Int) -> Examples {
    Examples(
      inputs: inputs + first * inputCount, labels: labels.map { $0 + first }, targets: targets.map { $0 + first * outputCount })
  }
}

/// A data set that was found fit for a model and its loss.
struct CheckedData {
  let count: Int
  private let inputs: Tensor
  private let labels: [Int32]?
  private let targets: Tensor?

  /// - Parameter name: what is being done, for messages.
  /// - Throws: when the data are empty, of another shape than the model, unfit for the loss, or not finite.
  init(_ data: Dataset, for model: Model, _ training: TrainingState, _ name: String) throws {
    guard data.count > 0 else { throw NetError("\(name): the data set is empty") }
    try model.checkInput(data.inputs, name)
    try training.loss.check(data.targets, output: model.outputShape)
    for metric in training.metrics { try metric.check(data.targets, output: model.outputShape) }
    try checkFinite(data.inputs, "\(name): the input")
    count = data.count
    inputs = data.inputs
    switch data.targets {
    case .values(let values):
      try checkFinite(values, "\(name): the target")
      labels = nil
      targets = values
    case .classes(let classes, _) where training.loss is BinaryCrossEntropy:
      labels = nil
      targets = try Tensor(shape: [classes.count, 1], classes.map { Float($0) })
    case .classes(let classes, _):
      labels = classes
      targets = nil
    }
  }

  func withExamples<R>(_ body: (Examples) throws -> R) rethrows -> R {
    try inputs.withUnsafeBufferPointer { inputs in
      try (labels ?? []).withUnsafeBufferPointer { labels in
        try (targets?.values ?? []).withUnsafeBufferPointer { targets in
          try body(
            Examples(
              inputs: inputs.baseAddress!, labels: self.labels == nil ? nil : labels.baseAddress,
              targets: self.targets == nil ? nil : targets.baseAddress))
        }
      }
    }
  }
}

extension Model {
  /// Throws unless `inputs` is a batch of the shape the network takes.
  func checkInput(_ inputs: Tensor, _ name: String) throws {
    guard inputs.shape.count >= 1, Array(inputs.shape.dropFirst()) == inputShape else {
      let layer = graph.calls.first { $0.inputs.contains(graph.inputs[0]) }?.layer ?? "the output"
      throw NetError(
        "\(name): inputs of shape \(inputs.shape); \(layer) expects \(inputShape) an example, with the count of examples in front"
      )
    }
  }
}

/// Throws unless every value is a number.
private func checkFinite(_ tensor: Tensor, _ what: String) throws {
  try tensor.withUnsafeBufferPointer { values in
    guard let start = values.baseAddress, !isFinite(start, count: values.count) else { return }
    let at = values.firstIndex { !$0.isFinite }!
    let perExample = max(1, values.count / tensor.shape[0])
    throw NetError(
      "\(what) of example \(at / perExample) holds \(values[at]) at element \(at % perExample); expected finite numbers")
  }
}
