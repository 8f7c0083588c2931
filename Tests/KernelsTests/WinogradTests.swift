import Kernels
import Reference
import Testing

extension Conv2DShape {
  func naiveWinograd(_ m: Int) -> NaiveWinograd {
    NaiveWinograd(
      m: m, batch: batch, height: height, width: width, channels: channels, filters: filters, top: padding.top,
      bottom: padding.bottom, left: padding.left, right: padding.right)
  }
}

/// One Winograd convolution with its inputs and what the reference makes of them.
private struct WinogradCase {
  let shape: Conv2DShape
  let accuracy: ConvAccuracy
  let x, weights, dy, bias, residual: GuardedBuffer<Float>
  let plain, y, gelu, dx, dw: [Float]

  init(_ shape: Conv2DShape, m: Int, seed: UInt64 = 1, side: GuardedBuffer<Float>.Side = .end) {
    self.shape = shape
    accuracy = m == 2 ? .standard : .relaxed
    func buffer(_ count: Int, _ salt: UInt64) -> GuardedBuffer<Float> {
      GuardedBuffer(randomValues(count, seed: seed &* 31 &+ salt), side: side)
    }
    x = buffer(shape.inputCount, 1)
    weights = buffer(shape.weightCount, 2)
    dy = buffer(shape.outputCount, 3)
    bias = buffer(shape.filters, 4)
    residual = buffer(shape.outputCount, 5)
    let naive = shape.naiveWinograd(m)
    plain = naive.forward(x.values, weights.values)
    let (biasValues, filters) = (bias.values, shape.filters)
    let sums = zip(plain.enumerated(), residual.values).map { y, r in y.element + biasValues[y.offset % filters] + r }
    y = sums.map { max($0, 0) }
    gelu = plain.map(naiveGELU)
    dx = naive.backwardData(dy: dy.values, weights.values)
    dw = shape.naiveWinograd(2).backwardWeights(x: x.values, dy: dy.values)
  }

  /// Runs every operation on this thread's tier and compares all bits.
  func mismatch(side: GuardedBuffer<Float>.Side = .end) -> String? {
    func run(_ name: String, _ expected: [Float], _ columns: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) -> String? {
      let out = GuardedBuffer(repeating: Float.nan, count: expected.count, side: side)
      body(out.pointer)
      return bitMismatch(out.values, expected, columns: columns).map { "\(shape) \(accuracy) \(name): \($0)" }
    }
    let epilogue = Epilogue(bias: bias.pointer, residual: residual.pointer, ldr: shape.filters, activation: .relu)
    return run("forward", plain, shape.filters) {
      conv2d(shape, x.pointer, weights: weights.pointer, into: $0, accuracy: accuracy)
    }
      ?? run("GELU", gelu, shape.filters) {
        conv2d(
          shape, x.pointer, weights: weights.pointer, into: $0, accuracy: accuracy, epilogue: Epilogue(activation: .gelu))
      }
      ?? run("packed", y, shape.filters) {
        let filters = PackedFilters(shape, weights.pointer, accuracy: accuracy)
        conv2d(shape, x.pointer, filters: filters, into: $0, epilogue: epilogue)
      }
      ?? run("backward data", dx, shape.channels) {
        conv2dBackwardData(shape, dy.pointer, weights: weights.pointer, into: $0, accuracy: accuracy)
      }
      ?? run("backward weights", dw, shape.filters) {
        conv2dBackwardWeights(shape, x: x.pointer, dy: dy.pointer, into: $0, accuracy: accuracy)
      }
  }
}

/// Checks all operations on every tier with each number of threads.
private func checkWinograd(_ shape: Conv2DShape, m: Int, threads: [Int] = [1, 2, 3, 7], seed: UInt64 = 1) {
  let conv = WinogradCase(shape, m: m, seed: seed)
  for tier in Tier.available {
    for count in threads {
      let mismatch = withTier(tier) { withThreads(count) { conv.mismatch() } }
      #expect(mismatch == nil, "\(tier), \(count) threads")
    }
  }
}

@Suite struct WinogradTests {
  /// Images down to one pixel, outputs that end inside a tile, whole and partial vectors of channels and filters.
  @Test(arguments: [2, 4], [(1, 1), (2, 2), (3, 3), (4, 7), (7, 4), (9, 10)]) func smallImages(m: Int, size: (Int, Int)) {
    for (channels, filters) in [(16, 17), (33, 18)] {
      for padding in 0...2 where min(size.0, size.1) + 2 * padding >= 3 {
        checkWinograd(.square(2, size, channels, filters, kernel: 3, padding: padding), m: m, threads: [1, 3])
      }
    }
  }

