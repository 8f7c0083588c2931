import Kernels

/// The transposed convolution: what the gradient of a `Conv2D` of these settings by its input computes. It makes images
/// larger: `[height, width, channels]` to `[outputHeight, outputWidth, filters]`, each side
///
///     (n - 1) stride - before - after + dilation (k - 1) + outputPadding + 1        7, k 3, stride 2, padding 1, outputPadding 1: 14
///
/// pixels. `.valid` is padding 0, and n stride + max(k - stride, 0) pixels without dilation; `.same` gives n stride.
///
/// Parameters: `kernel` `[kernelHeight, kernelWidth, filters, channels]`, `bias` `[filters]`.
public struct Conv2DTranspose: Layer {
  public let filters: Int
  public let kernelSize: Size2D
  public let strides: Size2D
  public let padding: Padding
  public let outputPadding: Size2D
  public let dilation: Size2D
  public let activation: Activation
  public let useBias: Bool
  public let kernelInitializer: any Initializer
  public let biasInitializer: any Initializer
  public let rules: LayerRules
  public let kind = "conv2dTranspose"

  /// - Parameter outputPadding: pixels to add at the bottom and on the right where the padding is explicit, fewer than the strides.
  ///   Several sizes of an image lead to one size of a convolution's output; this says which one to go back to.
  public init(
    _ filters: Int, kernelSize: Size2D, strides: Size2D = 1, padding: Padding = .valid, outputPadding: Size2D = 0,
    dilation: Size2D = 1, activation: Activation = .linear, useBias: Bool = true,
    kernelInitializer: any Initializer = .glorotUniform, biasInitializer: any Initializer = .zeros,
    kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, biasConstraint: Constraint? = nil
  ) {
    self.filters = filters
    self.kernelSize = kernelSize
    self.strides = strides
    self.padding = padding
    self.outputPadding = outputPadding
    self.dilation = dilation
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
    let shape = try adjoint(x.shape)
    let kernel = graph.parameter(
      "kernel", shape: [kernelSize.height, kernelSize.width, filters, x.shape[2]],
      initializer: kernelInitializer.suited(to: activation),
      fanIn: shape.fan.out, fanOut: shape.fan.in, regularizer: rules.kernelRegularizer, constraint: rules.kernelConstraint)
    let y = try graph.add(TransposedConvolution(shape: shape), to: [x], parameters: [kernel])
    return try graph.finish(y, bias: useBias ? biasInitializer : nil, fan: (shape.fan.out, shape.fan.in), activation, rules)
  }

  /// The convolution from this layer's output to its input.
  private func adjoint(_ image: [Int]) throws -> Conv2DShape {
    guard filters >= 1 else { throw NetError("\(filters) filters; expected at least 1") }
    // Checked before the arithmetic below, on an image where anything fits.
    let window = Window(size: kernelSize, strides: strides, padding: padding, dilation: dilation)
    _ = try window.padding(height: 1 << 50, width: 1 << 50)
    guard outputPadding.height >= 0, outputPadding.width >= 0,
      outputPadding.height < strides.height, outputPadding.width < strides.width
    else { throw NetError("outputPadding \(outputPadding); expected at least 0x0 and less than the strides \(strides)") }
    let sides: Padding2D? = if case .explicit(let sides) = padding { sides } else { nil }
    let height = try size(
      image[0], kernelSize.height, strides.height, dilation.height, sides.map { ($0.top + $0.bottom, outputPadding.height) })
    let width = try size(
      image[1], kernelSize.width, strides.width, dilation.width, sides.map { ($0.left + $0.right, outputPadding.width) })
    return try window.convolution([height, width, filters], filters: image[2], groups: 1)
  }

  /// The size of one side of the output.
  private func size(_ n: Int, _ k: Int, _ stride: Int, _ dilation: Int, _ explicit: (padding: Int, extra: Int)?) throws -> Int {
    let reach = dilation * (k - 1) + 1
    guard let explicit else { return n * stride + (padding == .same ? 0 : max(reach - stride, 0)) }
    let size = (n - 1) * stride - explicit.padding + reach + explicit.extra
    guard size >= 1 else {
      throw NetError("padding of \(explicit.padding) in all leaves nothing of an output of \(size + explicit.padding)")
    }
    return size
  }
}
