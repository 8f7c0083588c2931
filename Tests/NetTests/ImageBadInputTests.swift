import Kernels
import Net
import Testing

/// Layers over images: whatever is wrong has an error with the layer's name and the numbers.
@Suite struct ImageBadInputTests {
  private func problem(_ layer: any Layer) -> String? { problem([6, 6, 4], layer) }

  private func problem(_ input: [Int], _ layer: any Layer) -> String? {
    message { _ = try Model(Sequential([layer]), input: input) }
  }

  @Test func windows() {
    #expect(problem([3, 3, 1], Conv2D(1, kernelSize: 5)) == "conv2d_1: kernel 5x5 does not fit input 3x3 without padding")
    #expect(
      problem([3, 3, 1], Conv2D(1, kernelSize: 7, padding: 1))
        == "conv2d_1: kernel 7x7 does not fit input 3x3 padded to 5x5")
    #expect(
      problem([6, 9, 1], Conv2D(1, kernelSize: 3, dilation: 4))
        == "conv2d_1: kernel 3x3 with dilation 4x4, which covers 9x9, does not fit input 6x9 without padding")
    #expect(problem(Conv2D(0, kernelSize: 3)) == "conv2d_1: 0 filters; expected at least 1")
    #expect(problem(Conv2D(1, kernelSize: 0)) == "conv2d_1: kernel 0x0; expected at least 1x1")
    #expect(problem(Conv2D(1, kernelSize: 3, strides: 0)) == "conv2d_1: strides 0x0; expected at least 1x1")
    #expect(
      problem(Conv2D(1, kernelSize: 3, dilation: Size2D(height: 1, width: 0))) == "conv2d_1: dilation 1x0; expected at least 1x1")
    #expect(problem(Conv2D(1, kernelSize: 3, padding: -1)) == "conv2d_1: padding -1 at the top; expected at least 0")
    #expect(
      problem(Conv2D(1, kernelSize: 3, padding: .explicit(Padding2D(top: 0, bottom: 0, left: 0, right: -2))))
        == "conv2d_1: padding -2 at the right; expected at least 0")
    #expect(
      problem([36], Conv2D(1, kernelSize: 3))
        == "conv2d_1: input of shape [36]; expected an image [height, width, channels]")
    #expect(
      problem([6, 6, 4], Conv1D(1, kernelSize: 3))
        == "conv1d_1: input of shape [6, 6, 4]; expected a sequence [steps, channels]")
    #expect(problem(Conv2D(1, kernelSize: Size2D(.max))) == "conv2d_1: kernel \(Int.max)x\(Int.max); expected at most \(1 << 24)")
  }

  @Test func groups() {
    #expect(problem(Conv2D(6, kernelSize: 3, groups: 3)) == "conv2d_1: 3 groups do not divide 4 channels")
    #expect(problem(Conv2D(5, kernelSize: 3, groups: 2)) == "conv2d_1: 2 groups do not divide 5 filters")
    #expect(problem(Conv2D(4, kernelSize: 3, groups: 0)) == "conv2d_1: 0 groups; expected at least 1")
    #expect(
      problem(DepthwiseConv2D(kernelSize: 3, depthMultiplier: 0))
        == "depthwiseConv2d_1: depthMultiplier 0; expected at least 1")
    #expect(problem(ChannelShuffle(groups: 3)) == "channelShuffle_1: 3 groups do not divide 4 channels")
    #expect(problem(GroupNorm(groups: 3)) == "groupNorm_1: 3 groups do not divide 4 channels")
  }

  @Test func otherLayers() {
    #expect(problem([3, 1], MaxPool1D(4)) == "maxPool1d_1: pool 1x4 does not fit input 1x3 without padding")
    #expect(problem([3, 3, 1], AvgPool1D()) == "avgPool1d_1: input of shape [3, 3, 1]; expected a sequence [steps, channels]")
    #expect(problem([3, 3, 1], MaxPool2D(4)) == "maxPool2d_1: pool 4x4 does not fit input 3x3 without padding")
    #expect(
      problem(AvgPool2D(2, padding: 2))
        == "avgPool2d_1: padding 2, 2, 2, 2 (top, bottom, left, right); expected less than the pool 2x2")
    #expect(problem(ZeroPadding2D(-1)) == "zeroPadding2d_1: padding -1 at the top; expected at least 0")
    #expect(problem(BatchNorm(momentum: 1)) == "batchNorm_1: momentum 1.0; expected at least 0 and less than 1")
    #expect(problem(LayerNorm(epsilon: -1)) == "layerNorm_1: epsilon -1.0; expected at least 0 and finite")
    #expect(
      problem(Conv2DTranspose(1, kernelSize: 3, strides: 2, padding: 1, outputPadding: 2))
        == "conv2dTranspose_1: outputPadding 2x2; expected at least 0x0 and less than the strides 2x2")
    #expect(
      problem([1, 1, 1], Conv2DTranspose(1, kernelSize: 1, padding: 1))
        == "conv2dTranspose_1: padding of 2 in all leaves nothing of an output of 1")
  }

  @Test func joins() {
    func problem(_ join: any Layer, _ a: Int, _ b: Int, strides: Size2D = 1) -> String? {
      message {
        _ = try Model { graph in
          let x = try graph.input([6, 6, 3])
          return try graph.add(join, to: [Conv2D(a, kernelSize: 1)(x), Conv2D(b, kernelSize: 1, strides: strides)(x)])
        }
      }
    }
    #expect(problem(Add(), 3, 4) == "add_1: cannot add shapes [6, 6, 3] and [6, 6, 4]")
    #expect(problem(Concatenate(), 3, 4) == nil)
    #expect(
      problem(Concatenate(), 3, 4, strides: 2)
        == "concatenate_1: cannot join shapes [6, 6, 3] and [3, 3, 4]; expected all dimensions but the last to agree")
    #expect(
      self.problem(Residual { Conv2D(8, kernelSize: 3, strides: 2, padding: 1) })
        == "residual_1: the block gives 3x3x8, the shortcut 6x6x4; expected the same. "
        + "A 1x1 convolution in the shortcut can change channels and, by its strides, sizes")
    #expect(self.problem(Residual { Conv2D(8, kernelSize: 9) }) == "conv2d_1: kernel 9x9 does not fit input 6x6 without padding")
  }

  /// One value per channel has no variance.
  @Test func batchNormOfOneValue() throws {
    let model = try Model(Sequential([Dense(3), BatchNorm(), Dense(3)]), input: [2])
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: SGD())
    let one = try Dataset(inputs: Tensor(zeros: [1, 2]), targets: .classes([1], count: 3))
    let expected =
      "batchNorm_1: a batch of 1 has one value per channel, of which there is no variance; expected more than one in training"
    #expect(message { try model.trainOnBatch(one) } == "trainOnBatch: \(expected)")
    #expect(message { _ = try model.gradients(one) } == "gradients: \(expected)")
    #expect(message { try model.fit(rings(), batchSize: 1) } == "fit: \(expected)")
    #expect(message { try model.fit(rings(), batchSize: 59) } == "fit: the last batch: \(expected)")
    #expect(message { _ = try model.predict(one.inputs) } == nil)
    #expect(message { _ = try model.evaluate(one) } == nil)
  }

  @Test func otherImageSize() throws {
    let model = try stripeModel()
    let data = try Dataset(inputs: Tensor(zeros: [4, 9, 8, 1]), targets: .classes([0, 1, 2, 0], count: 3))
    let expected = "inputs of shape [4, 9, 8, 1]; conv2d_1 expects [8, 8, 1] an example, with the count of examples in front"
    #expect(message { try model.fit(data) } == "fit: \(expected)")
    #expect(message { _ = try model.predict(data.inputs) } == "predict: \(expected)")
  }

  @Test func siblingWeights() throws {
    let folder = TemporaryFolder()
    try Model(Networks.lenet(), input: [28, 28, 1]).saveWeights(to: folder.path("lenet"))
    let other = try Model(Networks.twoConv(), input: [28, 28, 1])
    #expect(
      message(in: folder) { try other.loadWeights(from: folder.path("lenet")) }
        == "lenet: conv2d_1/kernel has shape [5, 5, 1, 20]; this network has [5, 5, 1, 32]")
    let deeper = try Model(Networks.resNet20(), input: [28, 28, 1])
    let found = message(in: folder) { try deeper.loadWeights(from: folder.path("lenet")) }
    #expect(found?.hasPrefix("lenet: conv2d_1/kernel has shape [5, 5, 1, 20]; this network has [3, 3, 1, 16]") == true)
  }
}
