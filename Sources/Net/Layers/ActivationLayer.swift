import Kernels

/// An activation as a layer of its own: y = f(x), any shape.
public struct ActivationLayer: Layer {
  public let activation: Activation
  public var kind: String { "\(activation.kind)" }

  public init(_ activation: Activation) { self.activation = activation }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    return try graph.add(Activate(activation: activation, count: x.shape.reduce(1, *)), to: [x])
  }
}

/// Probabilities over the last dimension: y_i = exp(x_i) / sum exp(x_j).
///
/// At the end of a network trained on a categorical cross-entropy it costs no accuracy: the loss takes its input.
public struct Softmax: Layer {
  public let kind = "softmax"

  public init() {}

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    guard let columns = x.shape.last else { throw NetError("the input has no dimensions; expected at least one") }
    return try graph.add(SoftmaxRows(rows: x.shape.dropLast().reduce(1, *), columns: columns), to: [x])
  }
}
