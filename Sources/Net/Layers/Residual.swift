import Kernels

/// A block with a way around it (He et al. 2015): y = activation(block(x) + shortcut(x)). Gradients return through the shortcut
/// undiminished, so such blocks can be stacked by the hundred.
///
/// ```swift
/// Residual {
///   Conv2D(64, kernelSize: 3, strides: 2, padding: 1, useBias: false)
///   BatchNorm()
///   ActivationLayer(.relu)
///   Conv2D(64, kernelSize: 3, padding: 1, useBias: false)
///   BatchNorm()
/// } shortcut: {
///   Conv2D(64, kernelSize: 1, strides: 2, useBias: false)
///   BatchNorm()
/// }
/// ```
/// Without `shortcut` it is x itself. Both ways must give the same shape, which is that of the output.
public struct Residual: Layer {
  public let block: [any Layer]
  public let shortcut: [any Layer]
  public let activation: Activation
  public let kind = "residual"

  /// - Parameter activation: what the sum goes through: ReLU unless you say otherwise, `.linear` for nothing.
  public init(
    activation: Activation = .relu, @LayerBuilder _ block: () -> [any Layer],
    @LayerBuilder shortcut: () -> [any Layer] = { [] }
  ) {
    self.block = block()
    self.shortcut = shortcut()
    self.activation = activation
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    let y = try Sequential(block).build([x], in: graph)
    let around = try Sequential(shortcut).build([x], in: graph)
    guard y.shape == around.shape else {
      throw NetError(
        "the block gives \(shapeText(y.shape)), the shortcut \(shapeText(around.shape)); expected the same. "
          + "A 1x1 convolution in the shortcut can change channels and, by its strides, sizes")
    }
    let count = y.shape.reduce(1, *)
    let sum = try graph.add(Sum(inputs: 2, count: count), to: [y, around])
    return try graph.finish(sum, bias: nil, fan: (1, 1), activation)
  }
}
