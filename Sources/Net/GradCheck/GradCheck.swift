import Kernels

/// Compares a layer's backward pass with central differences of its forward pass, by its input and every parameter.
///
/// ```swift
/// let report = try gradCheck(Dense(4, activation: .tanh), inputShape: [3])
/// precondition(report.passed, "\(report)")
/// ```
/// The loss is a sum of the outputs with random weights, so that a mistake anywhere shows. Inputs and parameters are random too:
/// each parameter is what its initialiser says plus something in ±0.25, as zeros and ones would hide mistakes.
///
/// The forward pass is computed in float64 by each op's `reference` and differentiated with a step of 1e-6. Of an op of yours that
/// has none the float32 forward is taken, with a step of 1/32 and Richardson's extrapolation: the error is then that of float32
/// over the step, and the report says so. A function with a kink (ReLU, maxima) has no derivative there; random inputs miss it.
///
/// - Parameters:
///   - inputShape: of one example.
///   - batch: examples; at least 2, so that what examples share is seen.
///   - inputs: `[examples, ...]` in place of the random ones.
///   - seed: what inputs, parameters and weights follow from.
///   - elements: how many elements of each parameter are checked, chosen at random where there are more.
///   - tolerance: the relative error that is still good: 1e-4, or 0.02 where differences are in float32.
/// - Throws: `NetError` when the layer does not take such an input.
public func gradCheck(
  _ layer: some Layer, inputShape: [Int], batch: Int = 3, inputs: Tensor? = nil, seed: UInt64 = 0, elements: Int = 256,
  tolerance: Double? = nil
) throws -> GradCheckReport {
  let model = try Model(layer, input: inputShape, seed: seed)
  model.shakeParameters()
  return try model.gradCheck(batch: batch, inputs: inputs, seed: seed, elements: elements, tolerance: tolerance)
}

/// Compares a loss's gradient by the outputs with central differences of the loss. See `gradCheck(_:inputShape:)`.
///
/// - Parameters:
///   - outputs: of the network, `[examples, ...]`: what the loss takes, such as logits.
///   - targets: as many examples.
///   - teacher: what another network answered, for `Distillation`.
public func gradCheck(
  _ loss: some Loss, outputs: Tensor, targets: Dataset.Targets, teacher: Tensor? = nil, elements: Int = 256,
  tolerance: Double? = nil
) throws -> GradCheckReport {
  let model = try Model(ActivationLayer(.linear), input: Array(outputs.shape.dropFirst()))
  try model.compile(loss: loss, optimizer: SGD())
  return try model.gradCheck(
    Dataset(inputs: outputs, targets: targets, teacher: teacher), elements: elements, tolerance: tolerance)
}

extension Model {
  /// Compares the gradients of a compiled model's loss on `data` with central differences. See `gradCheck(_:inputShape:)`.
  public func gradCheck(
    _ data: Dataset, seed: UInt64 = 0, elements: Int = 256, tolerance: Double? = nil
  ) throws -> GradCheckReport {
    let training = try compiled("gradCheck")
    let checked = try CheckedData(data, for: self, training, "gradCheck")
    try checkTraining("gradCheck", batch: checked.count)
    return try changing("gradCheck") {
      try checked.withExamples { examples in
        try compare(examples, batch: checked.count, training.loss, seed, elements, tolerance)
      }
    }
  }

  /// Compares the gradients of a random sum of the outputs with central differences: needs no `compile`. See
  /// `gradCheck(_:inputShape:)`.
  public func gradCheck(
    batch: Int = 3, inputs: Tensor? = nil, seed: UInt64 = 0, elements: Int = 256, tolerance: Double? = nil
  ) throws -> GradCheckReport {
    let batch = inputs?.shape.first ?? batch
    guard batch >= 1 else { throw NetError("gradCheck: batch \(batch); expected at least 1") }
    try Size.check([batch] + inputShape, "gradCheck: inputs")
    try Size.check([batch] + outputShape, "gradCheck: outputs")
    try checkTraining("gradCheck", batch: batch)
    let inputs = inputs ?? randomInputs(batch, RandomStream(seed: seed, stream: CheckStream.inputs.rawValue))
    try checkInput(inputs, "gradCheck")
    try inputs.withUnsafeBufferPointer { try checkTokens($0, "gradCheck") }
    let weights = uniformTensor([batch] + outputShape, RandomStream(seed: seed, stream: CheckStream.weights.rawValue))
    return try changing("gradCheck") {
      try inputs.withUnsafeBufferPointer { inputs in
        try weights.withUnsafeBufferPointer { weights in
          let examples = Examples(inputs: inputs.baseAddress!, labels: nil, targets: weights.baseAddress!)
          return try compare(examples, batch: batch, Projection(), seed, elements, tolerance)
        }
      }
    }
  }

