import Kernels

/// What recurrent layers have in common: `[steps, features]` to `[units]`, h after the last step; with
/// `returnSequences` to `[steps, units]`, h after every step; with `returnState` to `[stateSize]`, the state after the last step.
///
/// The state is h, `[units]`; of LSTM h and c side by side, `[2 units]`. It starts as zeros or with a node of that shape:
///
/// ```swift
/// let state = try LSTM(64, returnState: true)(question)
/// let answer = try LSTM(64, returnSequences: true)(words, initialState: state)
/// ```
///
/// A step with mask 0 is padding: state and output stay what they were. A mask is a node `[steps]` or follows from
/// `maskValue`: steps whose features all equal it are padding, as with Keras's `Masking`.
///
/// Parameters: `kernel` `[features, gates units]`, `recurrentKernel` `[units, gates units]`, `bias` `[gates units]`, of GRU
/// `[2, gates units]`.
public protocol RecurrentLayer: Layer {
  var units: Int { get }
  /// What happens at each step.
  var cell: RecurrentCell { get }
  var options: RecurrentOptions { get set }
  /// The first bias.
  var biasInitializer: any Initializer { get }
  /// Throws when a setting that is this layer's alone makes no sense.
  func check() throws
}

/// The settings of every recurrent layer.
public struct RecurrentOptions: Sendable {
  /// Whether the output is h after every step.
  public var returnSequences: Bool
  /// Whether the output is the state after the last step: of LSTM with c.
  public var returnState: Bool
  /// From the last step to the first. Sequences stay in the order of the input (Keras turns them around).
  public var goBackwards: Bool
  /// What padded steps are filled with; nil: there are none.
  public var maskValue: Float?
  public var useBias: Bool
  public var kernelInitializer: any Initializer
  public var recurrentInitializer: any Initializer
  /// Penalties and constraints of `kernel`, `bias` and the output.
  public var rules: LayerRules
  public var recurrentRegularizer: Regularizer?
  public var recurrentConstraint: Constraint?

  public init(
    returnSequences: Bool = false, returnState: Bool = false, goBackwards: Bool = false, maskValue: Float? = nil,
    useBias: Bool = true, kernelInitializer: any Initializer = .glorotUniform,
    recurrentInitializer: any Initializer = .orthogonal(), rules: LayerRules = LayerRules(),
    recurrentRegularizer: Regularizer? = nil, recurrentConstraint: Constraint? = nil
  ) {
    self.returnSequences = returnSequences
    self.returnState = returnState
    self.goBackwards = goBackwards
    self.maskValue = maskValue
    self.useBias = useBias
    self.kernelInitializer = kernelInitializer
    self.recurrentInitializer = recurrentInitializer
    self.rules = rules
    self.recurrentRegularizer = recurrentRegularizer
    self.recurrentConstraint = recurrentConstraint
  }
}

extension RecurrentLayer {
  public func check() throws {}

  /// Applies the layer with an initial state, `[units]` (of LSTM `[2 units]`), a mask, `[steps]`, or both.
  public func callAsFunction(_ x: Node, initialState: Node? = nil, mask: Node? = nil) throws -> Node {
    let call = RecurrentCall(layer: self, hasState: initialState != nil, hasMask: mask != nil)
    return try x.builder.add(call, to: [x] + [initialState, mask].compactMap { $0 })
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    guard inputs.count == 1 else {
      throw NetError("got \(inputs.count) inputs; expected a sequence, with initialState: and mask: by name")
    }
    return try build(inputs[0], initialState: nil, mask: nil, in: graph)
  }

