import Kernels
import Reference
import Testing

/// Convolutions with as many groups as channels. `checkConv` compares every operation with its reference, bit for bit.
@Suite struct DepthwiseTests {
  @Test(arguments: [1, 2, 3, 5, 6], [1, 2, 3]) func kernelsAndStrides(kernel: Int, stride: Int) {
    for (channels, multiplier) in [(2, 1), (16, 1), (17, 1), (33, 1), (5, 2), (16, 3)] {
      let filters = channels * multiplier
      checkConv(
        .square(2, (7, 10), channels, filters, kernel: kernel, stride: stride, padding: kernel / 2, groups: channels),
        threads: [1, 3])
      checkConv(.square(1, (6, 9), channels, filters, kernel: kernel, stride: stride, groups: channels), threads: [2])
    }
  }

  @Test(arguments: [1, 2, 3], [1, 2, 4]) func dilationsMeetStrides(dilation: Int, stride: Int) {
    checkConv(
      .square(2, (11, 8), 18, 18, kernel: 3, stride: stride, padding: 2, dilation: dilation, groups: 18), threads: [1, 2])
    checkConv(
      Conv2DShape(
        batch: 1, height: 9, width: 12, channels: 3, filters: 6, kernelHeight: 2, kernelWidth: 4, strideHeight: stride,
        strideWidth: 1, padding: Padding2D(top: 0, bottom: 2, left: 3, right: 1), dilationHeight: 1, dilationWidth: dilation,
        groups: 3), threads: [3])
  }

  /// Around the four sums of a tile, with taps missing on either side and on both.
  @Test(arguments: 1...13) func widths(width: Int) {
    for kernel in [3, 5] {
      for stride in [1, 2] {
        checkConv(.square(1, (4, width), 16, 16, kernel: kernel, stride: stride, padding: kernel / 2, groups: 16), threads: [1])
      }
    }
  }

  /// Kernels that see padding only, that do not fit, and sizes of zero.
  @Test func edgesOfTheDefinition() {
    checkConv(.square(1, (1, 1), 3, 3, kernel: 3, padding: 3, groups: 3), threads: [1, 2])
    checkConv(.square(2, (2, 2), 3, 6, kernel: 5, groups: 3), threads: [1, 2])
    checkConv(.square(2, (3, 4), 3, 3, kernel: 1, stride: 5, groups: 3), threads: [1])
    checkConv(.square(0, (4, 4), 3, 6, kernel: 3, groups: 3), threads: [1])
    checkConv(.square(1, (4, 4), 2, 0, kernel: 3, groups: 2), threads: [1])
    checkConv(.square(1, (0, 4), 2, 2, kernel: 1, groups: 2), threads: [1])
  }

  /// Strips of channels, weights laid out by vectors, several blocks of rows.
  @Test(arguments: [
    Conv2DShape.square(2, (7, 7), 512, 512, kernel: 3, padding: 1, groups: 512),
    .square(1, (9, 8), 300, 300, kernel: 3, stride: 2, padding: 1, groups: 300),
    .square(1, (5, 300), 4, 4, kernel: 3, padding: 1, groups: 4), .square(3, (28, 28), 20, 20, kernel: 5, padding: 2, groups: 20),
  ]) func largerShapes(shape: Conv2DShape) { checkConv(shape) }

  @Test func randomShapes() {
    var random = SplitMix64(seed: freshSeed("DepthwiseTests.randomShapes"))
    for _ in 0..<40 {
      let channels = random.index(in: 2...random.pick([4, 40]))
      let shape = Conv2DShape(
        batch: random.index(in: 0...3), height: random.index(in: 1...12), width: random.index(in: 1...12), channels: channels,
        filters: channels * random.pick([1, 1, 2, 3]), kernelHeight: random.index(in: 1...6),
        kernelWidth: random.index(in: 1...6), strideHeight: random.index(in: 1...3), strideWidth: random.index(in: 1...3),
        padding: Padding2D(
          top: random.index(in: 0...3), bottom: random.index(in: 0...3), left: random.index(in: 0...3),
          right: random.index(in: 0...3)),
        dilationHeight: random.index(in: 1...3), dilationWidth: random.index(in: 1...3), groups: channels)
      checkConv(shape, threads: [random.pick([1, 2, 3, 7])], seed: random.next() >> 32)
    }
  }

  /// Activations that are not part of the kernel's own epilogue.
  @Test(arguments: [1, 2]) func activations(multiplier: Int) {
    let shape = Conv2DShape.square(2, (6, 7), 19, 19 * multiplier, kernel: 3, padding: 1, groups: 19)
    let x = randomValues(shape.inputCount, seed: 1), w = randomValues(shape.weightCount, seed: 2)
    let plain = shape.naive.forward(x, w)
    var expected = plain
    activate(.tanh, plain, into: &expected, count: plain.count)
    everywhere { place in
      var y = [Float](repeating: .nan, count: shape.outputCount)
      conv2d(shape, x, weights: w, into: &y, epilogue: Epilogue(activation: .tanh))
      #expect(bitMismatch(y, expected) == nil, "\(place)")
    }
  }

  /// <dy, conv(x, w)> = <dx, x> = <dw, w>: the gradients are those of the convolution, in double precision within rounding.
  @Test(arguments: [
    Conv2DShape.square(2, (9, 11), 20, 20, kernel: 3, padding: 1, groups: 20),
    .square(2, (9, 11), 6, 12, kernel: 3, stride: 2, padding: 1, groups: 6),
    .square(1, (12, 9), 17, 17, kernel: 5, stride: 2, padding: 2, dilation: 2, groups: 17),
  ]) func gradientsAreAdjoint(shape: Conv2DShape) {
    let x = randomValues(shape.inputCount, seed: 1), w = randomValues(shape.weightCount, seed: 2)
    let dy = randomValues(shape.outputCount, seed: 3)
    var y = dy, dx = x, dw = w
    conv2d(shape, x, weights: w, into: &y)
    conv2dBackwardData(shape, dy, weights: w, into: &dx)
    conv2dBackwardWeights(shape, x: x, dy: dy, into: &dw)
    func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    let value = dot(dy, y), scale = zip(dy, y).reduce(0) { $0 + abs(Double($1.0) * Double($1.1)) }
    #expect(abs(dot(dx, x) - value) <= 1e-6 * scale)
    #expect(abs(dot(dw, w) - value) <= 1e-6 * scale)
  }
}
