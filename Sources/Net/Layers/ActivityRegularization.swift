/// y = x, any shape; adds a penalty on x to the loss, its sum over an example, mean over the batch. With `.l1` units are mostly
/// silent: a sparse code.
public struct ActivityRegularization: Layer {
  public let regularizer: Regularizer
  public let kind = "activityRegularization"

  public init(_ regularizer: Regularizer) { self.regularizer = regularizer }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    try regularizer.check()
    return try graph.add(ActivityPenalty(regularizer: regularizer, count: x.shape.reduce(1, *)), to: [x])
  }
}
