import Kernels

/// A plan with memory: runs passes over a model's parameters. All pointers are resolved once, when it is made; a pass does
/// nothing but call kernels.
///
/// One pass at a time.
final class Execution: @unchecked Sendable {
  let plan: Plan
  private let steps: [Plan.Step]
  private let ops: [any Op]
  private let parameters: ParameterStore
  private let hasPenalties: Bool
  private let arena: UnsafeMutablePointer<Float>
  private let pointers: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>
  /// The context of each step that runs an op.
  private let contexts: UnsafeMutablePointer<OpContext>
  /// The entries of `pointers` that hold the network's input.
  private var inputSlots: [Int] = []
  private let inputGradientBuffer: UnsafeMutablePointer<Float>?
  private let outputIsInput: Bool
  private let outputBuffer: UnsafeMutablePointer<Float>?
  let outputCount: Int
  private let lossesPerExample: Int
  /// How many examples the loss sees in an output.
  let rowsPerExample: Int
  private var input: UnsafePointer<Float>?
  private var prepared: PreparedWeights?

  init(_ plan: Plan, parameters: ParameterStore) {
    self.plan = plan
    steps = plan.steps
    ops = plan.calls.map(\.op)
    self.parameters = parameters
    hasPenalties = ops.contains { $0.addsPenalty }
    let layout = plan.layout
    arena = .allocateZeros(layout.count)
    let arena = arena
    func at(_ position: Int?) -> UnsafeMutablePointer<Float>? { position.map { arena + $0 } }

    let slotCounts = plan.calls.map { OpContext.slotCount(inputs: $0.inputs.count, parameters: $0.parameters.count) }
    pointers = .allocate(capacity: max(1, 2 * slotCounts.reduce(0, +)))
    pointers.initialize(repeating: nil, count: max(1, 2 * slotCounts.reduce(0, +)))
    contexts = .allocate(capacity: max(1, steps.count))
    var next = 0
    for (s, step) in steps.enumerated() {
      let i: Int
      let isBackward: Bool
      switch step {
      case .forward(let call): (i, isBackward) = (call, false)
      case .backward(let call): (i, isBackward) = (call, true)
      case .loss, .accumulate: continue
      }
      let call = plan.calls[i]
      let c = OpContext(
        batch: 0, isTraining: plan.purpose == .training, examplesSeen: 0, preparedReference: nil, pointers: pointers + next,
        inputCount: call.inputs.count, parameterCount: call.parameters.count)
      for (j, value) in call.inputs.enumerated() {
        if !isBackward || call.op.backwardReads.contains(.inputs) {
          if value == plan.input { inputSlots.append(next + j) }
          c.pointers[j] = at(layout.values[value])
        }
        guard isBackward else { continue }
        switch layout.targets[i][j] {
        case .none: break
        case .value: c.pointers[c.inputGradientSlot + j] = at(layout.gradients[value])
        case .part(let part): c.pointers[c.inputGradientSlot + j] = at(layout.parts[part])
        }
      }
      for (j, parameter) in call.parameters.enumerated() {
        c.pointers[c.parameterSlot + j] = parameters.weights(parameter)
        if isBackward { c.pointers[c.parameterGradientSlot + j] = parameters.gradient(parameter) }
      }
      c.pointers[c.outputSlot] = at(layout.values[call.output])
      c.pointers[c.savedSlot] = at(layout.saved[i])
      c.pointers[c.workspaceSlot] = at(isBackward ? layout.backwardWorkspaces[i] : layout.forwardWorkspaces[i])
      if isBackward { c.pointers[c.outputGradientSlot] = at(layout.gradients[call.output]) }
      (contexts + s).initialize(to: c)
      next += OpContext.slotCount(inputs: c.inputCount, parameters: c.parameterCount)
    }
    outputIsInput = plan.output == plan.input
    outputBuffer = at(layout.values[plan.output])
    outputCount = plan.count(plan.output)
    inputGradientBuffer = at(layout.gradients[plan.input])
    lossesPerExample = plan.loss?.lossesPerExample(plan.outputShape) ?? 0
    rowsPerExample = plan.loss?.rows(plan.outputShape) ?? 1
  }

  deinit {
    arena.deallocate()
    pointers.deallocate()
    contexts.deallocate()
  }

  /// The outputs of the last pass: `[batch, outputCount]`.
  var output: UnsafePointer<Float> { outputIsInput ? input! : UnsafePointer(outputBuffer!) }

  /// The gradient of the loss by the network's input, in plans that want it.
  var inputGradient: UnsafePointer<Float>? { inputGradientBuffer.map { UnsafePointer($0) } }

  /// Gives each op what it made of the weights.
  func use(_ prepared: PreparedWeights) {
    guard prepared !== self.prepared else { return }
    self.prepared = prepared
    for (s, step) in steps.enumerated() {
      if case .forward(let i) = step { contexts[s].preparedReference = prepared.reference(plan.calls[i]) }
    }
  }

  /// One pass without loss.
  func run(_ input: UnsafePointer<Float>, batch: Int) {
    begin(input, batch: batch, examplesSeen: 0)
    for s in steps.indices {
      if case .forward(let i) = steps[s] { ops[i].forward(contexts[s]) }
    }
  }