  /// Uniform in -1..<1, or tokens where the network takes these.
  private func randomInputs(_ batch: Int, _ random: RandomStream) -> Tensor {
    var inputs = uniformTensor([batch] + inputShape, random)
    guard let tokens = graph.tokens else { return inputs }
    inputs.withUnsafeMutableBufferPointer { values in
      for i in values.indices { values[i] = ((values[i] + 1) / 2 * Float(tokens.count)).rounded(.down) }
    }
    return inputs
  }

  /// The types of the graph's ops: what a check of this model checks.
  package var opTypes: Set<String> { Set(graph.calls.map { "\(type(of: $0.op))" }) }

  /// Adds something to every trainable parameter.
  fileprivate func shakeParameters() {
    for (i, spec) in store.specs.enumerated() where spec.isTrainable {
      let noise = uniformTensor(spec.shape, RandomStream(seed: seed, stream: CheckStream.parameters.rawValue + UInt64(i)))
      for (j, value) in noise.values.enumerated() { store.weights(i)[j] += 0.25 * value }
    }
  }

  /// Backward pass and differences, side by side.
  private func compare(
    _ examples: Examples, batch: Int, _ loss: any Loss, _ seed: UInt64, _ elements: Int, _ tolerance: Double?
  ) throws -> GradCheckReport {
    let plan = try Plan(checked: graph, for: .training, capacity: batch, loss: loss, fuses: false)
    let gradients = try gradients(examples, batch: batch, loss: loss, fuses: true)
    func array<T>(_ start: UnsafePointer<T>?, _ count: Int) -> [T]? {
      start.map { Array(UnsafeBufferPointer(start: $0, count: count)) }
    }
    let targets = ReferenceTargets(
      labels: array(examples.labels, batch * examples.labelsPerExample), targets: array(examples.targets, batch * outputCount),
      teacher: array(examples.teacher, batch * outputCount), weights: array(examples.weights, batch))
    let pass = ReferencePass(
      plan, inputs: array(examples.inputs, batch * inputCount)!, targets: targets,
      parameters: store.specs.indices.map { store.tensor($0).values.map(Double.init) },
      regularizers: store.specs.map { $0.isTrainable ? $0.regularizer : nil }, batch: batch, examplesSeen: examplesSeen)

    let differences = Differences(pass, seed: seed, elements: elements)
    var tensors = [differences.compare("inputs", gradients.inputs, .input)]
    var gradient = gradients.parameters.makeIterator()
    for (i, spec) in store.specs.enumerated() where spec.isTrainable {
      tensors.append(differences.compare(spec.name, gradient.next()!.gradient, .parameter(i)))
    }
    return GradCheckReport(
      tensors, loss: gradients.loss, pass, tolerance: tolerance ?? (differences.areExact ? 1e-4 : 0.02))
  }
}

/// Streams that meet no other of a seed.
private enum CheckStream: UInt64 {
  case inputs = 0xc0_0000_0000
  case weights = 0xc1_0000_0000
  case parameters = 0xc2_0000_0000
  case elements = 0xc3_0000_0000
}

/// Uniform in -1..<1.
private func uniformTensor(_ shape: [Int], _ random: RandomStream) -> Tensor {
  var tensor = Tensor(zeros: shape)
  tensor.withUnsafeMutableBufferPointer { values in
    if let start = values.baseAddress { random.uniform(low: -1, high: 1, into: start, count: values.count) }
  }
  return tensor
}

/// mean(t y), t the targets: what a layer is checked with.
private struct Projection: Loss {
  let name = "projection"

  func check(_ targets: Dataset.Targets, output shape: [Int]) throws {}

