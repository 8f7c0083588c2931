import Kernels

/// The examples of one batch, or all of a data set: pointers to the first.
struct Examples {
  var inputs: UnsafePointer<Float>
  /// The classes, or nil.
  var labels: UnsafePointer<Int32>?
  /// One, or one for each row of an output.
  var labelsPerExample = 1
  /// One row of values an example, or nil.
  var targets: UnsafePointer<Float>?
  /// How much each example counts, or nil.
  var weights: UnsafePointer<Float>?
  /// One row of a teacher's answers an example, or nil.
  var teacher: UnsafePointer<Float>?

  /// The examples from `first` on.
  func advanced(by first: Int, inputCount: Int, outputCount: Int) -> Examples {
    Examples(
      inputs: inputs + first * inputCount, labels: labels.map { $0 + first * labelsPerExample },
      labelsPerExample: labelsPerExample, targets: targets.map { $0 + first * outputCount },
      weights: weights.map { $0 + first }, teacher: teacher.map { $0 + first * outputCount })
  }
}

/// A data set that was found fit for a model and its loss.
struct CheckedData {
  let count: Int
  private let inputs: Tensor
  private let labels: [Int32]?
  private let labelsPerExample: Int
  private let targets: Tensor?
  private var weights: [Float]?
  private let teacher: Tensor?

  /// - Parameter name: what is being done, for messages.
  /// - Throws: when the data are empty, of another shape than the model, unfit for the loss, or not finite.
  init(_ data: Dataset, for model: Model, _ training: TrainingState, _ name: String) throws {
    guard data.count > 0 else { throw NetError("\(name): the data set is empty") }
    try model.checkInput(data.inputs, name)
    let (seen, shape) = try CheckedData.rows(of: data, training.loss, output: model.outputShape, name)
    try training.loss.check(seen, output: shape)
    for metric in training.metrics { try metric.check(seen, output: shape) }
    try checkFinite(data.inputs, "\(name): the input")
    if training.loss.needsTeacher {
      let expected = [data.count] + model.outputShape
      guard let teacher = data.teacher else {
        throw NetError("\(name): \(training.loss.name) needs a teacher's answers; the data have none (Dataset.taught(by:))")
      }
      guard teacher.shape == expected else {
        throw NetError("\(name): a teacher's answers of shape \(teacher.shape); expected \(expected)")
      }
      try checkFinite(teacher, "\(name): the teacher's answer")
    }
    try data.inputs.withUnsafeBufferPointer { try model.checkTokens($0, name) }
    count = data.count
    labelsPerExample = training.loss.rows(model.outputShape)
    inputs = data.inputs
    weights = data.sampleWeights
    teacher = training.loss.needsTeacher ? data.teacher : nil
    switch data.targets {
    case .values(let values):
      try checkFinite(values, "\(name): the target")
      labels = nil
      targets = values
    case .classes(let classes, _):
      let values = training.loss.classValues
      labels = values == nil ? classes : nil
      targets = try values.map { values in try Tensor(shape: [classes.count, 1], classes.map { values[Int($0)] }) }
    }
    classes = if case .classes(let classes, let count) = data.targets { (classes, count) } else { nil }
  }

  /// The targets, and the shape of an output, as the loss and the metrics see them.
  private static func rows(
    of data: Dataset, _ loss: any Loss, output: [Int], _ name: String
  ) throws -> (targets: Dataset.Targets, output: [Int]) {
    let rows = loss.rows(output)
    let row = loss.takesRows ? Array(output.suffix(1)) : output
    switch data.targets {
    case .classes(let labels, _):
      guard labels.count == data.count * rows else {
        let expected = rows == 1 ? "one an example" : "\(rows) an example, one for each row of the output \(output)"
        throw NetError("\(name): \(labels.count) labels for \(data.count) examples; expected \(expected)")
      }
      return (data.targets, row)
    case .values(let values):
      guard row != output, values.shape == [data.count] + output else { return (data.targets, output) }
      return (.values(try Tensor(shape: [data.count * rows] + row, values.values)), row)
    }
  }

  /// Class labels as the user gave them.
  private let classes: (labels: [Int32], count: Int)?

  /// Makes the first `count` examples count as much as their class does, times their own weight.
  mutating func weigh(byClass classWeight: [Float], first count: Int) throws {
    guard let classes else { throw NetError("fit: classWeight needs class labels, got target values") }
    guard classWeight.count == classes.count else {
      throw NetError("fit: \(classWeight.count) class weights; expected \(classes.count), one for each class")
    }
    try checkWeights(classWeight, "fit: class weight")
    guard labelsPerExample == 1 else {
      throw NetError("fit: classWeight needs one label an example, got \(labelsPerExample); give the loss classWeights instead")
    }
    var weights = weights ?? [Float](repeating: 1, count: self.count)
    for i in 0..<count { weights[i] *= classWeight[Int(classes.labels[i])] }
    self.weights = weights
  }

  func withExamples<R>(_ body: (Examples) throws -> R) rethrows -> R {
    try inputs.withUnsafeBufferPointer { inputs in
      try (labels ?? []).withUnsafeBufferPointer { labels in
        try (targets?.values ?? []).withUnsafeBufferPointer { targets in
          try (weights ?? []).withUnsafeBufferPointer { weights in
            try (teacher?.values ?? []).withUnsafeBufferPointer { teacher in
              try body(
                Examples(
                  inputs: inputs.baseAddress!, labels: self.labels == nil ? nil : labels.baseAddress,
                  labelsPerExample: labelsPerExample,
                  targets: self.targets == nil ? nil : targets.baseAddress,
                  weights: self.weights == nil ? nil : weights.baseAddress,
                  teacher: self.teacher == nil ? nil : teacher.baseAddress))
            }
          }
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
