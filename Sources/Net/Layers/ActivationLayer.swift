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
    let columns = try x.columns
    return try graph.add(SoftmaxRows(rows: x.shape.dropLast().reduce(1, *), columns: columns), to: [x])
  }
}

/// Logarithms of probabilities over the last dimension: y_i = x_i - log sum exp(x_j), without the loss of a logarithm of
/// `Softmax()` where a probability is small.
public struct LogSoftmax: Layer {
  public let kind = "logSoftmax"

  public init() {}

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    let columns = try x.columns
    return try graph.add(
      SoftmaxRows(rows: x.shape.dropLast().reduce(1, *), columns: columns, isLogarithm: true), to: [x])
  }
}

extension Node {
  /// The size of the last dimension.
  var columns: Int {
    get throws {
      guard let columns = shape.last else { throw NetError("the input has no dimensions; expected at least one") }
      return columns
    }
  }
}
