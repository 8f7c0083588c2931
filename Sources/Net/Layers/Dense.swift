import Kernels

/// A fully connected layer: y = f(x W + b), `[..., n]` to `[..., units]`, on the last dimension.
///
/// Parameters: `kernel` `[n, units]`, `bias` `[units]`.
public struct Dense: Layer {
  public let units: Int
  public let activation: Activation
  public let useBias: Bool
  public let kernelInitializer: any Initializer
  public let biasInitializer: any Initializer
  public let rules: LayerRules
  public let kind = "dense"

  /// - Parameters:
  ///   - units: the size of the output, at least 1.
  ///   - activation: f; none by default.
  ///   - useBias: whether there is a b.
  ///   - kernelInitializer: the first W; `.heNormal()` suits ReLU.
  ///   - biasInitializer: the first b; `.smallPositive()` keeps ReLU units alive at the start.
  ///   - kernelRegularizer: what W adds to the loss; likewise b and y.
  ///   - kernelConstraint: what W has to obey after each step; likewise b.
  public init(
    _ units: Int, activation: Activation = .linear, useBias: Bool = true,
    kernelInitializer: any Initializer = .glorotUniform, biasInitializer: any Initializer = .zeros,
    kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, biasConstraint: Constraint? = nil
  ) {
    self.units = units
    self.activation = activation
    self.useBias = useBias
    self.kernelInitializer = kernelInitializer
    self.biasInitializer = biasInitializer
    rules = LayerRules(
      kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer, activityRegularizer: activityRegularizer,
      kernelConstraint: kernelConstraint, biasConstraint: biasConstraint)
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    try checkUnits(units)
    let fanIn = try x.columns
    let rows = x.shape.dropLast().reduce(1, *)
    let kernel = graph.parameter(
      "kernel", shape: [fanIn, units], initializer: kernelInitializer.suited(to: activation), fanIn: fanIn, fanOut: units,
      regularizer: rules.kernelRegularizer, constraint: rules.kernelConstraint)
    let y = try graph.add(Linear(fanIn: fanIn, units: units, rows: rows), to: [x], parameters: [kernel])
    return try graph.finish(y, bias: useBias ? biasInitializer : nil, fan: (fanIn, units), activation, rules)
  }
}

/// Throws unless a layer can have so many units.
func checkUnits(_ units: Int) throws {
  guard units >= 1 else { throw NetError("\(units) units; expected at least 1") }
  guard units <= 1 << 24 else { throw NetError("\(units) units; expected at most 2^24") }
}

/// The input of a layer that takes one.
func onlyInput(_ inputs: [Node]) throws -> Node {
  guard inputs.count == 1 else { throw NetError("got \(inputs.count) inputs; expected one") }
  return inputs[0]
}
