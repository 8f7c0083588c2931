#if compiler(>=6.2)
  import Kernels
  import Reference
  import Testing

  /// Expects that a span form writes the bits of its pointer form over the same `start`.
  private func expectSame(
    _ name: String, from start: [Float], spans: (inout MutableSpan<Float>) -> Void,
    pointers: (UnsafeMutablePointer<Float>) -> Void
  ) {
    var actual = start, expected = start
    var span = actual.mutableSpan
    spans(&span)
    expected.withUnsafeMutableBufferPointer { pointers($0.baseAddress!) }
    #expect(bitMismatch(actual, expected) == nil, "\(name)")
  }

  @Suite struct SpanTests {
    private let x = randomValues(12, seed: 1), y = randomValues(12, seed: 2), zero = [Float](repeating: 0, count: 12)
    private let row: [Float] = [1, 2, 3, 4], column: [Float] = [5, 6, 7]

    @Test func elementwiseFunctionsTakeSpans() {
      expectSame("add", from: zero) {
        add(x.span, y.span, into: &$0)
      } pointers: {
        add(x, y, into: $0, count: 12)
      }
      expectSame("subtract", from: zero) {
        subtract(x.span, y.span, into: &$0)
      } pointers: {
        subtract(x, y, into: $0, count: 12)
      }
      expectSame("multiply", from: zero) {
        multiply(x.span, y.span, into: &$0)
      } pointers: {
        multiply(x, y, into: $0, count: 12)
      }
      expectSame("divide", from: zero) {
        divide(x.span, y.span, into: &$0)
      } pointers: {
        divide(x, y, into: $0, count: 12)
      }
      expectSame("scale", from: zero) {
        scale(3, x.span, into: &$0)
      } pointers: {
        scale(3, x, into: $0, count: 12)
      }
      expectSame("axpy", from: y) {
        axpy(3, x.span, into: &$0)
      } pointers: {
        axpy(3, x, into: $0, count: 12)
      }
      expectSame("clamp", from: zero) {
        clamp(x.span, lower: -0.5, upper: 0.5, into: &$0)
      } pointers: {
        clamp(x, lower: -0.5, upper: 0.5, into: $0, count: 12)
      }
      let bytes: [UInt8] = (0..<12).map { $0 * 20 }
      expectSame("scaleBytes", from: zero) {
        scaleBytes(bytes.span, scale: 0.1, into: &$0)
      } pointers: {
        scaleBytes(bytes, scale: 0.1, into: $0, count: 12)
      }
    }

    @Test func broadcastsAndGathersTakeSpans() {
      expectSame("addRow", from: zero) {
        addRow(rows: 3, x.span, row: row.span, into: &$0)
      } pointers: {
        addRow(rows: 3, columns: 4, x, ldx: 4, row: row, into: $0, ldy: 4)
      }
      expectSame("multiplyRow", from: zero) {
        multiplyRow(rows: 3, x.span, row: row.span, into: &$0)
      } pointers: {
        multiplyRow(rows: 3, columns: 4, x, ldx: 4, row: row, into: $0, ldy: 4)
      }
      expectSame("addColumn", from: zero) {
        addColumn(columns: 4, x.span, column: column.span, into: &$0)
      } pointers: {
        addColumn(rows: 3, columns: 4, x, ldx: 4, column: column, into: $0, ldy: 4)
      }
      expectSame("multiplyColumn", from: zero) {
        multiplyColumn(columns: 4, x.span, column: column.span, into: &$0)
      } pointers: {
        multiplyColumn(rows: 3, columns: 4, x, ldx: 4, column: column, into: $0, ldy: 4)
      }
      let indices: [Int32] = [2, 0, 2]
      expectSame("gatherRows", from: zero) {
        gatherRows(columns: 4, x.span, indices: indices.span, into: &$0)
      } pointers: {
        gatherRows(rows: 3, columns: 4, x, lds: 4, indices: indices, into: $0, ldy: 4)
      }
    }

    @Test func reductionsTakeSpans() {
      let s = x.span
      #expect(sum(s) == sum(x, count: 12) && mean(s) == mean(x, count: 12) && variance(s) == variance(x, count: 12))
      #expect(maximum(s) == maximum(x, count: 12) && argmax(s) == argmax(x, count: 12) && isFinite(s))
      #expect(norm1(s) == norm1(x, count: 12) && norm2(s) == norm2(x, count: 12))
      #expect(normInfinity(s) == normInfinity(x, count: 12) && dot(s, y.span) == dot(x, y, count: 12))
      expectSame("reduce", from: [0, 0, 0, 0]) {
        reduce(.variance, outer: 1, n: 3, inner: 4, x.span, into: &$0)
      } pointers: {
        reduce(.variance, outer: 1, n: 3, inner: 4, x, into: $0)
      }
      var places: [Int32] = [9, 9, 9]
      var span = places.mutableSpan
      argmax(outer: 3, n: 4, inner: 1, x.span, into: &span)
      #expect(places == (0..<3).map { i in Int32(argmax(Array(x[4 * i..<4 * i + 4]), count: 4)) })
    }

    @Test func activationsTakeSpans() {
      let positive = x.map { abs($0) + 0.1 }
      expectSame("silu", from: zero) {
        activate(.silu, x.span, into: &$0)
      } pointers: {
        activate(.silu, x, into: $0, count: 12)
      }
      expectSame("silu gradient", from: zero) {
        activationGradient(.silu, x: x.span, dy: y.span, into: &$0)
      } pointers: {
        activationGradient(.silu, x: x, y: nil, dy: y, into: $0, count: 12)
      }
      expectSame("tanh gradient", from: zero) {
        activationGradient(.tanh, y: x.span, dy: y.span, into: &$0)
      } pointers: {
        activationGradient(.tanh, x: nil, y: x, dy: y, into: $0, count: 12)
      }
      expectSame("exp", from: zero) {
        exp(x.span, into: &$0)
      } pointers: {
        exp(x, into: $0, count: 12)
      }
      expectSame("log", from: zero) {
        log(positive.span, into: &$0)
      } pointers: {
        log(positive, into: $0, count: 12)
      }
      expectSame("erf", from: zero) {
        erf(x.span, into: &$0)
      } pointers: {
        erf(x, into: $0, count: 12)
      }
    }

    @Test func softmaxTakesSpans() {
      expectSame("softmax", from: zero) {
        softmax(rows: 3, columns: 4, x.span, into: &$0)
      } pointers: {
        softmax(rows: 3, columns: 4, x, ldx: 4, into: $0, ldy: 4)
      }
      expectSame("logSoftmax", from: zero) {
        logSoftmax(rows: 3, columns: 4, x.span, into: &$0)
      } pointers: {
        logSoftmax(rows: 3, columns: 4, x, ldx: 4, into: $0, ldy: 4)
      }
      expectSame("softmaxGradient", from: zero) {
        softmaxGradient(rows: 3, columns: 4, y: x.span, dy: y.span, into: &$0)
      } pointers: {
        softmaxGradient(rows: 3, columns: 4, y: x, ldy: 4, dy: y, lddy: 4, into: $0, lddx: 4)
      }
      expectSame("logSoftmaxGradient", from: zero) {
        logSoftmaxGradient(rows: 3, columns: 4, y: x.span, dy: y.span, into: &$0)
      } pointers: {
        logSoftmaxGradient(rows: 3, columns: 4, y: x, ldy: 4, dy: y, lddy: 4, into: $0, lddx: 4)
      }
    }

    @Test func lossesTakeSpans() {
      let labels: [Int32] = [0, 3, 1]
      func expectSameLoss(
        _ name: String, losses n: Int, spans: (inout MutableSpan<Float>, inout MutableSpan<Float>) -> Void,
        pointers: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
      ) {
        var losses = [Float](repeating: 0, count: n), gradient = zero, expected = losses, expectedGradient = zero
        var a = losses.mutableSpan, b = gradient.mutableSpan
        spans(&a, &b)
        pointers(&expected, &expectedGradient)
        #expect(losses == expected && gradient == expectedGradient, "\(name)")
      }
      expectSameLoss("labels", losses: 3) {
        softmaxCrossEntropy(columns: 4, logits: x.span, labels: labels.span, labelSmoothing: 0.1, losses: &$0, gradient: &$1)
      } pointers: {
        softmaxCrossEntropy(
          rows: 3, columns: 4, logits: x, ld: 4, labels: labels, labelSmoothing: 0.1, losses: $0, gradient: $1, ldg: 4)
      }
      expectSameLoss("targets", losses: 3) {
        softmaxCrossEntropy(columns: 4, logits: x.span, targets: y.span, gradientScale: 0.5, losses: &$0, gradient: &$1)
      } pointers: {
        softmaxCrossEntropy(
          rows: 3, columns: 4, logits: x, ld: 4, targets: y, ldt: 4, gradientScale: 0.5, losses: $0, gradient: $1, ldg: 4)
      }
      expectSameLoss("sigmoidCrossEntropy", losses: 12) {
        sigmoidCrossEntropy(logits: x.span, targets: y.span, losses: &$0, gradient: &$1)
      } pointers: {
        sigmoidCrossEntropy(count: 12, logits: x, targets: y, losses: $0, gradient: $1)
      }
      expectSameLoss("squaredError", losses: 12) {
        squaredError(predictions: x.span, targets: y.span, losses: &$0, gradient: &$1)
      } pointers: {
        squaredError(count: 12, predictions: x, targets: y, losses: $0, gradient: $1)
      }
    }

    @Test func updatesTakeSpans() {
      let o = UpdateSettings(learningRate: 0.1, weightDecay: 0.01)
      expectSame("sgd", from: x) {
        sgdUpdate(o, &$0, gradient: y.span)
      } pointers: {
        sgdUpdate(count: 12, o, $0, gradient: y)
      }
      expectSame("average", from: x) {
        averageUpdate(momentum: 0.9, y.span, average: &$0)
      } pointers: {
        averageUpdate(count: 12, momentum: 0.9, y, average: $0)
      }
      var (m1, v1, m2, v2) = (zero, zero, zero, zero)
      expectSame("momentum", from: x) {
        var v = m1.mutableSpan
        momentumUpdate(o, momentum: 0.9, nesterov: true, isFirstStep: false, &$0, gradient: y.span, velocity: &v)
      } pointers: {
        momentumUpdate(count: 12, o, momentum: 0.9, nesterov: true, isFirstStep: false, $0, gradient: y, velocity: &m2)
      }
      expectSame("adagrad", from: x) {
        var v = v1.mutableSpan
        adagradUpdate(o, epsilon: 0.1, &$0, gradient: y.span, sums: &v)
      } pointers: {
        adagradUpdate(count: 12, o, epsilon: 0.1, $0, gradient: y, sums: &v2)
      }
      expectSame("rmsprop", from: x) {
        var v = v1.mutableSpan
        rmspropUpdate(o, rho: 0.9, epsilon: 0.1, &$0, gradient: y.span, squares: &v)
      } pointers: {
        rmspropUpdate(count: 12, o, rho: 0.9, epsilon: 0.1, $0, gradient: y, squares: &v2)
      }
      #expect(m1 == m2 && v1 == v2)
      (m1, m2) = (v1, v2)
      expectSame("adadelta", from: x) {
        var u = m1.mutableSpan, v = v1.mutableSpan
        adadeltaUpdate(o, rho: 0.9, epsilon: 0.1, &$0, gradient: y.span, squares: &v, updates: &u)
      } pointers: {
        adadeltaUpdate(count: 12, o, rho: 0.9, epsilon: 0.1, $0, gradient: y, squares: &v2, updates: &m2)
      }
      expectSame("adam", from: x) {
        var m = m1.mutableSpan, v = v1.mutableSpan
        adamUpdate(o, beta1: 0.9, beta2: 0.99, epsilon: 0.1, step: 3, &$0, gradient: y.span, m: &m, v: &v)
      } pointers: {
        adamUpdate(count: 12, o, beta1: 0.9, beta2: 0.99, epsilon: 0.1, step: 3, $0, gradient: y, m: &m2, v: &v2)
      }
      expectSame("adamax", from: x) {
        var m = m1.mutableSpan, v = v1.mutableSpan
        adamaxUpdate(o, beta1: 0.9, beta2: 0.99, epsilon: 0.1, step: 3, &$0, gradient: y.span, m: &m, u: &v)
      } pointers: {
        adamaxUpdate(count: 12, o, beta1: 0.9, beta2: 0.99, epsilon: 0.1, step: 3, $0, gradient: y, m: &m2, u: &v2)
      }
      expectSame("nadam", from: x) {
        var m = m1.mutableSpan, v = v1.mutableSpan
        nadamUpdate(o, beta1: 0.9, beta2: 0.99, epsilon: 0.1, momentumDecay: 1, step: 3, &$0, gradient: y.span, m: &m, v: &v)
      } pointers: {
        nadamUpdate(
          count: 12, o, beta1: 0.9, beta2: 0.99, epsilon: 0.1, momentumDecay: 1, step: 3, $0, gradient: y, m: &m2, v: &v2)
      }
      expectSame("radam", from: x) {
        var m = m1.mutableSpan, v = v1.mutableSpan
        radamUpdate(o, beta1: 0.9, beta2: 0.99, epsilon: 0.1, step: 3, &$0, gradient: y.span, m: &m, v: &v)
      } pointers: {
        radamUpdate(count: 12, o, beta1: 0.9, beta2: 0.99, epsilon: 0.1, step: 3, $0, gradient: y, m: &m2, v: &v2)
      }
      #expect(m1 == m2 && v1 == v2)
    }

    @Test func randomNumbersGoIntoSpans() {
      let stream = RandomStream(seed: 3, stream: 4)
      expectSame("uniform", from: zero) {
        stream.uniform(low: -1, from: 5, into: &$0)
      } pointers: {
        stream.uniform(low: -1, from: 5, into: $0, count: 12)
      }
      expectSame("normal", from: zero) {
        stream.normal(mean: 2, from: 5, into: &$0)
      } pointers: {
        stream.normal(mean: 2, from: 5, into: $0, count: 12)
      }
      expectSame("truncatedNormal", from: zero) {
        stream.truncatedNormal(from: 5, into: &$0)
      } pointers: {
        stream.truncatedNormal(from: 5, into: $0, count: 12)
      }
      expectSame("dropout", from: zero) {
        stream.dropout(rate: 0.5, scale: 2, x.span, into: &$0)
      } pointers: {
        stream.dropout(rate: 0.5, scale: 2, x, into: $0, count: 12)
      }
      var raw = [UInt32](repeating: 0, count: 6), expected = raw
      var span = raw.mutableSpan
      stream.bits(from: 1, into: &span)
      stream.bits(from: 1, into: &expected, count: 6)
      var order = [Int32](repeating: 0, count: 6)
      var orderSpan = order.mutableSpan
      stream.permute(into: &orderSpan)
      #expect(raw == expected && order == stream.permutation(6))
    }

    @Test func matrixProductsTakeSpans() {
      let bias = randomValues(4, seed: 5), residual = randomValues(15, seed: 6)
      func withEpilogue(_ body: (Epilogue) -> Void) {
        bias.withUnsafeBufferPointer { bias in
          residual.withUnsafeBufferPointer {
            body(Epilogue(bias: bias.baseAddress, residual: $0.baseAddress, ldr: 5, activation: .relu))
          }
        }
      }
      expectSame("gemm", from: zero) {
        gemm(m: 3, n: 4, k: 3, x.span, lda: 3, y.span, ldb: 3, transposeB: true, &$0, ldc: 4)
      } pointers: {
        gemm(m: 3, n: 4, k: 3, x, lda: 3, y, ldb: 3, transposeB: true, $0, ldc: 4)
      }
      expectSame("gemm and epilogue", from: zero) {
        gemm(
          m: 3, n: 4, k: 3, x.span, lda: 4, y.span, ldb: 4, &$0, ldc: 4, bias: bias.span, residual: residual.span, ldr: 5,
          activation: .relu)
      } pointers: { c in
        withEpilogue { gemm(m: 3, n: 4, k: 3, x, lda: 4, y, ldb: 4, c, ldc: 4, epilogue: $0) }
      }
      let packed = PackedMatrix.packing(k: 3, n: 4, y.span, ldb: 4)
      expectSame("packed gemm and epilogue", from: zero) {
        gemm(
          m: 3, x.span, lda: 4, packed, &$0, ldc: 4, bias: bias.span, residual: residual.span, ldr: 5, activation: .relu)
      } pointers: { c in
        withEpilogue { gemm(m: 3, n: 4, k: 3, x, lda: 4, y, ldb: 4, c, ldc: 4, epilogue: $0) }
      }
    }

    @Test func batchesTakeSpans() {
      let bias: [Float] = [1, -1], residual = y
      expectSame("gemmBatched", from: zero) {
        gemmBatched(
          batch: 3, m: 2, n: 2, k: 2, x.span, lda: 2, strideA: 4, y.span, ldb: 2, strideB: 0, &$0, ldc: 2, strideC: 4,
          bias: bias.span, residual: residual.span, ldr: 2)
      } pointers: { c in
        bias.withUnsafeBufferPointer { bias in
          residual.withUnsafeBufferPointer {
            gemmBatched(
              batch: 3, m: 2, n: 2, k: 2, x, lda: 2, strideA: 4, y, ldb: 2, strideB: 0, c, ldc: 2, strideC: 4,
              epilogue: Epilogue(bias: bias.baseAddress, residual: $0.baseAddress, ldr: 2))
          }
        }
      }
    }

    @Test func emptySpansAreLegal() {
      let x: [Float] = []
      var y: [Float] = []
      var out = y.mutableSpan
      scale(2, x.span, into: &out)
      RandomStream(seed: 0, stream: 0).normal(into: &out)
      gemmBatched(batch: 0, m: 1, n: 1, k: 1, x.span, lda: 1, strideA: 1, x.span, ldb: 1, strideB: 1, &out, ldc: 1, strideC: 1)
      let total = sum(x.span)
      #expect(y.isEmpty && total == 0)
    }

    @Test func countsThatDifferStopTheProgram() async {
      await #expect(processExitsWith: .failure) {
        var c: [Float] = [0, 0, 0]
        var out = c.mutableSpan
        gemm(m: 2, n: 2, k: 1, [1, 2].span, lda: 1, [1, 2].span, ldb: 2, &out, ldc: 2)
      }
      await #expect(processExitsWith: .failure) {
        var c: [Float] = [0, 0, 0, 0]
        var out = c.mutableSpan
        gemm(m: 2, n: 2, k: 1, [1, 2].span, lda: 1, [1, 2].span, ldb: 2, &out, ldc: 2, bias: [1].span)
      }
      await #expect(processExitsWith: .failure) {
        var c: [Float] = [0, 0, 0, 0]
        var out = c.mutableSpan
        gemm(m: 2, n: 2, k: 1, [1, 2].span, lda: 1, [1, 2].span, ldb: 2, &out, ldc: 2, residual: [1, 2, 3].span, ldr: 2)
      }
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        var c: [Float] = [0, 0, 0]
        var out = c.mutableSpan
        gemmBatched(
          batch: 2, m: 1, n: 2, k: 1, [1, 2].span, lda: 1, strideA: 1, [1, 2].span, ldb: 2, strideB: 0, &out, ldc: 2,
          strideC: 2)
      }
      let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      #expect(message.contains("C needs 4 elements for its shape; its span has 3"))
      await #expect(processExitsWith: .failure) {
        var y: [Float] = [0, 0, 0]
        var out = y.mutableSpan
        softmax(rows: 2, columns: 2, [1, 2, 3].span, into: &out)
      }
      await #expect(processExitsWith: .failure) {
        let x: [Float] = [1, 2]
        var y: [Float] = [0]
        var out = y.mutableSpan
        scale(2, x.span, into: &out)
      }
      await #expect(processExitsWith: .failure) {
        var y: [Float] = [0]
        var out = y.mutableSpan
        gatherRows(columns: 1, [1].span, indices: [1].span, into: &out)
      }
    }
  }
#endif
