import Kernels
import Net
import Reference
import Testing

/// Every layer over images against central differences in float64.
@Suite struct ImageGradientTests {
  /// Compares the gradients of a network of `input` images with those of `network`, which maps inputs and parameters to outputs.
  private func expectGradients(
    _ layers: [any Layer], input: [Int], batch: Int = 3, seed: UInt64 = 1,
    _ network: @escaping ([Double], [[Double]]) -> [Double], _ location: SourceLocation = #_sourceLocation
  ) throws {
    let model = try Model(Sequential(layers), input: input, seed: seed)
    // Parameters that start at 0 or 1 would hide mistakes.
    for (i, parameter) in model.parameters.enumerated() where parameter.isTrainable && parameter.shape.count == 1 {
      let values = randomTensor(parameter.shape, seed: seed + 100 + UInt64(i))
      try model.setParameter(parameter.name, to: Tensor(shape: parameter.shape, values.values.map { 0.8 + 0.5 * $0 }))
    }
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let targets = randomTensor([batch] + model.outputShape, seed: seed + 1)
    let data = try Dataset(inputs: randomTensor([batch] + input, seed: seed + 2), targets: .values(targets))
    let found = try gradCheck(model, data) { x, p in
      naiveSquaredError64(network(x, p), targets: targets.values.map(Double.init))
    }
    #expect(found == nil, sourceLocation: location)
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var kernel: Size2D = 3
    var strides: Size2D = 1
    var padding = Padding.valid
    var dilation: Size2D = 1
    var groups = 1
    /// What the padding comes to.
    var pixels = Padding2D.none
    var activation = Activation.linear

    var testDescription: String { "kernel \(kernel) strides \(strides) \(padding) dilation \(dilation) groups \(groups)" }

    func shape(_ height: Int, _ width: Int, _ channels: Int, filters: Int) -> Conv2DShape {
      Conv2DShape(
        batch: 1, height: height, width: width, channels: channels, filters: filters, kernelHeight: kernel.height,
        kernelWidth: kernel.width, strideHeight: strides.height, strideWidth: strides.width, padding: pixels,
        dilationHeight: dilation.height, dilationWidth: dilation.width, groups: groups)
    }
  }

  static let cases = [
    Case(),
    Case(activation: .relu),
    Case(padding: .same, pixels: Padding2D(1), activation: .tanh),
    Case(strides: 2, padding: .same, pixels: Padding2D(top: 0, bottom: 1, left: 1, right: 1), activation: .gelu),
    Case(strides: 2, padding: 2, dilation: 2, pixels: Padding2D(2)),
    Case(padding: 1, groups: 2, pixels: Padding2D(1)),
    Case(kernel: 1, strides: 2),
    Case(kernel: Size2D(height: 2, width: 1), groups: 4, activation: .sigmoid),
  ]

  @Test(arguments: cases) func conv2D(_ c: Case) throws {
    let shape = c.shape(6, 5, 4, filters: 4)
    let layer = Conv2D(
      4, kernelSize: c.kernel, strides: c.strides, padding: c.padding, dilation: c.dilation, groups: c.groups,
      activation: c.activation)
    try expectGradients([layer], input: [6, 5, 4]) { x, p in
      activation64(c.activation, bias64(convolution64(shape, x, p[0]), p[1]))
    }
  }

  @Test func conv1D() throws {
    let shape = Conv2DShape(
      batch: 1, height: 1, width: 7, channels: 2, filters: 3, kernelHeight: 1, kernelWidth: 3,
      padding: Padding2D(top: 0, bottom: 0, left: 2, right: 2), dilationWidth: 2)
    try expectGradients(
      [Conv1D(3, kernelSize: 3, padding: 2, dilation: 2, activation: .tanh)], input: [7, 2]
    ) { x, p in activation64(.tanh, bias64(convolution64(shape, x, p[0]), p[1])) }
  }

