/// What an op computes from in a float64 pass: see `Op.reference`. Everything is row-major and contiguous, as in `OpContext`.
public struct ReferenceContext {
  /// The number of examples.
  public let batch: Int
  /// The values of each input: `[batch, ...]`.
  public let inputs: [[Double]]
  /// The values of each parameter.
  public let parameters: [[Double]]
  /// How many examples the model was trained on before: the position of per-example random numbers.
  public let examplesSeen: UInt64

  /// The first input.
  public var x: [Double] { inputs[0] }
}

/// What a loss computes from in a float64 pass: see `Loss.reference`.
public struct LossReferenceContext {
  /// The number of examples.
  public let batch: Int
  /// The network's outputs: `[batch, outputCount]`.
  public let outputs: [Double]
  /// Elements of one output.
  public let outputCount: Int
  /// The class of each example, when the targets are classes.
  public let labels: [Int32]?
  /// The target values `[batch, outputCount]`, when the targets are values.
  public let targets: [Double]?
  /// What a teacher answered, `[batch, outputCount]`, when the data have it.
  public let teacher: [Double]?
}

/// What a loss is computed from beside the outputs.
struct ReferenceTargets {
  let labels: [Int32]?
  let targets, teacher: [Float]?
  /// How much each example counts, or nil.
  let weights: [Float]?
}

/// A training pass over a graph in float64, op by op, and how its loss changes with a single number.
///
/// An op or a loss that has no reference runs as it is, in float32, on rounded inputs.
struct ReferencePass {
  /// A number of the pass that can be changed.
  enum Variable {
    case input
    case parameter(Int)
  }

  /// The ops and losses that ran in float32, by name.
  private(set) var inFloat32: Set<String> = []
  /// The losses of the pass: one an example, or an element.
  private(set) var losses: [Double] = []
  private let plan: Plan
  private let batch: Int
  private let examplesSeen: UInt64
  private let targets: ReferenceTargets
  private let regularizers: [Regularizer?]
  private var values: [[Double]]
  private let parameters: [[Double]]

  /// - Parameters:
  ///   - plan: unfused, for training, with a loss.
  ///   - parameters: all of the model, in order, with their penalties.
  init(
    _ plan: Plan, inputs: [Float], targets: ReferenceTargets, parameters: [[Double]], regularizers: [Regularizer?], batch: Int,
    examplesSeen: UInt64
  ) {
    self.plan = plan
    self.batch = batch
    self.examplesSeen = examplesSeen
    self.targets = targets
    self.parameters = parameters
    self.regularizers = regularizers
    values = plan.shapes.map { _ in [] }
    values[plan.input] = inputs.map(Double.init)
    for call in plan.calls {
      let (output, isExact) = output(of: call, values, parameters)
      values[call.output] = output
      if !isExact { inFloat32.insert(call.op.name) }
    }
    let (losses, isExact) = losses(of: values[plan.output])
    self.losses = losses
    if !isExact { inFloat32.insert(plan.loss!.name) }
  }

  /// The mean loss of the pass, and all penalties.
  var loss: Double { mean(losses) + penalty(values, parameters) }

  /// The mean loss and all penalties after adding `step` to one element of a variable. Only what depends on it is computed again.
  func loss(_ variable: Variable, _ element: Int, plus step: Double) -> Double {
    var (values, parameters) = (values, parameters)
    var changed: Set<Int> = []
    var changedParameter: Int?
    switch variable {
    case .input:
      values[plan.input][element] += step
      changed.insert(plan.input)
    case .parameter(let i):
      parameters[i][element] += step
      changedParameter = i
    }
    for call in plan.calls
    where call.inputs.contains(where: changed.contains) || call.parameters.contains(where: { $0 == changedParameter }) {
      values[call.output] = output(of: call, values, parameters).values
      changed.insert(call.output)
    }
    return mean(losses(of: values[plan.output]).values) + penalty(values, parameters)
  }

  private func penalty(_ values: [[Double]], _ parameters: [[Double]]) -> Double {
    var sum = 0.0
    for (x, regularizer) in zip(parameters, regularizers) { sum += regularizer?.penalty(x) ?? 0 }
    for call in plan.calls where call.op.addsPenalty { sum += call.op.penaltyReference(context(of: call, values, parameters)) }
    return sum
  }

