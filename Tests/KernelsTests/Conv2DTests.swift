import Kernels
import Reference
import Testing

extension Conv2DShape {
  var naive: NaiveConv2D {
    NaiveConv2D(
      batch: batch, height: height, width: width, channels: channels, filters: filters, kernelHeight: kernelHeight,
      kernelWidth: kernelWidth, strideHeight: strideHeight, strideWidth: strideWidth, top: padding.top, bottom: padding.bottom,
      left: padding.left, right: padding.right, dilationHeight: dilationHeight, dilationWidth: dilationWidth, groups: groups)
  }

  /// A square kernel and equal strides.
  static func square(
    _ batch: Int, _ size: (Int, Int), _ channels: Int, _ filters: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
    dilation: Int = 1, groups: Int = 1
  ) -> Conv2DShape {
    Conv2DShape(
      batch: batch, height: size.0, width: size.1, channels: channels, filters: filters, kernelHeight: kernel,
      kernelWidth: kernel, strideHeight: stride, strideWidth: stride, padding: Padding2D(padding), dilationHeight: dilation,
      dilationWidth: dilation, groups: groups)
  }
}

/// One convolution with its inputs and what the references make of them.
struct ConvCase {
  let shape: Conv2DShape
  let x, weights, dy, bias, residual, channelBias: GuardedBuffer<Float>
  let y, plain, dx, transposed, dw: [Float]

  init(_ shape: Conv2DShape, seed: UInt64 = 1, side: GuardedBuffer<Float>.Side = .end) {
    self.shape = shape
    func buffer(_ count: Int, _ salt: UInt64) -> GuardedBuffer<Float> {
      GuardedBuffer(randomValues(count, seed: seed &* 31 &+ salt), side: side)
    }
    x = buffer(shape.inputCount, 1)
    weights = buffer(shape.weightCount, 2)
    dy = buffer(shape.outputCount, 3)
    bias = buffer(shape.filters, 4)
    residual = buffer(shape.outputCount, 5)
    channelBias = buffer(shape.channels, 6)
    let naive = shape.naive
    plain = naive.forward(x.values, weights.values)
    y = naive.forward(x.values, weights.values, bias: bias.values, residual: residual.values) { max($0, 0) }
    dx = naive.backwardData(dy: dy.values, weights.values)
    let channels = shape.channels, channelBias = channelBias.values
    transposed = dx.enumerated().map { max($0.element + channelBias[$0.offset % channels], 0) }
    dw = naive.backwardWeights(x: x.values, dy: dy.values)
  }

  /// Runs every operation on this thread's tier and compares all bits.
  func mismatch(side: GuardedBuffer<Float>.Side = .end) -> String? {
    func run(_ name: String, _ expected: [Float], _ columns: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) -> String? {
      let out = GuardedBuffer(repeating: Float.nan, count: expected.count, side: side)
      body(out.pointer)
      return bitMismatch(out.values, expected, columns: columns).map { "\(shape) \(name): \($0)" }
    }
    let epilogue = Epilogue(bias: bias.pointer, residual: residual.pointer, ldr: shape.filters, activation: .relu)
    return run("forward", plain, shape.filters) {
      conv2d(shape, x.pointer, weights: weights.pointer, into: $0, accuracy: .direct)
    }
      ?? run("epilogue", y, shape.filters) {
        conv2d(shape, x.pointer, weights: weights.pointer, into: $0, accuracy: .direct, epilogue: epilogue)
      }
      ?? run("packed", y, shape.filters) {
        let filters = PackedFilters(shape, weights.pointer, accuracy: .direct)
        conv2d(shape, x.pointer, filters: filters, into: $0, epilogue: epilogue)
      }
      ?? run("backward data", dx, shape.channels) {
        conv2dBackwardData(shape, dy.pointer, weights: weights.pointer, into: $0, accuracy: .direct)
      }
      ?? run("transpose", transposed, shape.channels) {
        let epilogue = Epilogue(bias: channelBias.pointer, activation: .relu)
        conv2dTranspose(shape, dy.pointer, weights: weights.pointer, into: $0, epilogue: epilogue)
      }
      ?? run("backward weights", dw, shape.filters) {
        conv2dBackwardWeights(shape, x: x.pointer, dy: dy.pointer, into: $0, accuracy: .direct)
      }
  }
}