  @Test func depthwise() throws {
    let shape = Case(strides: 2, groups: 3, pixels: Padding2D(1)).shape(6, 5, 3, filters: 6)
    try expectGradients(
      [DepthwiseConv2D(kernelSize: 3, strides: 2, padding: 1, depthMultiplier: 2, activation: .relu)], input: [6, 5, 3]
    ) { x, p in activation64(.relu, bias64(convolution64(shape, x, p[0]), p[1])) }
  }

  @Test func separable() throws {
    let depthwise = Case(groups: 3, pixels: Padding2D(1)).shape(4, 5, 3, filters: 3)
    let pointwise = Case(kernel: 1).shape(4, 5, 3, filters: 4)
    try expectGradients([SeparableConv2D(4, kernelSize: 3, padding: .same, activation: .tanh)], input: [4, 5, 3]) { x, p in
      activation64(.tanh, bias64(convolution64(pointwise, convolution64(depthwise, x, p[0]), p[1]), p[2]))
    }
  }

  @Test func transposed() throws {
    let shape = Case(strides: 2, pixels: Padding2D(1)).shape(6, 8, 2, filters: 3)
    try expectGradients(
      [Conv2DTranspose(2, kernelSize: 3, strides: 2, padding: 1, outputPadding: 1, activation: .tanh)], input: [3, 4, 3]
    ) { x, p in activation64(.tanh, bias64(transposedConvolution64(shape, x, p[0]), p[1])) }
  }

  @Test(arguments: [false, true]) func maxPool(_ roundsUp: Bool) throws {
    let shape = Pool2DShape(
      batch: 1, height: 7, width: 6, channels: 3, poolHeight: 3, poolWidth: 3, strideHeight: 2, strideWidth: 2,
      padding: Padding2D(1), roundsUp: roundsUp)
    try expectGradients([MaxPool2D(3, strides: 2, padding: 1, roundsUp: roundsUp)], input: [7, 6, 3]) { x, _ in
      pool64(shape, x, isMaximum: true)
    }
  }

  @Test(arguments: [false, true]) func averagePool(_ countsPadding: Bool) throws {
    let shape = Pool2DShape(
      batch: 1, height: 5, width: 6, channels: 3, poolHeight: 3, poolWidth: 3, strideHeight: 2, strideWidth: 2,
      padding: Padding2D(1))
    try expectGradients([AvgPool2D(3, strides: 2, padding: 1, countsPadding: countsPadding)], input: [5, 6, 3]) { x, _ in
      pool64(shape, x, isMaximum: false, countsPadding: countsPadding)
    }
  }

  @Test func globalAveragePool() throws {
    let shape = Pool2DShape(
      batch: 1, height: 5, width: 4, channels: 3, poolHeight: 5, poolWidth: 4, strideHeight: 1, strideWidth: 1)
    try expectGradients([GlobalAvgPool2D()], input: [5, 4, 3]) { x, _ in pool64(shape, x, isMaximum: false) }
  }

  @Test(arguments: [false, true]) func batchNorm(_ hasReLU: Bool) throws {
    let f: Activation = hasReLU ? .relu : .linear
    try expectGradients([BatchNorm(), ActivationLayer(f)], input: [3, 2, 4]) { x, p in
      activation64(f, batchNorm64(x, gamma: p[0], beta: p[1]))
    }
  }

  @Test func layerNorm() throws {
    try expectGradients([LayerNorm()], input: [3, 5]) { x, p in
      affine64(normalized64(x, epsilon: 1e-5) { $0 / 5 }, p[0], p[1])
    }
  }

  @Test func rmsNorm() throws {
    try expectGradients([RMSNorm()], input: [3, 5]) { x, p in
      affine64(normalized64(x, epsilon: 1e-6, centers: false) { $0 / 5 }, p[0], [Double](repeating: 0, count: 5))
    }
  }

  @Test func groupNorm() throws {
    // Four channels in two groups, six positions.
    try expectGradients([GroupNorm(groups: 2)], input: [3, 2, 4]) { x, p in
      affine64(normalized64(x, epsilon: 1e-5) { $0 / 24 * 2 + $0 % 4 / 2 }, p[0], p[1])
    }
  }

