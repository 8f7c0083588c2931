import Reference
import Testing

@testable import Kernels

/// What surrounds the bits of a convolution: memory, accuracy, gradients, special values, refused arguments.
@Suite struct Conv2DPropertyTests {
  @Test func sizesFollowTheFormula() {
    for (input, kernel, stride, before, after, dilation) in [
      (28, 5, 1, 0, 0, 1), (7, 3, 2, 1, 1, 1), (5, 3, 1, 0, 0, 3), (0, 1, 1, 0, 0, 1),
    ] {
      let tried = (0...100).prefix { $0 * stride + (kernel - 1) * dilation < input + before + after }.count
      let size = convolutionOutputSize(
        input, kernel: kernel, stride: stride, paddingBefore: before, paddingAfter: after, dilation: dilation)
      #expect(size == tried)
    }
    for input in 1...9 {
      for (kernel, stride, dilation) in [(1, 1, 1), (3, 1, 1), (4, 2, 1), (3, 2, 2), (2, 3, 1)] {
        let same = samePadding(input, kernel: kernel, stride: stride, dilation: dilation)
        let size = convolutionOutputSize(
          input, kernel: kernel, stride: stride, paddingBefore: same.before, paddingAfter: same.after, dilation: dilation)
        #expect(size == (input + stride - 1) / stride)
        #expect(same.after - same.before == 0 || same.after - same.before == 1)
      }
    }
  }

  @Test func filtersPackedOnOneTierServeAllOthersAndAnyImage() {
    let packedFor = Conv2DShape.square(1, (5, 5), 40, 70, kernel: 3, padding: 1)
    let shape = Conv2DShape.square(2, (6, 9), 40, 70, kernel: 3, padding: 1)
    let x = randomValues(shape.inputCount, seed: 1), weights = randomValues(shape.weightCount, seed: 2)
    let expected = shape.naive.forward(x, weights)
    for tier in Tier.available {
      let filters = withTier(tier) { PackedFilters(packedFor, weights, accuracy: .direct) }
      for other in Tier.available {
        var y = [Float](repeating: .nan, count: shape.outputCount)
        withTier(other) { conv2d(shape, x, filters: filters, into: &y) }
        #expect(bitMismatch(y, expected, columns: shape.filters) == nil, "packed on \(tier), used on \(other)")
      }
    }
  }