/// Checks all operations on every tier with each number of threads.
func checkConv(_ shape: Conv2DShape, threads: [Int] = [1, 2, 3, 7], seed: UInt64 = 1) {
  let conv = ConvCase(shape, seed: seed)
  for tier in Tier.available {
    for count in threads {
      let mismatch = withTier(tier) { withThreads(count) { conv.mismatch() } }
      #expect(mismatch == nil, "\(tier), \(count) threads")
    }
  }
}

@Suite struct Conv2DTests {
  @Test(arguments: [1, 2, 3, 5], [1, 2, 3]) func kernelsAndStrides(kernel: Int, stride: Int) {
    for (channels, filters) in [(1, 1), (3, 5), (17, 16), (4, 33)] {
      checkConv(.square(2, (7, 6), channels, filters, kernel: kernel, stride: stride, padding: kernel / 2), threads: [1, 3])
      checkConv(.square(1, (5, 9), channels, filters, kernel: kernel, stride: stride), threads: [2])
    }
  }

  @Test(arguments: [1, 2, 3], [1, 2, 4]) func dilationsMeetStrides(dilation: Int, stride: Int) {
    checkConv(.square(2, (11, 8), 3, 4, kernel: 3, stride: stride, padding: 2, dilation: dilation), threads: [1, 2])
    checkConv(
      Conv2DShape(
        batch: 1, height: 9, width: 12, channels: 2, filters: 3, kernelHeight: 2, kernelWidth: 4, strideHeight: stride,
        strideWidth: 1, padding: Padding2D(top: 0, bottom: 2, left: 3, right: 1), dilationHeight: 1, dilationWidth: dilation),
      threads: [3])
  }

  /// More output pixels than go through a product at a time, with few channels, whose padding is copied, and with many.
  @Test(arguments: [
    Conv2DShape.square(3, (20, 19), 3, 5, kernel: 5, padding: 2), .square(2, (30, 28), 1, 20, kernel: 5, padding: 2),
    .square(2, (41, 37), 2, 6, kernel: 3, stride: 2, padding: 2, dilation: 2), .square(9, (7, 7), 5, 9, kernel: 3, padding: 1),
    .square(2, (12, 12), 20, 50, kernel: 5), .square(3, (13, 12), 18, 40, kernel: 4, stride: 2, padding: 2),
    .square(2, (21, 17), 33, 7, kernel: 3, padding: 3, dilation: 3),
  ]) func manyPixels(shape: Conv2DShape) { checkConv(shape, threads: [1, 2, 7]) }

  @Test func groupsSeeTheirOwnChannels() {
    checkConv(.square(2, (6, 5), 6, 4, kernel: 3, padding: 1, groups: 2))
    checkConv(.square(1, (8, 8), 12, 24, kernel: 1, groups: 3), threads: [1, 2])
    checkConv(.square(2, (5, 5), 64, 64, kernel: 3, stride: 2, padding: 1, groups: 32), threads: [1, 2, 3])
    checkConv(.square(1, (6, 7), 34, 34, kernel: 3, padding: 1, groups: 2), threads: [1])
  }

  @Test func oneDimension() {
    checkConv(
      Conv2DShape(
        batch: 3, height: 1, width: 40, channels: 5, filters: 7, kernelHeight: 1, kernelWidth: 5, strideWidth: 2,
        padding: Padding2D(top: 0, bottom: 0, left: 2, right: 2), dilationWidth: 2))
  }

  /// Kernels that see padding only, that do not fit, and sizes of zero.
  @Test func edgesOfTheDefinition() {
    checkConv(.square(1, (1, 1), 2, 3, kernel: 3, padding: 3), threads: [1, 2])
    checkConv(.square(2, (2, 2), 2, 3, kernel: 5), threads: [1, 2])
    checkConv(.square(2, (3, 4), 2, 3, kernel: 1, stride: 5), threads: [1])
    checkConv(.square(0, (4, 4), 2, 3, kernel: 3), threads: [1])
    checkConv(.square(1, (4, 4), 0, 3, kernel: 3), threads: [1])
    checkConv(.square(1, (4, 4), 2, 0, kernel: 3), threads: [1])
    checkConv(.square(1, (0, 4), 2, 3, kernel: 1), threads: [1])
  }

