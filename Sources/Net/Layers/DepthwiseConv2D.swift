import Kernels

/// A convolution of each channel on its own: `[height, width, channels]` to
/// `[outputHeight, outputWidth, channels * depthMultiplier]`, where filter `c * depthMultiplier + q` reads channel c. The sizes are
/// those of `Conv2D`; parameters and work are 1/channels of its.
///
/// Parameters: `kernel` `[kernelHeight, kernelWidth, channels, depthMultiplier]`, `bias` `[channels * depthMultiplier]`.
public struct DepthwiseConv2D: Layer {
  public let kernelSize: Size2D
  public let strides: Size2D
  public let padding: Padding
  public let dilation: Size2D
  public let depthMultiplier: Int
  public let activation: Activation
  public let useBias: Bool
  public let kernelInitializer: any Initializer
  public let biasInitializer: any Initializer
  public let rules: LayerRules
  public let kind = "depthwiseConv2d"

  public init(
    kernelSize: Size2D, strides: Size2D = 1, padding: Padding = .valid, dilation: Size2D = 1, depthMultiplier: Int = 1,
    activation: Activation = .linear, useBias: Bool = true, kernelInitializer: any Initializer = .glorotUniform,
    biasInitializer: any Initializer = .zeros,
    kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, biasConstraint: Constraint? = nil
  ) {
    self.kernelSize = kernelSize
    self.strides = strides
    self.padding = padding
    self.dilation = dilation
    self.depthMultiplier = depthMultiplier
    self.activation = activation
    self.useBias = useBias
    self.kernelInitializer = kernelInitializer
    self.biasInitializer = biasInitializer
    rules = LayerRules(
      kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer, activityRegularizer: activityRegularizer,
      kernelConstraint: kernelConstraint, biasConstraint: biasConstraint)
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyImage(inputs)
    let window = Window(size: kernelSize, strides: strides, padding: padding, dilation: dilation)
    let shape = try window.depthwise(x.shape, depthMultiplier)
    let y = try graph.addDepthwise(
      shape, to: x, kernel: "kernel", depthMultiplier, kernelInitializer.suited(to: activation), rules)
    return try graph.finish(y, bias: useBias ? biasInitializer : nil, fan: shape.fan, activation, rules)
  }
}

/// A depthwise convolution and then a 1x1 convolution over its channels (Howard et al. 2017): `[height, width, channels]` to
/// `[outputHeight, outputWidth, filters]`, the sizes those of `Conv2D`. Its work is 1/filters + 1/(kernelHeight kernelWidth) of
/// a `Conv2D`'s.
///
/// Parameters: `depthwiseKernel` `[kernelHeight, kernelWidth, channels, depthMultiplier]`, `pointwiseKernel`
/// `[1, 1, channels * depthMultiplier, filters]`, `bias` `[filters]`.
public struct SeparableConv2D: Layer {
  public let filters: Int
  public let kernelSize: Size2D
  public let strides: Size2D
  public let padding: Padding
  public let dilation: Size2D
  public let depthMultiplier: Int
  public let activation: Activation
  public let useBias: Bool
  public let depthwiseInitializer: any Initializer
  public let pointwiseInitializer: any Initializer
  public let biasInitializer: any Initializer
  public let depthwiseRules: LayerRules
  public let rules: LayerRules
  public let kind = "separableConv2d"

  public init(
    _ filters: Int, kernelSize: Size2D, strides: Size2D = 1, padding: Padding = .valid, dilation: Size2D = 1,
    depthMultiplier: Int = 1, activation: Activation = .linear, useBias: Bool = true,
    depthwiseInitializer: any Initializer = .glorotUniform, pointwiseInitializer: any Initializer = .glorotUniform,
    biasInitializer: any Initializer = .zeros,
    depthwiseRegularizer: Regularizer? = nil, pointwiseRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil,
    activityRegularizer: Regularizer? = nil,
    depthwiseConstraint: Constraint? = nil, pointwiseConstraint: Constraint? = nil, biasConstraint: Constraint? = nil
  ) {
    self.filters = filters
    self.kernelSize = kernelSize
    self.strides = strides
    self.padding = padding
    self.dilation = dilation
    self.depthMultiplier = depthMultiplier
    self.activation = activation
    self.useBias = useBias
    self.depthwiseInitializer = depthwiseInitializer
    self.pointwiseInitializer = pointwiseInitializer
    self.biasInitializer = biasInitializer
    depthwiseRules = LayerRules(kernelRegularizer: depthwiseRegularizer, kernelConstraint: depthwiseConstraint)
    rules = LayerRules(
      kernelRegularizer: pointwiseRegularizer, biasRegularizer: biasRegularizer, activityRegularizer: activityRegularizer,
      kernelConstraint: pointwiseConstraint, biasConstraint: biasConstraint)
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyImage(inputs)
    let window = Window(size: kernelSize, strides: strides, padding: padding, dilation: dilation)
    let depthwise = try window.depthwise(x.shape, depthMultiplier)
    let h = try graph.addDepthwise(
      depthwise, to: x, kernel: "depthwiseKernel", depthMultiplier, depthwiseInitializer, depthwiseRules)
    let pointwise = try Window(size: 1, strides: 1, padding: .valid).convolution(h.shape, filters: filters, groups: 1)
    let kernel = graph.kernel("pointwiseKernel", pointwise, initializer: pointwiseInitializer.suited(to: activation), rules)
    let y = try graph.add(Convolution(shape: pointwise), to: [h], parameters: [kernel])
    return try graph.finish(y, bias: useBias ? biasInitializer : nil, fan: pointwise.fan, activation, rules)
  }
}

extension Window {
  /// One example of a depthwise convolution.
  fileprivate func depthwise(_ image: [Int], _ multiplier: Int) throws -> Conv2DShape {
    guard multiplier >= 1 else { throw NetError("depthMultiplier \(multiplier); expected at least 1") }
    let (filters, overflow) = image[2].multipliedReportingOverflow(by: multiplier)
    guard !overflow else { throw NetError("depthMultiplier \(multiplier) makes more filters than an Int can count") }
    return try convolution(image, filters: filters, groups: image[2])
  }
}

extension GraphBuilder {
  fileprivate func addDepthwise(
    _ shape: Conv2DShape, to x: Node, kernel name: String, _ multiplier: Int, _ initializer: any Initializer,
    _ rules: LayerRules
  ) throws -> Node {
    let dimensions = [shape.kernelHeight, shape.kernelWidth, shape.channels, multiplier]
    let kernel = kernel(name, shape, as: dimensions, initializer: initializer, rules)
    return try add(Convolution(shape: shape), to: [x], parameters: [kernel])
  }
}
