/// What one pass over a graph does: operations fused, buffers laid out in one arena, a flat list of kernel calls.
///
/// A plan holds no memory; an `Execution` runs it. `print(plan)` shows the calls in order, where each writes (`@` is
/// the position in the arena in floats) and what it reads.
public struct Plan: Sendable {
  /// What a plan is for.
  public enum Purpose: Sendable {
    /// Outputs as the user wants them.
    case inference
    /// Loss without gradients.
    case evaluation
    /// Loss and gradients.
    case training
  }

  /// One entry of the list of kernel calls.
  enum Step: Sendable, Equatable {
    /// `calls[i].op.forward`.
    case forward(Int)
    /// The loss, and its gradient in training.
    case loss
    /// `calls[i].op.backward`.
    case backward(Int)
    /// The gradient of a value that is read more than once: `gradient(value) += part`.
    case accumulate(value: Int, part: Int)
  }

  let purpose: Purpose
  /// The largest batch a pass may have.
  let capacity: Int
  let calls: [Graph.Call]
  let steps: [Step]
  /// The shape of each value, for one example.
  let shapes: [[Int]]
  /// The network's input, and the value it answers with or computes the loss from.
  let input: Int
  let output: Int
  /// Whether the loss takes the place of the network's last function (softmax or sigmoid).
  let lossComputesOutput: Bool
  let layout: Layout
  let loss: (any Loss)?
  let parameterNames: [String]

  /// - Parameters:
  ///   - loss: needed for evaluation and training.
  ///   - fuses: false leaves every op on its own. The bits are the same in training; elsewhere batch normalisation that
  ///     is not folded into weights rounds differently.
  ///   - wantsInputGradient: also computes the gradient by the network's input, for gradient checks.
  init(
    _ graph: Graph, for purpose: Purpose, capacity: Int, loss: (any Loss)? = nil, fuses: Bool = true,
    wantsInputGradient: Bool = false
  ) {
    var calls = graph.calls
    var output = graph.output
    let absorbsLast = purpose != .inference && Plan.dropOutputFunction(&calls, &output, loss)
    Plan.removeViews(&calls, &output, purpose)
    var shapes = graph.shapes
    if fuses {
      if purpose == .training { Plan.poolBeforeReLU(&calls, &shapes, output: output) }
      Plan.fuse(&calls, output: output, purpose)
    }

    self.purpose = purpose
    self.capacity = capacity
    self.calls = calls
    self.shapes = shapes
    self.input = graph.inputs[0]
    self.output = output
    self.lossComputesOutput = absorbsLast
    self.loss = loss
    self.parameterNames = graph.parameters.map(\.name)

    var backward = BackwardPass()
    if purpose == .training {
      backward = BackwardPass(calls, output: output, inputs: wantsInputGradient ? graph.inputs : [], graph.parameters)
    }
    var steps = calls.indices.map(Step.forward)
    if purpose != .inference { steps.append(.loss) }
    self.steps = steps + backward.steps
    self.layout = Layout(
      calls: calls, steps: self.steps, backward: backward, shapes: shapes, external: Set(graph.inputs), output: output,
      purpose: purpose, capacity: capacity, loss: loss)
  }

  /// The same, unless a pass over so many examples takes more memory than there is.
  init(
    checked graph: Graph, for purpose: Purpose, capacity: Int, loss: (any Loss)? = nil, fuses: Bool = true,
    wantsInputGradient: Bool = false
  ) throws(NetError) {
    let values = graph.shapes.map { 3 * $0.reduce(1, *) }  // with their gradients, and what a loss says of them
    let others = graph.calls.map { $0.op.savedCount(batch: 1) }, workspaces = graph.calls.map { $0.op.workspaceCount(batch: 1) }
    let all = Size.product(Size.sum(values + others + workspaces), capacity)
    // What is laid out is less, since buffers are used again: here it only must not be too much to count.
    guard let all, all <= 1 << 60 else {
      throw NetError("plan: a batch of \(capacity) examples takes more memory than can be counted")
    }
    self.init(graph, for: purpose, capacity: capacity, loss: loss, fuses: fuses, wantsInputGradient: wantsInputGradient)
    try Size.checkMemory(layout.count, "plan: a batch of \(capacity) examples")
  }

  /// Elements of one example of a value.
  func count(_ value: Int) -> Int { shapes[value].reduce(1, *) }

  var outputShape: [Int] { shapes[output] }

  // MARK: Rewriting