  /// Patches longer than a block of 384, products cut by rows, by columns and by blocks of pixels.
  @Test(arguments: [
    Conv2DShape.square(1, (7, 7), 130, 70, kernel: 3, padding: 1), .square(3, (14, 13), 50, 20, kernel: 3, stride: 2, padding: 1),
    .square(2, (28, 28), 1, 6, kernel: 5), .square(1, (33, 31), 3, 40, kernel: 7, stride: 2, padding: 3),
    .square(2, (12, 12), 40, 100, kernel: 1), .square(2, (13, 12), 40, 100, kernel: 1, stride: 2),
    .square(4, (16, 16), 3, 16, kernel: 3, padding: 1),
  ]) func largerShapes(shape: Conv2DShape) { checkConv(shape) }

  /// Enough pixels that tiles read the images themselves: windows over several small images, over rows of a large one and over
  /// parts of one row; patches with many channels that stick out; images without padding; B in place and packed.
  @Test(arguments: [
    Conv2DShape.square(40, (5, 5), 3, 5, kernel: 3, padding: 1), .square(2, (20, 23), 2, 17, kernel: 5, padding: 2),
    .square(1, (3, 250), 3, 4, kernel: 3, padding: 1), .square(4, (10, 10), 6, 4, kernel: 3, padding: 1, groups: 2),
    .square(3, (9, 9), 70, 20, kernel: 3, padding: 1), .square(3, (21, 19), 66, 30, kernel: 3, stride: 2, padding: 1),
    .square(3, (9, 9), 5, 300, kernel: 2, padding: 1), .square(2, (16, 15), 7, 270, kernel: 3),
    .square(5, (17, 14), 4, 9, kernel: 3, stride: 2, padding: 2, dilation: 2),
    .square(4, (20, 21), 30, 6, kernel: 2, stride: 3, padding: 1),
    Conv2DShape(
      batch: 6, height: 11, width: 13, channels: 3, filters: 8, kernelHeight: 2, kernelWidth: 4,
      padding: Padding2D(top: 0, bottom: 2, left: 3, right: 1), dilationWidth: 2),
  ]) func patchesReadInPlace(shape: Conv2DShape) { checkConv(shape, threads: [1, 2, 7]) }

  /// Gradients of the input that are added up from patches: several blocks of filters, groups, taps that miss the output, strides
  /// beside and beyond dilations and kernels; and at the limit of what goes this way.
  @Test(arguments: [
    Conv2DShape.square(9, (12, 12), 20, 50, kernel: 5), .square(1, (6, 5), 3, 400, kernel: 3, padding: 1),
    .square(2, (9, 8), 6, 34, kernel: 3, padding: 2, dilation: 2, groups: 2),
    .square(1, (15, 13), 3, 8, kernel: 7, stride: 2, padding: 3),
    .square(3, (9, 9), 5, 6, kernel: 2, stride: 4, padding: 1), .square(2, (10, 11), 2, 5, kernel: 3, stride: 2, dilation: 3),
    .square(1, (68, 68), 1, 4, kernel: 4, padding: 2), .square(1, (65, 66), 1, 4, kernel: 4),
  ]) func gradientsFromPatches(shape: Conv2DShape) { checkConv(shape, threads: [1, 2, 3]) }

  /// As many groups as channels would be another kernel's case.
  @Test func randomShapes() {
    var random = SplitMix64(seed: freshSeed("Conv2DTests.randomShapes"))
    for _ in 0..<40 {
      let groups = random.pick([1, 1, 1, 2, 3])
      let shape = Conv2DShape(
        batch: random.index(in: 0...3), height: random.index(in: 1...12), width: random.index(in: 1...12),
        channels: groups * random.index(in: (groups == 1 ? 1 : 2)...random.pick([4, 20])),
        filters: groups * random.index(in: 1...random.pick([4, 40])),
        kernelHeight: random.index(in: 1...4), kernelWidth: random.index(in: 1...4), strideHeight: random.index(in: 1...3),
        strideWidth: random.index(in: 1...3),
        padding: Padding2D(
          top: random.index(in: 0...3), bottom: random.index(in: 0...3), left: random.index(in: 0...3),
          right: random.index(in: 0...3)),
        dilationHeight: random.index(in: 1...3), dilationWidth: random.index(in: 1...3), groups: groups)
      checkConv(shape, threads: [random.pick([1, 2, 3, 7])], seed: random.next() >> 32)
    }
  }
}