  /// One pass with loss, and with gradients when the plan is for training.
  ///
  /// - Returns: the mean loss, and all penalties.
  func run(_ examples: Examples, batch: Int, examplesSeen: UInt64) -> BatchLoss {
    begin(examples.inputs, batch: batch, examplesSeen: examplesSeen)
    var loss = BatchLoss(examples: batch, penalty: parameters.penalty)
    for s in steps.indices {
      switch steps[s] {
      case .forward(let i):
        ops[i].forward(contexts[s])
        if hasPenalties { loss.penalty += ops[i].penalty(contexts[s]) }
      case .loss: evaluateLoss(examples, batch: batch, &loss)
      case .backward(let i): ops[i].backward(contexts[s])
      case .accumulate(let value, let part):
        let sum = arena + plan.layout.gradients[value]!
        add(sum, arena + plan.layout.parts[part], into: sum, count: batch * plan.count(value))
      }
    }
    if plan.purpose == .training { parameters.addPenaltyGradients() }
    return loss
  }

  /// Ends the training step of the last pass: what it found out about the data becomes the model's.
  func finishStep() {
    for s in steps.indices {
      if case .forward(let i) = steps[s], ops[i].finishesStep { ops[i].finishStep(contexts[s]) }
    }
  }

  private func begin(_ input: UnsafePointer<Float>, batch: Int, examplesSeen: UInt64) {
    precondition(batch <= plan.capacity, "Execution: batch \(batch) in a plan for \(plan.capacity)")
    if input != self.input {
      self.input = input
      for slot in inputSlots { pointers[slot] = UnsafeMutablePointer(mutating: input) }
    }
    for s in steps.indices {
      switch steps[s] {
      case .forward, .backward:
        contexts[s].batch = batch
        contexts[s].examplesSeen = examplesSeen
      case .loss, .accumulate: break
      }
    }
  }

  private func evaluateLoss(_ examples: Examples, batch: Int, _ loss: inout BatchLoss) {
    let count = batch * lossesPerExample
    let losses = arena + plan.layout.losses!
    let gradient = plan.purpose == .training ? plan.layout.gradients[plan.output].map { arena + $0 } : nil
    let context = LossContext(
      batch: batch * rowsPerExample, outputs: output, outputCount: outputCount / rowsPerExample, labels: examples.labels,
      targets: examples.targets, teacher: examples.teacher, losses: losses, gradient: gradient, scale: 1 / Float(count))
    plan.loss!.evaluate(context)
    if let weights = examples.weights {
      weigh(losses, lossesPerExample, batch, weights)
      if let gradient { weigh(gradient, outputCount, batch, weights) }
    }
    loss.setMean(sum: sum(losses, count: count), count: count, weights: plan.loss!.weightSum(context))
  }

  /// Multiplies each example's row by its weight.
  private func weigh(_ rows: UnsafeMutablePointer<Float>, _ columns: Int, _ batch: Int, _ weights: UnsafePointer<Float>) {
    multiplyColumn(rows: batch, columns: columns, rows, ldx: columns, column: weights, into: rows, ldy: columns)
  }
}

/// The loss of one batch.
struct BatchLoss {
  let examples: Int
  private(set) var mean: Float = 0
  /// What the batch adds to the two sums whose quotient is the mean over several.
  private(set) var numerator = 0.0
  private(set) var denominator = 0.0
  /// All penalties: of weights, and of outputs the mean over the examples.
  var penalty: Float

  init(examples: Int, penalty: Float) {
    self.examples = examples
    self.penalty = penalty
  }

  /// What training makes small.
  var value: Float { mean + penalty }

  /// - Parameter weights: the sum of the losses' own weights, nil where each of them counts once.
  mutating func setMean(sum: Float, count: Int, weights: Float?) {
    guard let weights else {
      mean = sum / Float(count)
      (numerator, denominator) = (Double(mean) * Double(examples), Double(examples))
      return
    }
    mean = weightedMean(sum, weights)
    (numerator, denominator) = (Double(sum), Double(weights))
  }
}

/// The sum divided by the weights, 0 where there are none; a NaN stays one.
func weightedMean<F: BinaryFloatingPoint>(_ sum: F, _ weights: F) -> F {
  weights == 0 ? (sum.isNaN ? sum : 0) : sum / weights
}

/// What the ops of a plan made of the weights as they are now.
final class PreparedWeights: Sendable {
  /// By the call's place: the same in every plan of a graph.
  nonisolated(unsafe) private let objects: [Int: AnyObject]

  init(_ plan: Plan, parameters: ParameterStore) {
    var objects: [Int: AnyObject] = [:]
    for call in plan.calls where !call.parameters.isEmpty {
      objects[call.place] = call.op.prepare(parameters: call.parameters.map { UnsafePointer(parameters.weights($0)) })
    }
    self.objects = objects
  }

  func reference(_ call: Graph.Call) -> Unmanaged<AnyObject>? {
    objects[call.place].map { Unmanaged.passUnretained($0) }
  }
}

extension OpContext {
  static func slotCount(inputs: Int, parameters: Int) -> Int { 2 * (inputs + 1 + parameters) + 2 }
}