  /// Removes the last op when the loss computes it itself from the logits.
  private static func dropOutputFunction(_ calls: inout [Graph.Call], _ output: inout Int, _ loss: (any Loss)?) -> Bool {
    guard let last = calls.last, last.output == output, let function = last.op.outputFunction,
      function == loss?.outputFunction
    else { return false }
    calls.removeLast()
    output = last.inputs[0]
    return true
  }

  /// Removes ops that only rename their input.
  private static func removeViews(_ calls: inout [Graph.Call], _ output: inout Int, _ purpose: Purpose) {
    var source: [Int: Int] = [:]
    var kept: [Graph.Call] = []
    for var call in calls {
      call.inputs = call.inputs.map { source[$0] ?? $0 }
      if call.op.isView(in: purpose) {
        source[call.output] = call.inputs[0]
      } else {
        kept.append(call)
      }
    }
    calls = kept
    output = source[output] ?? output
  }

  /// Lets a maximum pooling that is the only reader of a ReLU go first: the same values and gradients (but for the sign of zeros), and
  /// the ReLU's gradient, a pass of its own after a convolution, runs over a fraction of the elements.
  private static func poolBeforeReLU(_ calls: inout [Graph.Call], _ shapes: inout [[Int]], output: Int) {
    for i in calls.indices {
      let relu = calls[i]
      guard let activation = (relu.op as? Activate)?.activation, activation == .relu, relu.output != output,
        let maker = calls.first(where: { $0.output == relu.inputs[0] })?.op, maker is Convolution || maker is AddBias
      else { continue }
      let readers = calls.indices.filter { calls[$0].inputs.contains(relu.output) }
      guard readers.count == 1, let pooling = calls[readers[0]].op as? MaxPooling, pooling.isReduction else { continue }
      let pool = calls[readers[0]]
      shapes[relu.output] = shapes[pool.output]
      let after = Activate(activation: activation, count: shapes[pool.output].reduce(1, *))
      calls[i] = Graph.Call(
        op: pooling, inputs: relu.inputs, output: relu.output, parameters: [], layer: pool.layer, place: pool.place)
      calls[readers[0]] = Graph.Call(
        op: after, inputs: [relu.output], output: pool.output, parameters: [], layer: relu.layer, place: relu.place)
    }
  }

  /// Merges each op with the only reader of its output, as long as the two have a fused form.
  private static func fuse(_ calls: inout [Graph.Call], output: Int, _ purpose: Purpose) {
    var i = 0
    while i < calls.count {
      let value = calls[i].output
      let readers = calls.indices.filter { calls[$0].inputs.contains(value) }
      guard value != output, readers.count == 1, let reader = readers.first,
        calls[reader].inputs.filter({ $0 == value }).count == 1,
        let op = calls[i].op.fused(with: calls[reader].op, for: purpose)
      else {
        i += 1
        continue
      }
      let (first, second) = (calls[i], calls[reader])
      // At the reader's place everything both read is there. What moves down to i is looked at again.
      calls[reader] = Graph.Call(
        op: op, inputs: first.inputs + second.inputs.filter { $0 != value }, output: second.output,
        parameters: first.parameters + second.parameters, layer: first.layer, place: first.place)
      calls.remove(at: i)
    }
  }
}

/// Which gradients exist, and the steps that compute them: the calls in reverse, each followed by the sums for values that
/// several calls read.
struct BackwardPass {
  private(set) var steps: [Plan.Step] = []
  /// Values whose gradient is wanted.
  private(set) var values: Set<Int> = []
  /// For each call, where the gradient by each input goes: directly to the value's gradient (the first to be written), to
  /// a numbered part that is added to it, or nowhere.
  private(set) var targets: [[Target]] = []
  private(set) var parts = 0

  enum Target: Equatable {
    case none, value
    case part(Int)
  }

  init() {}

  init(_ calls: [Graph.Call], output: Int, inputs: [Int], _ parameters: [ParameterSpec]) {
    values = Set(inputs)
    for call in calls {
      let learns = call.parameters.contains { parameters[$0].isTrainable }
      if learns || call.inputs.contains(where: values.contains) { values.insert(call.output) }
    }
    targets = calls.map { $0.inputs.map { _ in Target.none } }
    var written: Set<Int> = [output]
    for i in calls.indices.reversed() where values.contains(calls[i].output) && written.contains(calls[i].output) {
      steps.append(.backward(i))
      for (j, value) in calls[i].inputs.enumerated() where values.contains(value) {
        if written.insert(value).inserted {
          targets[i][j] = .value
        } else {
          targets[i][j] = .part(parts)
          steps.append(.accumulate(value: value, part: parts))
          parts += 1
        }
      }
    }
  }
}
