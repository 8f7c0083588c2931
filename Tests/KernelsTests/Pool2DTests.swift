import Kernels
import Reference
import Testing

extension Pool2DShape {
  fileprivate func naive(countsPadding: Bool = false) -> NaivePool {
    NaivePool(
      batch: batch, height: height, width: width, channels: channels,
      rows: NaivePool.windows(
        height, size: poolHeight, stride: strideHeight, before: padding.top, after: padding.bottom, roundsUp: roundsUp,
        countsPadding: countsPadding),
      columns: NaivePool.windows(
        width, size: poolWidth, stride: strideWidth, before: padding.left, after: padding.right, roundsUp: roundsUp,
        countsPadding: countsPadding))
  }

  fileprivate static func square(
    _ batch: Int, _ size: (Int, Int), _ channels: Int, pool: Int, stride: Int, padding: Int = 0, roundsUp: Bool = false
  ) -> Pool2DShape {
    Pool2DShape(
      batch: batch, height: size.0, width: size.1, channels: channels, poolHeight: pool, poolWidth: pool, strideHeight: stride,
      strideWidth: stride, padding: Padding2D(padding), roundsUp: roundsUp)
  }
}

/// Runs `body` into a guarded buffer and compares.
private func mismatch(_ expected: [Float], _ body: (UnsafeMutablePointer<Float>) -> Void) -> String? {
  let out = GuardedBuffer(repeating: Float.nan, count: expected.count)
  body(out.pointer)
  return bitMismatch(out.values, expected)
}

/// All operations of a shape on every tier and with each number of threads.
private func checkPool(_ shape: Pool2DShape, x values: [Float]? = nil, seed: UInt64 = 1) {
  let x = GuardedBuffer(values ?? randomIntegers(shape.inputCount, seed: seed, in: -4...4))
  let naive = shape.naive()
  #expect(naive.rows.count == shape.outputHeight && naive.columns.count == shape.outputWidth || shape.inputCount == 0)
  let dy = GuardedBuffer(randomValues(shape.outputCount, seed: seed &+ 1))
  let (y, places) = naive.maximum(x.values)
  let dx = naive.maximumGradient(dy: dy.values, indices: places)
  let averages = [false, true].map { countsPadding in
    let naive = shape.naive(countsPadding: countsPadding)
    return (countsPadding, naive.average(x.values), naive.averageGradient(dy: dy.values))
  }
  everywhere { place in
    let indices = GuardedBuffer(repeating: Int32(-1), count: shape.outputCount)
    #expect(mismatch(y) { maxPool2d(shape, x.pointer, into: $0, indices: indices.pointer) } == nil, "\(place), \(shape)")
    #expect(indices.values == places, "\(place), \(shape)")
    #expect(mismatch(y) { maxPool2d(shape, x.pointer, into: $0, indices: nil) } == nil, "\(place), \(shape)")
    #expect(
      mismatch(dx) { maxPool2dGradient(shape, dy: dy.pointer, indices: indices.pointer, into: $0) } == nil, "\(place), \(shape)")
    for (countsPadding, y, dx) in averages {
      #expect(
        mismatch(y) { averagePool2d(shape, x.pointer, into: $0, countsPadding: countsPadding) } == nil, "\(place), \(shape)")
      #expect(
        mismatch(dx) { averagePool2dGradient(shape, dy: dy.pointer, into: $0, countsPadding: countsPadding) } == nil,
        "\(place), \(shape)")
    }
  }
}

@Suite struct Pool2DTests {
  @Test(arguments: [1, 2, 3, 4], [1, 2, 3]) func windowsAndStrides(pool: Int, stride: Int) {
    for channels in [1, 16, 19] {
      checkPool(.square(2, (7, 6), channels, pool: pool, stride: stride))
      checkPool(.square(1, (8, 5), channels, pool: pool, stride: stride, padding: pool / 2, roundsUp: true))
    }
  }

  @Test func paddingOnEachSide() {
    for roundsUp in [false, true] {
      checkPool(
        Pool2DShape(
          batch: 2, height: 9, width: 7, channels: 5, poolHeight: 4, poolWidth: 3, strideHeight: 3, strideWidth: 2,
          padding: Padding2D(top: 3, bottom: 1, left: 0, right: 2), roundsUp: roundsUp))
    }
  }

