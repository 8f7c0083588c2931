/// y = x, any shape; adds a penalty on x to the loss, its sum over an example, mean over the batch. With `.l1` units are mostly
/// silent: a sparse code.
public struct ActivityRegularization: Layer {
  public let regularizer: Regularizer
  public let kind = "activityRegularization"

  public init(_ regularizer: Regularizer) { self.regularizer = regularizer }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    try graph.penalize(onlyInput(inputs), regularizer)
  }
}

extension GraphBuilder {
  /// y, with what it adds to the loss.
  func penalize(_ y: Node, _ regularizer: Regularizer?) throws -> Node {
    guard let regularizer else { return y }
    try regularizer.check()
    return try add(ActivityPenalty(regularizer: regularizer, count: y.shape.reduce(1, *)), to: [y])
  }
}
