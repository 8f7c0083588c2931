/// y = x for positive x, otherwise slope x, with a slope for each channel that is learned (He et al. 2015); any shape, the
/// channels last.
///
/// Parameters: `slope` `[channels]`, 0.25 at first as in PyTorch (Keras: 0).
public struct PReLU: Layer {
  public let slopeInitializer: any Initializer
  public let slopeRegularizer: Regularizer?
  public let slopeConstraint: Constraint?
  public let kind = "prelu"

  /// - Parameters:
  ///   - slopeInitializer: the first slopes.
  ///   - slopeRegularizer: what the slopes add to the loss.
  ///   - slopeConstraint: what the slopes have to obey after each step; `.nonNegative` keeps the function rising.
  public init(
    slopeInitializer: any Initializer = .constant(0.25), slopeRegularizer: Regularizer? = nil, slopeConstraint: Constraint? = nil
  ) {
    self.slopeInitializer = slopeInitializer
    self.slopeRegularizer = slopeRegularizer
    self.slopeConstraint = slopeConstraint
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    let columns = try x.columns
    let slope = graph.parameter(
      "slope", shape: [columns], initializer: slopeInitializer, fanIn: 1, fanOut: 1, regularizer: slopeRegularizer,
      constraint: slopeConstraint)
    return try graph.add(
      LearnedSlope(rows: x.shape.dropLast().reduce(1, *), columns: columns), to: [x], parameters: [slope])
  }
}
