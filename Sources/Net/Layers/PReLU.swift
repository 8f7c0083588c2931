/// y = x for positive x, otherwise slope x, with a slope for each channel that is learned (He et al. 2015); any shape, the
/// channels last.
///
/// Parameters: `slope` `[channels]`, 0.25 at first as in PyTorch (Keras: 0).
public struct PReLU: Layer {
  public let slopeInitializer: any Initializer
  public let kind = "prelu"

  public init(slopeInitializer: any Initializer = .constant(0.25)) { self.slopeInitializer = slopeInitializer }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    let columns = try x.columns
    let slope = graph.parameter("slope", shape: [columns], initializer: slopeInitializer, fanIn: 1, fanOut: 1)
    return try graph.add(
      LearnedSlope(rows: x.shape.dropLast().reduce(1, *), columns: columns), to: [x], parameters: [slope])
  }
}
