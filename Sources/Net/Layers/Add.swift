/// The sum of its inputs, which have one shape: the join of a residual block.
public struct Add: Layer {
  public let kind = "add"

  public init() {}

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    guard inputs.count >= 2 else { throw NetError("got \(inputs.count) inputs; expected at least two") }
    return try graph.add(Sum(inputs: inputs.count, count: inputs[0].shape.reduce(1, *)), to: inputs)
  }
}