  fileprivate func build(_ x: Node, initialState: Node?, mask: Node?, in graph: GraphBuilder) throws -> Node {
    try check()
    try checkUnits(units)
    guard x.shape.count == 2 else { throw NetError("input of shape \(x.shape); expected a sequence [steps, features]") }
    guard !options.returnSequences || !options.returnState else {
      throw NetError("returnSequences and returnState; expected one of them: a layer has one output")
    }
    let shape = RecurrentShape(
      cell, batch: 1, steps: x.shape[0], features: x.shape[1], units: units,
      output: options.returnSequences ? .sequences : options.returnState ? .state : .last, isReversed: options.goBackwards)
    if let initialState, initialState.shape != [shape.stateSize] {
      throw NetError("initial state of shape \(initialState.shape); expected [\(shape.stateSize)]")
    }
    if let mask, mask.shape != [shape.steps] {
      throw NetError("mask of shape \(mask.shape); expected [\(shape.steps)], a value for each step")
    }
    if mask != nil, options.maskValue != nil { throw NetError("a mask and maskValue; expected one of them") }
    let steps =
      try mask
      ?? options.maskValue.map { value in
        try graph.add(StepMask(steps: shape.steps, features: shape.features, value: value), to: [x])
      }
    let op = Recurrence(shape: shape, hasBias: options.useBias, hasState: initialState != nil, hasMask: steps != nil)
    let y = try graph.add(
      op, to: [x] + [initialState, steps].compactMap { $0 }, parameters: parameters(shape, in: graph))
    return try graph.finish(y, bias: nil, fan: (1, 1), .linear, options.rules)
  }

  private func parameters(_ shape: RecurrentShape, in graph: GraphBuilder) throws -> [ParameterReference] {
    var parameters = [
      graph.parameter(
        "kernel", shape: [shape.features, shape.width], initializer: options.kernelInitializer, fanIn: shape.features,
        fanOut: shape.width, regularizer: options.rules.kernelRegularizer, constraint: options.rules.kernelConstraint),
      graph.parameter(
        "recurrentKernel", shape: [units, shape.width], initializer: options.recurrentInitializer, fanIn: units,
        fanOut: shape.width, regularizer: options.recurrentRegularizer, constraint: options.recurrentConstraint),
    ]
    if options.useBias {
      parameters.append(
        graph.parameter(
          "bias", shape: cell.biases == 1 ? [shape.width] : [cell.biases, shape.width], initializer: biasInitializer, fanIn: 1,
          fanOut: 1, regularizer: options.rules.biasRegularizer, constraint: options.rules.biasConstraint))
    }
    return parameters
  }
}

/// A recurrent layer with what goes into it beside the sequence.
private struct RecurrentCall<Base: RecurrentLayer>: Layer {
  let layer: Base
  let hasState: Bool
  let hasMask: Bool

  var kind: String { layer.kind }
  var name: String? { layer.name }

  func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    try layer.build(
      inputs[0], initialState: hasState ? inputs[1] : nil, mask: hasMask ? inputs[hasState ? 2 : 1] : nil, in: graph)
  }
}

/// The simple recurrent layer (Elman 1990): h = f(x W + b + h U), f tanh or ReLU. See ``RecurrentLayer``.
public struct SimpleRNN: RecurrentLayer {
  public let units: Int
  public let activation: Activation
  public var options: RecurrentOptions
  public let biasInitializer: any Initializer
  public let kind = "simpleRNN"

  /// - Parameters:
  ///   - units: the size of h, at least 1.
  ///   - activation: f: `.tanh` or `.relu`.
  public init(
    _ units: Int, activation: Activation = .tanh, returnSequences: Bool = false, returnState: Bool = false,
    goBackwards: Bool = false, maskValue: Float? = nil, useBias: Bool = true,
    kernelInitializer: any Initializer = .glorotUniform, recurrentInitializer: any Initializer = .orthogonal(),
    biasInitializer: any Initializer = .zeros,
    kernelRegularizer: Regularizer? = nil, recurrentRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil,
    activityRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, recurrentConstraint: Constraint? = nil, biasConstraint: Constraint? = nil
  ) {
    self.units = units
    self.activation = activation
    options = RecurrentOptions(
      returnSequences: returnSequences, returnState: returnState, goBackwards: goBackwards, maskValue: maskValue,
      useBias: useBias, kernelInitializer: kernelInitializer, recurrentInitializer: recurrentInitializer,
      rules: LayerRules(
        kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer, activityRegularizer: activityRegularizer,
        kernelConstraint: kernelConstraint, biasConstraint: biasConstraint),
      recurrentRegularizer: recurrentRegularizer, recurrentConstraint: recurrentConstraint)
    self.biasInitializer = biasInitializer
  }

  public var cell: RecurrentCell { activation == .relu ? .relu : .tanh }

  public func check() throws {
    guard activation == .tanh || activation == .relu else {
      throw NetError("activation \(activation.kind); expected tanh or relu")
    }
  }
}

