import Kernels

extension Model {
  /// Runs this network over sequences one step at a time, as serving does: each call takes the features of one step and gives the
  /// output of the sequence so far, with the bits of `predict` on the whole sequence. Sequences may be of any length.
  ///
  /// The network consists of recurrent layers and of layers that treat every step by itself, such as `Dense`. A layer that goes
  /// backwards, or joins the steps (`Flatten` after a sequence), needs all of them at once.
  ///
  /// ```swift
  /// let stepper = try model.stepper()
  /// for features in sequence { print(try stepper.step(features)) }
  /// stepper.reset()
  /// ```
  /// - Parameter batch: how many sequences go on side by side.
  /// - Throws: `NetError` naming the layer that cannot run step by step.
  public func stepper(batch: Int = 1) throws -> Stepper { try Stepper(self, batch: batch) }
}

/// A network between two steps of its sequences: it remembers the states of its recurrent layers. For one thread at a time; a model
/// may have any number of them. Made by `Model.stepper`.
public final class Stepper {
  /// How many sequences go on side by side.
  public let batch: Int
  /// The values of one step of one sequence, and of its output.
  public let inputCount: Int
  public let outputCount: Int
  private let model: Model
  private let execution: Execution
  private let states: [RunningState]

  init(_ model: Model, batch: Int) throws {
    guard batch >= 1 else { throw NetError("stepper: batch \(batch); expected at least 1") }
    let (graph, states) = try oneStep(of: model, batch: batch)
    self.model = model
    self.batch = batch
    self.states = states
    let plan = try Plan(checked: graph, for: .inference, capacity: batch, fuses: false)
    execution = Execution(plan, parameters: model.store)
    inputCount = plan.count(plan.input)
    outputCount = plan.count(plan.output)
  }

  /// Begins new sequences: all states are as before the first step.
  public func reset() {
    for state in states { state.isFresh = true }
  }

  /// One step: `[batch, inputCount]` to `[batch, outputCount]`.
  ///
  /// - Throws: `NetError` when there are more or fewer values, or the model is being trained.
  public func step(_ x: [Float]) throws -> [Float] {
    var y = [Float](repeating: 0, count: batch * outputCount)
    try x.withUnsafeBufferPointer { x in try y.withUnsafeMutableBufferPointer { try step(x, into: $0) } }
    return y
  }

  /// The same from memory to memory, without allocating.
  public func step(_ x: UnsafeBufferPointer<Float>, into y: UnsafeMutableBufferPointer<Float>) throws {
    guard x.count == batch * inputCount, y.count == batch * outputCount, let from = x.baseAddress, let to = y.baseAddress else {
      throw NetError(
        "stepper: buffers of \(x.count) and \(y.count) values; a step of \(batch) sequences needs \(batch * inputCount) "
          + "and \(batch * outputCount)")
    }
    try model.reading("stepper") {
      execution.use(model.preparedWeights(for: execution.plan))
      execution.run(from, batch: batch)
      to.update(from: execution.output, count: y.count)
    }
  }
}

/// The state of a recurrent layer between two steps.
final class RunningState: @unchecked Sendable {
  let values: UnsafeMutablePointer<Float>
  /// Whether the next step is the first.
  var isFresh = true

  init(count: Int) { values = .allocateZeros(count) }

  deinit { values.deallocate() }
}

/// The graph of one step of a model, whose recurrent layers go on from the states returned with it.
private func oneStep(of model: Model, batch: Int) throws -> (graph: Graph, states: [RunningState]) {
  let plan = model.plan
  guard model.inputShape.count >= 2 else {
    throw NetError("stepper: the network takes inputs of shape \(model.inputShape); expected sequences [steps, features]")
  }
  let steps = model.inputShape[0]
  // The values that have a part for each step; the others belong to the sequence so far.
  var parted: Set<Int> = [plan.input]
  var graph = model.graph
  var states: [RunningState] = []
  graph.calls = try plan.calls.map { call in
    let count = call.inputs.filter(parted.contains).count
    if count == 0 { return call }
    guard count == call.inputs.count, var op = call.op.oneStep(of: steps) else {
      throw NetError("stepper: \(call.layer) (\(call.op.name)) needs all steps of a sequence at once")
    }
    if var recurrence = op as? Recurrence {
      try Size.check([batch, recurrence.shape.stateSize], "stepper: a state")
      let state = RunningState(count: batch * recurrence.shape.stateSize)
      recurrence.running = state
      states.append(state)
      op = recurrence
      if recurrence.shape.output == .sequences { parted.insert(call.output) }
    } else {
      parted.insert(call.output)
    }
    var part = call
    part.op = op
    return part
  }
  guard !states.isEmpty else { throw NetError("stepper: the network has no recurrent layer") }
  for value in parted { graph.shapes[value] = [plan.count(value) / steps] }
  graph.output = plan.output
  return (graph, states)
}