  private func context(of call: Graph.Call, _ values: [[Double]], _ parameters: [[Double]]) -> ReferenceContext {
    ReferenceContext(
      batch: batch, inputs: call.inputs.map { values[$0] }, parameters: call.parameters.map { parameters[$0] },
      examplesSeen: examplesSeen)
  }

  private func mean(_ losses: [Double]) -> Double { losses.reduce(0, +) / Double(losses.count) }

  private func output(
    of call: Graph.Call, _ values: [[Double]], _ parameters: [[Double]]
  ) -> (values: [Double], isExact: Bool) {
    let context = context(of: call, values, parameters)
    if let output = call.op.reference(context) { return (output, true) }
    return (call.op.forwardInFloat32(context, count: batch * plan.count(call.output)), false)
  }

  /// The losses, each times the weight of its example.
  private func losses(of outputs: [Double]) -> (values: [Double], isExact: Bool) {
    let (losses, isExact) = unweightedLosses(of: outputs)
    guard let weights = targets.weights else { return (losses, isExact) }
    let perExample = losses.count / batch
    return (losses.enumerated().map { $1 * Double(weights[$0 / perExample]) }, isExact)
  }

  private func unweightedLosses(of outputs: [Double]) -> (values: [Double], isExact: Bool) {
    let loss = plan.loss!
    let rows = batch * loss.rows(plan.outputShape), outputCount = outputs.count / rows
    let context = LossReferenceContext(
      batch: rows, outputs: outputs, outputCount: outputCount, labels: targets.labels,
      targets: targets.targets?.map(Double.init),
      teacher: targets.teacher?.map(Double.init))
    if let losses = loss.reference(context) { return (losses, true) }
    let rounded = outputs.map { Float($0) }
    var losses = [Float](repeating: 0, count: batch * loss.lossesPerExample(plan.outputShape))
    var share = 1.0
    withOptionalPointer(targets.labels) { labels in
      withOptionalPointer(targets.targets) { values in
        withOptionalPointer(targets.teacher) { teacher in
          rounded.withUnsafeBufferPointer { outputs in
            losses.withUnsafeMutableBufferPointer { losses in
              let context = LossContext(
                batch: rows, outputs: outputs.baseAddress!, outputCount: outputCount, labels: labels, targets: values,
                teacher: teacher, losses: losses.baseAddress!, gradient: nil, scale: 1 / Float(losses.count))
              loss.evaluate(context)
              share = loss.weightSum(context).map { $0 == 0 ? 0 : Double(losses.count) / Double($0) } ?? 1
            }
          }
        }
      }
    }
    return (losses.map { Double($0) * share }, false)
  }
}

/// Calls `body` with the address of the elements, nil where there is no array.
private func withOptionalPointer<T, R>(_ array: [T]?, _ body: (UnsafePointer<T>?) -> R) -> R {
  guard let array else { return body(nil) }
  return array.withUnsafeBufferPointer { body($0.baseAddress) }
}

extension Op {
  /// One forward pass of the kernels, on memory of its own.
  fileprivate func forwardInFloat32(_ c: ReferenceContext, count: Int) -> [Double] {
    func memory(_ count: Int) -> UnsafeMutablePointer<Float> { .allocateZeros(count) }
    let inputs = c.inputs.map { memory($0.count) }, parameters = c.parameters.map { memory($0.count) }
    for (pointer, values) in zip(inputs + parameters, c.inputs + c.parameters) {
      for (i, value) in values.enumerated() { pointer[i] = Float(value) }
    }
    let output = memory(count), saved = memory(savedCount(batch: c.batch)), workspace = memory(workspaceCount(batch: c.batch))
    let slots = OpContext.slotCount(inputs: inputs.count, parameters: parameters.count)
    let pointers = UnsafeMutablePointer<UnsafeMutablePointer<Float>?>.allocate(capacity: slots)
    pointers.initialize(repeating: nil, count: slots)
    defer {
      for pointer in inputs + parameters + [output, saved, workspace] { pointer.deallocate() }
      pointers.deallocate()
    }
    for (i, pointer) in (inputs + [output] + parameters + [saved, workspace]).enumerated() { pointers[i] = pointer }
    forward(
      OpContext(
        batch: c.batch, isTraining: true, examplesSeen: c.examplesSeen, preparedReference: nil, pointers: pointers,
        inputCount: inputs.count, parameterCount: parameters.count))
    return (0..<count).map { Double(output[$0]) }
  }
}