/// Long short-term memory (Hochreiter, Schmidhuber 1997; forget gate: Gers et al. 2000). See ``RecurrentLayer``.
///
///     i, f, o = sigmoid, g = tanh of x W + b + h U        c = f c + i g        h = o tanh(c)
///
/// Gates in the order i, f, g, o.
public struct LSTM: RecurrentLayer {
  public let units: Int
  public var options: RecurrentOptions
  public let biasInitializer: any Initializer
  public let cell = RecurrentCell.lstm
  public let kind = "lstm"

  /// - Parameters:
  ///   - units: the size of h and of c, at least 1.
  ///   - unitForgetBias: whether the forget gate's bias starts as 1, so that at first the layer remembers (Jozefowicz et al.
  ///     2015).
  public init(
    _ units: Int, returnSequences: Bool = false, returnState: Bool = false, goBackwards: Bool = false,
    maskValue: Float? = nil, useBias: Bool = true, unitForgetBias: Bool = true,
    kernelInitializer: any Initializer = .glorotUniform, recurrentInitializer: any Initializer = .orthogonal(),
    biasInitializer: any Initializer = .zeros,
    kernelRegularizer: Regularizer? = nil, recurrentRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil,
    activityRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, recurrentConstraint: Constraint? = nil, biasConstraint: Constraint? = nil
  ) {
    self.units = units
    options = RecurrentOptions(
      returnSequences: returnSequences, returnState: returnState, goBackwards: goBackwards, maskValue: maskValue,
      useBias: useBias, kernelInitializer: kernelInitializer, recurrentInitializer: recurrentInitializer,
      rules: LayerRules(
        kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer, activityRegularizer: activityRegularizer,
        kernelConstraint: kernelConstraint, biasConstraint: biasConstraint),
      recurrentRegularizer: recurrentRegularizer, recurrentConstraint: recurrentConstraint)
    self.biasInitializer = unitForgetBias ? UnitForgetBias(others: biasInitializer) : biasInitializer
  }
}

/// The second quarter ones, the rest as `others` says.
private struct UnitForgetBias: Initializer {
  let others: any Initializer

  func check(shape: [Int]) throws { try others.check(shape: shape) }

  func fill(_ values: UnsafeMutableBufferPointer<Float>, shape: [Int], fanIn: Int, fanOut: Int, random: RandomStream) {
    others.fill(values, shape: shape, fanIn: fanIn, fanOut: fanOut, random: random)
    let units = values.count / 4
    for j in units..<2 * units { values[j] = 1 }
  }
}

/// The gated recurrent unit (Cho et al. 2014), with the reset gate after the product. See ``RecurrentLayer``.
///
///     z, r = sigmoid(x W + b0 + h U + b1)        n = tanh(x W + b0 + r (h U + b1))        h = z h + (1 - z) n
///
/// Gates in the order z, r, n.
public struct GRU: RecurrentLayer {
  public let units: Int
  public var options: RecurrentOptions
  public let biasInitializer: any Initializer
  public let cell = RecurrentCell.gru
  public let kind = "gru"

  /// - Parameter units: the size of h, at least 1.
  public init(
    _ units: Int, returnSequences: Bool = false, returnState: Bool = false, goBackwards: Bool = false,
    maskValue: Float? = nil, useBias: Bool = true, kernelInitializer: any Initializer = .glorotUniform,
    recurrentInitializer: any Initializer = .orthogonal(), biasInitializer: any Initializer = .zeros,
    kernelRegularizer: Regularizer? = nil, recurrentRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil,
    activityRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, recurrentConstraint: Constraint? = nil, biasConstraint: Constraint? = nil
  ) {
    self.units = units
    options = RecurrentOptions(
      returnSequences: returnSequences, returnState: returnState, goBackwards: goBackwards, maskValue: maskValue,
      useBias: useBias, kernelInitializer: kernelInitializer, recurrentInitializer: recurrentInitializer,
      rules: LayerRules(
        kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer, activityRegularizer: activityRegularizer,
        kernelConstraint: kernelConstraint, biasConstraint: biasConstraint),
      recurrentRegularizer: recurrentRegularizer, recurrentConstraint: recurrentConstraint)
    self.biasInitializer = biasInitializer
  }
}
