import Kernels

/// A convolution: `[height, width, channels]` to `[outputHeight, outputWidth, filters]`,
///
///     y[i, j, f] = activation(b[f] + sum over r, s, c of x[stride i + dilation r - top, stride j + dilation s - left, c] W[r, s, c, f])
///
/// with zeros around the image; as usual the kernel is not turned around. Each side of the output has
///
///     floor((n + before + after - dilation (k - 1) - 1) / stride) + 1        28, k 3, stride 2, padding 1, dilation 2: 13
///
/// pixels, of which `.valid` makes ceil((n - dilation (k - 1)) / stride) and `.same` ceil(n / stride). See
/// `convolutionOutputSize`, and `outputShape(_:)` for any layer.
///
/// With `groups`, group g of the filters sees group g of the channels only: 1/groups of the parameters and of the work.
///
/// Parameters: `kernel` `[kernelHeight, kernelWidth, channels / groups, filters]`, `bias` `[filters]`.
public struct Conv2D: Layer {
  public let filters: Int
  public let kernelSize: Size2D
  public let strides: Size2D
  public let padding: Padding
  public let dilation: Size2D
  public let groups: Int
  public let activation: Activation
  public let useBias: Bool
  public let kernelInitializer: any Initializer
  public let biasInitializer: any Initializer
  public let rules: LayerRules
  public let accuracy: ConvAccuracy
  public let kind = "conv2d"

  /// - Parameters:
  ///   - filters: channels of the output, at least 1.
  ///   - kernelSize: `3` as a literal, `Size2D(k)`, or `Size2D(height:width:)` for kernels that are not square.
  ///   - padding: `.valid`, `.same`, a number of pixels as a literal, `.all(n)`, or `.explicit` for each side.
  ///   - groups: must divide the channels and the filters.
  ///   - useBias: whether there is a b. A `BatchNorm` right after has its own.
  ///   - kernelInitializer: the first W; `.heNormal()` suits ReLU.
  ///   - accuracy: `.relaxed` allows faster algorithms of larger error.
  public init(
    _ filters: Int, kernelSize: Size2D, strides: Size2D = 1, padding: Padding = .valid, dilation: Size2D = 1,
    groups: Int = 1, activation: Activation = .linear, useBias: Bool = true,
    kernelInitializer: any Initializer = .glorotUniform, biasInitializer: any Initializer = .zeros,
    kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, biasConstraint: Constraint? = nil,
    accuracy: ConvAccuracy = .standard
  ) {
    self.filters = filters
    self.kernelSize = kernelSize
    self.strides = strides
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
    self.accuracy = accuracy
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyImage(inputs)
    let window = Window(size: kernelSize, strides: strides, padding: padding, dilation: dilation)
    let shape = try window.convolution(x.shape, filters: filters, groups: groups)
    let kernel = graph.kernel("kernel", shape, initializer: kernelInitializer.suited(to: activation), rules)
    let y = try graph.add(Convolution(shape: shape, accuracy: accuracy), to: [x], parameters: [kernel])
    return try graph.finish(y, bias: useBias ? biasInitializer : nil, fan: shape.fan, activation, rules)
  }
}

/// How many inputs each output sums over, and how many outputs each input reaches: what initialisers scale by.
typealias Fan = (in: Int, out: Int)

extension Conv2DShape {
  /// Only what is connected counts: the channels and filters of one group.
  var fan: Fan {
    (in: kernelHeight * kernelWidth * channels / groups, out: kernelHeight * kernelWidth * filters / groups)
  }
}

extension GraphBuilder {
  /// The weights of a convolution.
  func kernel(
    _ name: String, _ shape: Conv2DShape, as dimensions: [Int]? = nil, initializer: any Initializer,
    _ rules: LayerRules = LayerRules()
  ) -> ParameterReference {
    parameter(
      name, shape: dimensions ?? [shape.kernelHeight, shape.kernelWidth, shape.channels / shape.groups, shape.filters],
      initializer: initializer, fanIn: shape.fan.in, fanOut: shape.fan.out, regularizer: rules.kernelRegularizer,
      constraint: rules.kernelConstraint)
  }

  /// activation(y + b) over the last dimension, with what of it there is, and a penalty on the result.
  func finish(
    _ y: Node, bias: (any Initializer)?, fan: Fan, _ activation: Activation, _ rules: LayerRules = LayerRules()
  ) throws -> Node {
    var y = y
    let count = y.shape.reduce(1, *)
    if let bias {
      let columns = y.shape.last!
      let b = parameter(
        "bias", shape: [columns], initializer: bias, fanIn: fan.in, fanOut: fan.out, regularizer: rules.biasRegularizer,
        constraint: rules.biasConstraint)
      y = try add(AddBias(rows: count / columns, columns: columns), to: [y], parameters: [b])
    }
    if activation != .linear { y = try add(Activate(activation: activation, count: count), to: [y]) }
    return try penalize(y, rules.activityRegularizer)
  }
}