  @Test func zeroPadding() throws {
    // A 1x1 convolution whose padding is the layer's.
    let shape = Case(kernel: 1, pixels: Padding2D(top: 1, bottom: 0, left: 2, right: 1)).shape(3, 4, 2, filters: 2)
    try expectGradients(
      [ZeroPadding2D(Padding2D(top: 1, bottom: 0, left: 2, right: 1)), Conv2D(2, kernelSize: 1, useBias: false)],
      input: [3, 4, 2]
    ) { x, p in convolution64(shape, x, p[0]) }
  }

  @Test func channelShuffle() throws {
    let order = [0, 3, 1, 4, 2, 5]
    try expectGradients([ChannelShuffle(groups: 2)], input: [2, 2, 6]) { x, _ in
      x.indices.map { x[$0 / 6 * 6 + order[$0 % 6]] }
    }
  }

  /// One value read three times, joined with two others.
  @Test func concatenate() throws {
    let model = try Model(seed: 3) { graph in
      let x = try graph.input([3, 2, 2])
      return try Concatenate()(x, Conv2D(3, kernelSize: 1, useBias: false)(x), x)
    }
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let targets = randomTensor([2, 3, 2, 7], seed: 4)
    let data = try Dataset(inputs: randomTensor([2, 3, 2, 2], seed: 5), targets: .values(targets))
    let shape = Case(kernel: 1).shape(3, 2, 2, filters: 3)
    let found = try gradCheck(model, data) { x, p in
      let y = convolution64(shape, x, p[0])
      var joined: [Double] = []
      for pixel in 0..<12 {
        let a = x[2 * pixel..<2 * pixel + 2]
        joined += a
        joined += y[3 * pixel..<3 * pixel + 3]
        joined += a
      }
      return naiveSquaredError64(joined, targets: targets.values.map(Double.init))
    }
    #expect(found == nil)
  }

  /// A stem and two residual blocks, the second with a projection, pooling and a dense layer.
  @Test func residualNet() throws {
    let stem = Case(pixels: Padding2D(1)).shape(4, 4, 1, filters: 3)
    let inner = Case(pixels: Padding2D(1)).shape(4, 4, 3, filters: 3)
    let down = Case(strides: 2, pixels: Padding2D(1)).shape(4, 4, 3, filters: 2)
    let projection = Case(kernel: 1, strides: 2).shape(4, 4, 3, filters: 2)
    let last = Pool2DShape(
      batch: 1, height: 2, width: 2, channels: 2, poolHeight: 2, poolWidth: 2, strideHeight: 1, strideWidth: 1)
    let network = Sequential {
      Conv2D(3, kernelSize: 3, padding: 1, useBias: false)
      BatchNorm()
      ActivationLayer(.relu)
      Residual {
        Conv2D(3, kernelSize: 3, padding: 1, useBias: false)
        BatchNorm()
      }
      Residual {
        Conv2D(2, kernelSize: 3, strides: 2, padding: 1, useBias: false)
        BatchNorm()
      } shortcut: {
        Conv2D(2, kernelSize: 1, strides: 2, useBias: false)
        BatchNorm()
      }
      GlobalAvgPool2D()
      Dense(2)
    }
    try expectGradients([network], input: [4, 4, 1], batch: 4, seed: 6) { x, p in
      func norm(_ x: [Double], _ first: Int) -> [Double] { batchNorm64(x, gamma: p[first], beta: p[first + 1]) }
      func relu(_ x: [Double]) -> [Double] { x.map { max($0, 0) } }
      func sum(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }
      let a = relu(norm(convolution64(stem, x, p[0]), 1))
      let b = relu(sum(norm(convolution64(inner, a, p[5]), 6), a))
      let c = relu(sum(norm(convolution64(down, b, p[10]), 11), norm(convolution64(projection, b, p[15]), 16)))
      return naiveDense64(pool64(last, c, isMaximum: false), fanIn: 2, p[20], p[21])
    }
  }
}
