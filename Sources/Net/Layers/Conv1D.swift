import Kernels

/// A convolution along one dimension: `[steps, channels]` to `[outputSteps, filters]`, each step as a `Conv2D` of height 1.
///
/// Of an explicit padding `left` and `right` count: `.explicit(Padding2D(top: 0, bottom: 0, left: k - 1, right: 0))` lets
/// no output see a later input.
///
/// Parameters: `kernel` `[kernelSize, channels / groups, filters]`, `bias` `[filters]`.
public struct Conv1D: Layer {
  public let filters: Int
  public let kernelSize: Int
  public let stride: Int
  public let padding: Padding
  public let dilation: Int
  public let groups: Int
  public let activation: Activation
  public let useBias: Bool
  public let kernelInitializer: any Initializer
  public let biasInitializer: any Initializer
  public let rules: LayerRules
  public let kind = "conv1d"

  public init(
    _ filters: Int, kernelSize: Int, stride: Int = 1, padding: Padding = .valid, dilation: Int = 1, groups: Int = 1,
    activation: Activation = .linear, useBias: Bool = true, kernelInitializer: any Initializer = .glorotUniform,
    biasInitializer: any Initializer = .zeros,
    kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, biasConstraint: Constraint? = nil
  ) {
    self.filters = filters
    self.kernelSize = kernelSize
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
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
    guard x.shape.count == 2 else { throw NetError("input of shape \(x.shape); expected a sequence [steps, channels]") }
    let window = Window(
      size: Size2D(height: 1, width: kernelSize), strides: Size2D(height: 1, width: stride), padding: padding.alongSteps,
      dilation: Size2D(height: 1, width: dilation))
    let shape = try window.convolution([1] + x.shape, filters: filters, groups: groups)
    let kernel = graph.kernel(
      "kernel", shape, as: [kernelSize, shape.channels / groups, filters], initializer: kernelInitializer.suited(to: activation),
      rules)
    let image = try graph.add(View(shape: [1] + x.shape), to: [x])
    let y = try graph.add(Convolution(shape: shape), to: [image], parameters: [kernel])
    let z = try graph.finish(y, bias: useBias ? biasInitializer : nil, fan: shape.fan, activation, rules)
    return try graph.add(View(shape: [shape.outputWidth, filters]), to: [z])
  }
}