  @Test(arguments: [2, 4]) func paddingOfEverySideAndBeyondTheKernel(m: Int) {
    for (top, bottom, left, right) in [(0, 1, 2, 0), (2, 0, 0, 1), (1, 2, 3, 4), (5, 0, 0, 6)] {
      var shape = Conv2DShape.square(1, (6, 5), 16, 20, kernel: 3)
      shape.padding = Padding2D(top: top, bottom: bottom, left: left, right: right)
      checkWinograd(shape, m: m, threads: [1, 2])
    }
  }

  /// Sums cut at 384 channels; few tiles and many filters, many tiles and few filters, cut for threads and caches.
  @Test(arguments: [2, 4]) func largerShapes(m: Int) {
    checkWinograd(.square(1, (3, 3), 385, 17, kernel: 3, padding: 1), m: m, threads: [1, 2])
    checkWinograd(.square(1, (3, 3), 18, 400, kernel: 3, padding: 1), m: m)
    checkWinograd(.square(3, (29, 30), 16, 16, kernel: 3, padding: 1), m: m)
    checkWinograd(.square(1, (4, 4), 200, 300, kernel: 3), m: m, threads: [7])
  }

  /// Gradients of weights: tiles cut into spans and at every 64; pieces of channels and filters; no tiles at all.
  @Test func manyTilesAndManyChannels() {
    checkWinograd(.square(5, (21, 20), 16, 17, kernel: 3, padding: 1), m: 2)
    checkWinograd(.square(1, (5, 6), 130, 260, kernel: 3, padding: 1), m: 2, threads: [1, 2])
    let none = Conv2DShape.square(0, (4, 4), 16, 16, kernel: 3)
    var dw = [Float](repeating: .nan, count: none.weightCount)
    conv2dBackwardWeights(none, x: [], dy: [], into: &dw)
    #expect(dw.allSatisfy { $0 == 0 })
  }

  @Test(arguments: [2, 4], GuardedBuffer<Float>.Side.allCases) func nothingOutsideTheArraysIsTouched(
    m: Int, side: GuardedBuffer<Float>.Side
  ) {
    for shape in [Conv2DShape.square(2, (5, 6), 17, 19, kernel: 3, padding: 1), .square(1, (4, 4), 31, 16, kernel: 3)] {
      let conv = WinogradCase(shape, m: m, side: side)
      everywhere { place in
        let mismatch = conv.mismatch(side: side)
        #expect(mismatch == nil, "\(place)")
      }
    }
  }

  /// Only 3 x 3 without strides, dilations and groups, and enough channels and filters.
  @Test func otherConvolutionsAreDirect() {
    var shapes = [Conv2DShape.square(1, (8, 8), 16, 15, kernel: 3), .square(1, (8, 8), 15, 16, kernel: 3)]
    shapes += [.square(1, (8, 8), 32, 32, kernel: 3, stride: 2), .square(1, (8, 8), 32, 32, kernel: 3, dilation: 2)]
    shapes += [.square(1, (8, 8), 32, 32, kernel: 3, groups: 2), .square(1, (8, 8), 16, 16, kernel: 5)]
    for shape in shapes {
      let x = randomValues(shape.inputCount, seed: 1), w = randomValues(shape.weightCount, seed: 2)
      let expected = shape.naive.forward(x, w)
      for accuracy in [ConvAccuracy.standard, .relaxed] {
        var y = [Float](repeating: .nan, count: shape.outputCount)
        conv2d(shape, x, weights: w, into: &y, accuracy: accuracy)
        let mismatch = bitMismatch(y, expected)
        #expect(mismatch == nil, "\(shape)")
      }
    }
  }

  /// Filters packed once serve images of any size.
  @Test func packedFiltersServeEverySize() {
    var shape = Conv2DShape.square(1, (8, 8), 16, 32, kernel: 3, padding: 1)
    let w = randomValues(shape.weightCount, seed: 2)
    let filters = PackedFilters(shape, w)
    (shape.batch, shape.height, shape.width) = (2, 5, 11)
    let x = randomValues(shape.inputCount, seed: 1)
    var y = [Float](repeating: .nan, count: shape.outputCount)
    conv2d(shape, x, filters: filters, into: &y)
    let mismatch = bitMismatch(y, shape.naiveWinograd(2).forward(x, w))
    #expect(mismatch == nil)
  }