  @Test func sizesOfZeroAndWindowsThatDoNotFit() {
    checkPool(.square(0, (4, 4), 3, pool: 2, stride: 2))
    checkPool(.square(2, (4, 4), 0, pool: 2, stride: 2))
    checkPool(.square(2, (0, 4), 3, pool: 2, stride: 2, padding: 1))
    checkPool(.square(2, (2, 2), 3, pool: 3, stride: 1))
  }

  @Test func manyRows() { checkPool(.square(3, (40, 41), 33, pool: 3, stride: 2, padding: 1)) }

  /// PyTorch's answers.
  @Test func outputSizes() {
    func size(_ n: Int, _ pool: Int, _ stride: Int, _ padding: Int, _ roundsUp: Bool) -> Int {
      poolOutputSize(n, pool: pool, stride: stride, paddingBefore: padding, paddingAfter: padding, roundsUp: roundsUp)
    }
    #expect(size(7, 2, 2, 0, false) == 3 && size(7, 2, 2, 0, true) == 4)
    #expect(size(112, 3, 2, 1, false) == 56 && size(112, 3, 2, 1, true) == 57)
    #expect(size(3, 2, 3, 1, true) == 2 && size(5, 1, 3, 0, true) == 2 && size(2, 1, 3, 0, true) == 1)
  }

  /// Of equals the first, a NaN always, of several the last.
  @Test func tiesAndNaN() {
    let shape = Pool2DShape(
      batch: 1, height: 1, width: 4, channels: 6, poolHeight: 1, poolWidth: 4, strideHeight: 1, strideWidth: 1)
    let pixels: [[Float]] = [
      [1, 1, .nan, -.infinity, -0.0, 1], [2, 1, 5, -.infinity, 0, .nan], [2, 0, 9, -.infinity, -0.0, .nan],
      [1, 1, 0, -.infinity, 0, 7],
    ]
    checkPool(shape, x: pixels.flatMap { $0 })
    var y = [Float](repeating: 0, count: 6), indices = [Int32](repeating: 0, count: 6)
    maxPool2d(shape, pixels.flatMap { $0 }, into: &y, indices: &indices)
    #expect(indices == [1, 0, 0, 0, 0, 2])
    #expect(y[2].isNaN && y[5].isNaN && y[4].sign == .minus && y[3] == -.infinity)
  }