  func lossesPerExample(_ output: [Int]) -> Int { output.reduce(1, *) }

  func evaluate(_ c: LossContext) {
    let count = c.batch * c.outputCount
    multiply(c.outputs, c.targets!, into: c.losses, count: count)
    if let gradient = c.gradient { scale(c.scale, c.targets!, into: gradient, count: count) }
  }

  func reference(_ c: LossReferenceContext) -> [Double]? { zip(c.outputs, c.targets!).map { $0 * $1 } }
}

/// Derivatives of a pass by differences.
private struct Differences {
  /// The derivatives by one parameter or the inputs, in two ways, at the elements that were looked at.
  struct Pair {
    let name: String
    let shape: [Int]
    let elements: [Int]
    let analytic: [Double]
    let numeric: [Double]
  }

  private let pass: ReferencePass
  private let seed: UInt64
  private let limit: Int

  init(_ pass: ReferencePass, seed: UInt64, elements: Int) {
    self.pass = pass
    self.seed = seed
    limit = elements
  }

  var areExact: Bool { pass.inFloat32.isEmpty }

  func compare(_ name: String, _ gradient: Tensor, _ variable: ReferencePass.Variable) -> Pair {
    let elements = chosen(gradient.count)
    return Pair(
      name: name, shape: gradient.shape, elements: elements, analytic: elements.map { Double(gradient.values[$0]) },
      numeric: elements.map { derivative(variable, $0) })
  }

  /// All elements, or as many as wanted at random places.
  private func chosen(_ count: Int) -> [Int] {
    guard count > limit else { return Array(0..<count) }
    var order = (0..<Int32(count)).map { $0 }
    order.withUnsafeMutableBufferPointer {
      RandomStream(seed: seed, stream: CheckStream.elements.rawValue).permute(into: $0)
    }
    return order.prefix(max(limit, 1)).map(Int.init).sorted()
  }

  private func derivative(_ variable: ReferencePass.Variable, _ element: Int) -> Double {
    func central(_ step: Double) -> Double {
      (pass.loss(variable, element, plus: step) - pass.loss(variable, element, plus: -step)) / (2 * step)
    }
    if areExact { return central(1e-6) }
    // The error of a central difference is c step^2 + ...: two steps tell c.
    return (4 * central(0x1p-6) - central(0x1p-5)) / 3
  }
}

extension GradCheckReport {
  fileprivate init(_ pairs: [Differences.Pair], loss: Float, _ pass: ReferencePass, tolerance: Double) {
    func largest(_ pair: Differences.Pair) -> Double { (pair.numeric + pair.analytic).map(abs).max() ?? 0 }
    let overall = pairs.map(largest).max() ?? 0
    // Of a mean the terms may cancel.
    let size = max(abs(pass.loss), pass.losses.map(abs).reduce(0, +) / Double(pass.losses.count))
    var worst = Element("loss", [], Double(loss), pass.loss, atLeast: size)
    for pair in pairs {
      let floor = max(largest(pair) / 10, overall / 100)
      for (i, element) in pair.elements.enumerated() {
        let found = Element(pair.name, position(element, in: pair.shape), pair.analytic[i], pair.numeric[i], atLeast: floor)
        if found.relativeError > worst.relativeError { worst = found }
      }
    }
    self.init(
      worst: worst, tolerance: tolerance, count: pairs.reduce(0) { $0 + $1.elements.count }, inFloat32: pass.inFloat32.sorted())
  }
}

extension GradCheckReport.Element {
  fileprivate init(_ name: String, _ index: [Int], _ analytic: Double, _ numeric: Double, atLeast floor: Double) {
    let size = max(abs(analytic), abs(numeric), floor)
    let error = size == 0 ? 0 : abs(analytic - numeric) / size
    // What is not a number agrees with nothing.
    self.init(name: name, index: index, analytic: analytic, numeric: numeric, relativeError: error.isNaN ? .infinity : error)
  }
}

/// The index in each dimension of the element at `offset`.
private func position(_ offset: Int, in shape: [Int]) -> [Int] {
  var (index, rest) = ([Int](), offset)
  for dimension in shape.reversed() {
    index.append(rest % dimension)
    rest /= dimension
  }
  return index.reversed()
}