  /// The largest error, for inputs of deviation 1 and weights that keep it: F(2x2) is as good as a plain product, F(4x4) stays
  /// within ten times that. The bounds are those of docs/NUMERICS.md.
  @Test(arguments: [16, 64, 256]) func errorsAgainstDoublePrecision(channels: Int) {
    let shape = Conv2DShape.square(1, (14, 14), channels, 16, kernel: 3, padding: 1)
    let deviation = 3 / Float(9 * channels).squareRoot()  // of uniform values in -1 ... 1, times the square root of 3
    let x = randomValues(shape.inputCount, seed: 5, in: -1.7320508...1.7320508)
    let w = randomValues(shape.weightCount, seed: 6, in: -deviation / 1.7320508...deviation / 1.7320508)
    let exact = naiveConv64(shape, x, w)
    func error(_ accuracy: ConvAccuracy) -> Double {
      var y = [Float](repeating: 0, count: shape.outputCount)
      conv2d(shape, x, weights: w, into: &y, accuracy: accuracy)
      return zip(y, exact).map { abs(Double($0) - $1) }.max()!
    }
    let (direct, standard, relaxed) = (error(.direct), error(.standard), error(.relaxed))
    #expect(standard < 4e-6, "F(2x2): \(standard), direct \(direct)")
    #expect(relaxed < 2e-5, "F(4x4): \(relaxed), direct \(direct)")
    #expect(standard < 2 * direct && relaxed < 12 * direct, "direct \(direct), F(2x2) \(standard), F(4x4) \(relaxed)")
  }

  /// The gradient of the weights is as good as the plain product, too.
  @Test(arguments: [(4, 14, 16), (1, 28, 40)]) func errorsOfTheGradientOfTheWeights(batch: Int, size: Int, channels: Int) {
    let shape = Conv2DShape.square(batch, (size, size), channels, 16, kernel: 3, padding: 1)
    let x = randomValues(shape.inputCount, seed: 7), dy = randomValues(shape.outputCount, seed: 8)
    let patches = shape.naive.patches(x, group: 0), k = 9 * channels
    let exact: [Double] = (0..<shape.weightCount).map { at in
      var sum = 0.0
      for row in 0..<dy.count / 16 { sum += Double(patches[row * k + at / 16]) * Double(dy[row * 16 + at % 16]) }
      return sum
    }
    func error(_ accuracy: ConvAccuracy) -> Double {
      var dw = [Float](repeating: 0, count: shape.weightCount)
      conv2dBackwardWeights(shape, x: x, dy: dy, into: &dw, accuracy: accuracy)
      return zip(dw, exact).map { abs(Double($0) - $1) }.max()!
    }
    let (direct, standard) = (error(.direct), error(.standard))
    #expect(standard < 2 * direct && standard < 4e-5, "direct \(direct), F(3x3, 2x2) \(standard)")
  }

  private func naiveConv64(_ shape: Conv2DShape, _ x: [Float], _ w: [Float]) -> [Double] {
    let patches = shape.naive.patches(x, group: 0), k = 9 * shape.channels
    return (0..<shape.outputCount).map { at in
      let (row, f) = at.quotientAndRemainder(dividingBy: shape.filters)
      return (0..<k).reduce(0) { $0 + Double(patches[row * k + $1]) * Double(w[$1 * shape.filters + f]) }
    }
  }

  @Test func randomShapes() {
    var random = SplitMix64(seed: freshSeed("WinogradTests.randomShapes"))
    for _ in 0..<30 {
      let shape = Conv2DShape(
        batch: random.index(in: 1...3), height: random.index(in: 3...12), width: random.index(in: 3...12),
        channels: random.index(in: 16...random.pick([20, 70])), filters: random.index(in: 16...random.pick([20, 70])),
        kernelHeight: 3, kernelWidth: 3,
        padding: Padding2D(
          top: random.index(in: 0...2), bottom: random.index(in: 0...2), left: random.index(in: 0...2),
          right: random.index(in: 0...2)))
      checkWinograd(shape, m: random.pick([2, 4]), threads: [random.pick([1, 2, 3, 7])], seed: random.next() >> 32)
    }
  }
}