  @Test func globalPools() {
    for (batch, positions, channels) in [(2, 49, 37), (1, 300, 5), (3, 1, 16), (2, 4, 0), (0, 4, 3)] {
      let count = batch * positions * channels
      let x = GuardedBuffer(randomValues(count, seed: 1)), dy = GuardedBuffer(randomValues(batch * channels, seed: 2))
      let mean = naiveAlongAxis(outer: batch, n: positions, inner: channels, x.values) {
        naiveReduce(.mean, $0, isContiguous: false)
      }
      let naive = NaivePool(
        batch: batch, height: positions, width: 1, channels: channels, rows: [(0..<positions, positions)], columns: [(0..<1, 1)])
      let (y, places) = naive.maximum(x.values)
      everywhere { place in
        #expect(
          mismatch(mean) { globalAveragePool(batch: batch, positions: positions, channels: channels, x.pointer, into: $0) } == nil
        )
        #expect(
          mismatch(naive.averageGradient(dy: dy.values)) {
            globalAveragePoolGradient(batch: batch, positions: positions, channels: channels, dy: dy.pointer, into: $0)
          } == nil, "\(place)")
        let indices = GuardedBuffer(repeating: Int32(-1), count: places.count)
        #expect(
          mismatch(y) {
            globalMaxPool(
              batch: batch, positions: positions, channels: channels, x.pointer, into: $0, indices: indices.pointer)
          } == nil, "\(place)")
        #expect(indices.values == places)
        #expect(
          mismatch(naive.maximumGradient(dy: dy.values, indices: places)) {
            globalMaxPoolGradient(
              batch: batch, positions: positions, channels: channels, dy: dy.pointer, indices: indices.pointer, into: $0)
          } == nil, "\(place)")
      }
    }
  }

  @Test func adaptivePools() {
    for (size, output) in [((7, 6), (3, 4)), ((3, 4), (5, 7)), ((8, 8), (1, 1)), ((5, 5), (5, 5)), ((4, 4), (0, 2))] {
      let (batch, channels) = (2, 18)
      let naive = NaivePool(
        batch: batch, height: size.0, width: size.1, channels: channels,
        rows: NaivePool.adaptiveWindows(size.0, count: output.0), columns: NaivePool.adaptiveWindows(size.1, count: output.1))
      let x = GuardedBuffer(randomValues(batch * size.0 * size.1 * channels, seed: 1))
      let dy = GuardedBuffer(randomValues(batch * output.0 * output.1 * channels, seed: 2))
      everywhere { place in
        #expect(
          mismatch(naive.average(x.values)) {
            adaptiveAveragePool2d(
              batch: batch, height: size.0, width: size.1, channels: channels, outputHeight: output.0, outputWidth: output.1,
              x.pointer, into: $0)
          } == nil, "\(place), \(size) to \(output)")
        #expect(
          mismatch(naive.averageGradient(dy: dy.values)) {
            adaptiveAveragePool2dGradient(
              batch: batch, height: size.0, width: size.1, channels: channels, outputHeight: output.0, outputWidth: output.1,
              dy: dy.pointer, into: $0)
          } == nil, "\(place), \(size) to \(output)")
      }
    }
  }

  #if compiler(>=6.2)
    @Test func spans() {
      let shape = Pool2DShape.square(2, (5, 6), 3, pool: 2, stride: 2)
      let x = randomValues(shape.inputCount, seed: 1), dy = randomValues(shape.outputCount, seed: 2)
      let naive = shape.naive(), (maxima, places) = naive.maximum(x)
      var y = dy, dx = x, indices = [Int32](repeating: 0, count: places.count)
      var output = y.mutableSpan, gradient = dx.mutableSpan, places32 = indices.mutableSpan
      maxPool2d(shape, x.span, into: &output, indices: &places32)
      maxPool2dGradient(shape, dy: dy.span, indices: places.span, into: &gradient)
      #expect(y == maxima && indices == places && dx == naive.maximumGradient(dy: dy, indices: places))
      output = y.mutableSpan
      gradient = dx.mutableSpan
      averagePool2d(shape, x.span, into: &output, countsPadding: false)
      averagePool2dGradient(shape, dy: dy.span, into: &gradient, countsPadding: false)
      #expect(y == naive.average(x) && dx == naive.averageGradient(dy: dy))
    }
  #endif

  @Test func wrongShapesStopTheProgram() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var y: [Float] = [0]
      let shape = Pool2DShape(
        batch: 1, height: 2, width: 2, channels: 1, poolHeight: 2, poolWidth: 2, strideHeight: 1, strideWidth: 1,
        padding: Padding2D(2))
      maxPool2d(shape, [0, 0, 0, 0], into: &y, indices: nil)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("padding 2, 2, 2, 2 (top, bottom, left, right) with pool 2 x 2"))
    await #expect(processExitsWith: .failure) {
      var x: [Float] = [0, 0, 0, 0]
      let shape = Pool2DShape(
        batch: 1, height: 2, width: 2, channels: 1, poolHeight: 1, poolWidth: 1, strideHeight: 1, strideWidth: 1)
      x.withUnsafeMutableBufferPointer {
        averagePool2d(shape, $0.baseAddress!, into: $0.baseAddress! + 1, countsPadding: false)
      }
    }
    #if compiler(>=6.2)
      await #expect(processExitsWith: .failure) {
        var y: [Float] = [0]
        var output = y.mutableSpan
        globalAveragePool(batch: 1, positions: 2, channels: 2, [0, 0, 0].span, into: &output)
      }
    #endif
    await #expect(processExitsWith: .failure) {
      var y: [Float] = [0]
      globalMaxPool(batch: 1, positions: 0, channels: 1, [0], into: &y, indices: nil)
    }
  }
}