  @Test func buffersAreNotReadBeforeTheirStart() {
    for shape in [
      Conv2DShape.square(1, (6, 7), 3, 5, kernel: 3, padding: 1), .square(2, (5, 5), 17, 20, kernel: 3, stride: 2, padding: 1),
      .square(1, (9, 9), 4, 6, kernel: 2, dilation: 2, groups: 2),
    ] {
      let conv = ConvCase(shape, side: .start)
      for tier in Tier.available { #expect(withTier(tier) { conv.mismatch(side: .start) } == nil, "\(tier)") }
    }
  }

  /// The sums of both directions are within k rounding errors of exact ones, and belong together: for a linear map A and
  /// its gradients, <dy, A(x, w)> = <A^T dy, x> = <dw, w>.
  @Test(arguments: [
    Conv2DShape.square(2, (11, 10), 20, 30, kernel: 3, stride: 2, padding: 1), .square(1, (9, 9), 60, 8, kernel: 3, dilation: 2),
    .square(2, (6, 6), 8, 12, kernel: 2, stride: 3, groups: 4),
  ]) func gradientsAreAdjoint(shape: Conv2DShape) {
    let x = randomValues(shape.inputCount, seed: 1), w = randomValues(shape.weightCount, seed: 2)
    let dy = randomValues(shape.outputCount, seed: 3)
    var y = [Float](repeating: 0, count: shape.outputCount), dx = x, dw = w
    conv2d(shape, x, weights: w, into: &y)
    conv2dBackwardData(shape, dy, weights: w, into: &dx)
    conv2dBackwardWeights(shape, x: x, dy: dy, into: &dw)
    func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    let scale = Double(shape.multiplyAdds).squareRoot()
    #expect(abs(dot(dy, y) - dot(dx, x)) < 1e-5 * scale)
    #expect(abs(dot(dy, y) - dot(dw, w)) < 1e-5 * scale)
  }

  @Test(arguments: Tier.available) func errorsStayWithinTheBound(tier: Tier) {
    let shape = Conv2DShape.square(1, (6, 6), 90, 20, kernel: 3, padding: 1)
    let x = randomValues(shape.inputCount, seed: 1), w = randomValues(shape.weightCount, seed: 2)
    var y = [Float](repeating: 0, count: shape.outputCount)
    withTier(tier) { conv2d(shape, x, weights: w, into: &y, accuracy: .direct) }
    let patches = shape.naive.patches(x, group: 0), k = shape.patchLength
    var exact = [Double](repeating: 0, count: y.count), bound = exact
    for i in y.indices {
      for l in 0..<k {
        let product = Double(patches[i / shape.filters * k + l]) * Double(w[l * shape.filters + i % shape.filters])
        exact[i] += product
        bound[i] += abs(product) * Double(k) * 0x1p-24
      }
    }
    #expect(boundMismatch(y, exact, bound: bound) == nil)
  }

  @Test func specialValuesSpread() {
    let shape = Conv2DShape.square(1, (5, 6), 3, 17, kernel: 3, stride: 2, padding: 1)
    for value in [Float.nan, .infinity, -.infinity, .leastNonzeroMagnitude] {
      var x = randomValues(shape.inputCount, seed: 1), w = randomValues(shape.weightCount, seed: 2)
      x[20] = value
      w[30] = value
      let expected = shape.naive.forward(x, w), gradient = shape.naive.backwardWeights(x: x, dy: expected)
      for tier in Tier.available {
        var y = expected, dw = gradient
        withTier(tier) {
          conv2d(shape, x, weights: w, into: &y, accuracy: .direct)
          conv2dBackwardWeights(shape, x: x, dy: expected, into: &dw)
        }
        #expect(bitMismatch(y, expected) == nil && bitMismatch(dw, gradient) == nil, "\(value) \(tier)")
      }
    }
  }

  /// 25,088 patches of 576 values would take 58 MB. What is in use at a time is room for some hundred of them a thread, for
  /// the weights, and for 4 MB of partial sums. (In a process of its own, where nothing else takes working memory.)
  @Test func patchesAreNeverInMemoryAsAWhole() async {
    await #expect(processExitsWith: .success) {
      for stride in 1...2 {
        let shape = Conv2DShape.square(8, (56, 56), 64, 64, kernel: 3, stride: stride, padding: 1)
        let threads = 2
        let x = [Float](repeating: 0.5, count: shape.inputCount), w = [Float](repeating: 0.25, count: shape.weightCount)
        var y = [Float](repeating: 0, count: shape.outputCount), dx = x, dw = w
        let peaks = withThreads(threads) {
          [
            peakScratch { conv2d(shape, x, weights: w, into: &y, accuracy: .direct) },
            peakScratch { conv2dBackwardData(shape, y, weights: w, into: &dx, accuracy: .direct) },
            peakScratch { conv2dBackwardWeights(shape, x: x, dy: y, into: &dw, accuracy: .direct) },
          ]
        }
        // Buffers are powers of two: up to twice what is needed.
        let bound = 2 * (shape.weightCount + threads * 400 * 384) + 1 << 20
        let largest = peaks.max()!
        precondition(largest > 0 && largest <= bound, "stride \(stride): \(peaks) values in use; expected at most \(bound)")
      }
    }
  }

  @Test(arguments: [(2, 3, 5, 7), (1, 1, 1, 1), (3, 16, 17, 33), (0, 2, 2, 2), (2, 40, 40, 3), (1, 2, 3, 100)])
  func layoutsAreConverted(batch: Int, height: Int, width: Int, channels: Int) {
    let count = batch * height * width * channels
    let first = randomValues(count, seed: 1)
    var last = first
    for b in 0..<batch {
      for c in 0..<channels {
        for p in 0..<height * width {
          last[(b * height * width + p) * channels + c] = first[(b * channels + c) * height * width + p]
        }
      }
    }
    // Weights [filters, channels, taps] with batch filters and a kernel of height x width.
    var weights = first
    for f in 0..<batch {
      for c in 0..<channels {
        for t in 0..<height * width { weights[(t * channels + c) * batch + f] = first[(f * channels + c) * height * width + t] }
      }
    }
    everywhere { place in
      var y = [Float](repeating: .nan, count: count)
      convertNCHWToNHWC(batch: batch, height: height, width: width, channels: channels, first, into: &y)
      #expect(y == last, "\(place)")
      convertNHWCToNCHW(batch: batch, height: height, width: width, channels: channels, last, into: &y)
      #expect(y == first, "\(place)")
      convertOIHWToHWIO(filters: batch, channels: channels, kernelHeight: height, kernelWidth: width, first, into: &y)
      #expect(y == weights, "\(place)")
      convertHWIOToOIHW(filters: batch, channels: channels, kernelHeight: height, kernelWidth: width, weights, into: &y)
      #expect(y == first, "\(place)")
    }
  }

  @Test func refusesShapesThatMakeNoSense() async {
    await #expect(processExitsWith: .failure) { runSomehow(.square(1, (4, 4), 3, 4, kernel: 2, groups: 2)) }
    await #expect(processExitsWith: .failure) { runSomehow(.square(1, (4, 4), 2, 4, kernel: 2, stride: 0)) }
    await #expect(processExitsWith: .failure) { runSomehow(.square(1, (4, 4), 2, 4, kernel: 2, dilation: 0)) }
    await #expect(processExitsWith: .failure) { runSomehow(.square(1, (4, 4), 2, 4, kernel: 2, padding: -1)) }
    await #expect(processExitsWith: .failure) { runSomehow(.square(1, (4, 4), 2, 4, kernel: 0)) }
  }

  @Test func refusesOverlapAndForeignFilters() async {
    await #expect(processExitsWith: .failure) {
      var x = [Float](repeating: 0, count: 100)
      x.withUnsafeMutableBufferPointer {
        let p = $0.baseAddress!
        conv2d(.square(1, (4, 4), 1, 1, kernel: 1), p, weights: p + 99, into: p + 15)
      }
    }
    await #expect(processExitsWith: .failure) {
      let weights = [Float](repeating: 0, count: 100), x = weights
      var y = x
      let filters = PackedFilters(.square(1, (4, 4), 1, 1, kernel: 2), weights)
      conv2d(.square(1, (4, 4), 1, 1, kernel: 2, padding: 1), x, filters: filters, into: &y)
    }
  }
}

/// A convolution whose buffers are large enough for anything small.
private func runSomehow(_ shape: Conv2DShape) {
  let x = [Float](repeating: 0, count: 1000), weights = x
  var y = x
  conv2d(shape, x, weights: weights, into: &y)
}

#if compiler(>=6.2)
  @Suite struct Conv2DSpanTests {
    @Test func spansGoTheWayOfPointers() {
      let shape = Conv2DShape.square(2, (5, 4), 3, 6, kernel: 3, stride: 2, padding: 1)
      let x = randomValues(shape.inputCount, seed: 1), w = randomValues(shape.weightCount, seed: 2)
      let dy = randomValues(shape.outputCount, seed: 3), bias = randomValues(shape.filters, seed: 4)
      let naive = shape.naive
      var y = dy, dx = x, dw = w
      var out = y.mutableSpan
      conv2d(shape, x.span, weights: w.span, into: &out)
      #expect(y == naive.forward(x, w))
      out = y.mutableSpan
      conv2d(shape, x.span, weights: w.span, bias: bias.span, into: &out, activation: .relu)
      #expect(y == naive.forward(x, w, bias: bias) { max($0, 0) })
      out = y.mutableSpan
      conv2d(shape, x.span, filters: .packing(shape, w.span), bias: bias.span, into: &out)
      #expect(y == naive.forward(x, w, bias: bias))
      var gradient = dx.mutableSpan
      conv2dBackwardData(shape, dy.span, weights: w.span, into: &gradient)
      #expect(dx == naive.backwardData(dy: dy, w))
      gradient = dx.mutableSpan
      conv2dTranspose(shape, dy.span, weights: w.span, into: &gradient, activation: .relu)
      #expect(dx == naive.backwardData(dy: dy, w).map { max($0, 0) })
      var weightGradient = dw.mutableSpan
      conv2dBackwardWeights(shape, x: x.span, dy: dy.span, into: &weightGradient)
      #expect(dw == naive.backwardWeights(x: x, dy: dy))
    }

    @Test func convertersTakeSpans() {
      let x = randomValues(24, seed: 1)
      var y = x, z = x
      var out = y.mutableSpan
      convertNCHWToNHWC(batch: 2, height: 2, width: 3, channels: 2, x.span, into: &out)
      var back = z.mutableSpan
      convertNHWCToNCHW(batch: 2, height: 2, width: 3, channels: 2, y.span, into: &back)
      #expect(z == x && y != x)
      out = y.mutableSpan
      convertOIHWToHWIO(filters: 2, channels: 2, kernelHeight: 2, kernelWidth: 3, x.span, into: &out)
      back = z.mutableSpan
      convertHWIOToOIHW(filters: 2, channels: 2, kernelHeight: 2, kernelWidth: 3, y.span, into: &back)
      #expect(z == x && y != x)
    }

    @Test func countsThatDifferStopTheProgram() async {
      await #expect(processExitsWith: .failure) {
        let x = [Float](repeating: 0, count: 16)
        var y = [Float](repeating: 0, count: 15)
        var out = y.mutableSpan
        conv2d(.square(1, (4, 4), 1, 1, kernel: 1), x.span, weights: [1].span, into: &out)
      }
    }
  }
#endif
