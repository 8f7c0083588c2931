#if compiler(>=6.2)
  import Kernels
  import Testing

  @Suite struct SpanTests {
    @Test func spansGoTheWayOfPointers() {
      let x: [Float] = [1, -2, 3, 4], y: [Float] = [4, 3, 2, 1]
      var z = [Float](repeating: 0, count: 4)
      var out = z.mutableSpan
      add(x.span, y.span, into: &out)
      axpy(2, y.span, into: &out)
      addRow(rows: 2, x.span, row: [10, 20].span, into: &out)
      #expect(z == [11, 18, 13, 24])
      let total = sum(x.span), product = dot(x.span, y.span), place = argmax(x.span)
      #expect(total == 6 && product == 8 && place == 3)
    }

    @Test func emptySpansAreLegal() {
      let x: [Float] = []
      var y: [Float] = []
      var out = y.mutableSpan
      scale(2, x.span, into: &out)
      RandomStream(seed: 0, stream: 0).normal(into: &out)
      let total = sum(x.span)
      #expect(y.isEmpty && total == 0)
    }

    @Test func updatesAndGathersTakeSpans() {
      var w: [Float] = [1, 2], m: [Float] = [0, 0], v: [Float] = [0, 0], rows = [Float](repeating: 0, count: 4)
      let g: [Float] = [1, -1]
      var a = w.mutableSpan, b = m.mutableSpan, c = v.mutableSpan, d = rows.mutableSpan
      adamUpdate(
        learningRate: 0.5, beta1: 0.9, beta2: 0.999, epsilon: 0, step: 1, l2: 0, weightDecay: 0, &a, gradient: g.span, m: &b,
        v: &c)
      gatherRows(columns: 2, [1, 2, 3, 4, 5, 6].span, indices: [2, 0].span, into: &d)
      #expect(abs(w[0] - 0.5) < 1e-5 && abs(w[1] - 2.5) < 1e-5)
      #expect(rows == [5, 6, 1, 2])
    }

    @Test func functionsAndTheirGradientsTakeSpans() {
      let x: [Float] = [1, -2, 3, -4], dy: [Float] = [1, 2, 3, 4]
      var y = x, dx = x, expected = x, expectedGradient = x
      var out = y.mutableSpan, gradient = dx.mutableSpan
      activate(.silu, x.span, into: &out)
      activationGradient(.silu, x: x.span, dy: dy.span, into: &gradient)
      activate(.silu, x, into: &expected, count: 4)
      activationGradient(.silu, x: x, y: nil, dy: dy, into: &expectedGradient, count: 4)
      #expect(y == expected && dx == expectedGradient)
      out = y.mutableSpan
      softmax(rows: 2, columns: 2, x.span, into: &out)
      softmax(rows: 2, columns: 2, x, ldx: 2, into: &expected, ldy: 2)
      gradient = dx.mutableSpan
      softmaxGradient(rows: 2, columns: 2, y: expected.span, dy: dy.span, into: &gradient)
      softmaxGradient(rows: 2, columns: 2, y: expected, ldy: 2, dy: dy, lddy: 2, into: &expectedGradient, lddx: 2)
      #expect(y == expected && dx == expectedGradient)
    }

    @Test func lossesTakeSpans() {
      let x: [Float] = [1, -2, 3, -4], targets: [Float] = [1, 0, 0, 1], labels: [Int32] = [0, 1]
      var rows: [Float] = [0, 0], each = x, gradient = x, expected = rows, expectedGradient = x
      var a = rows.mutableSpan, b = each.mutableSpan, g = gradient.mutableSpan
      squaredError(predictions: x.span, targets: targets.span, losses: &b, gradient: &g)
      #expect(each == [0, 4, 9, 25] && gradient == [0, -4, 6, -10])
      g = gradient.mutableSpan
      softmaxCrossEntropy(columns: 2, logits: x.span, labels: labels.span, losses: &a, gradient: &g)
      softmaxCrossEntropy(
        rows: 2, columns: 2, logits: x, ld: 2, labels: labels, losses: &expected, gradient: &expectedGradient, ldg: 2)
      #expect(rows == expected && gradient == expectedGradient)
    }

    @Test func matrixProductsTakeSpans() {
      let a: [Float] = [1, 2, 3, 4], b: [Float] = [5, 6, 7, 8], bias: [Float] = [0, -100]
      var c: [Float] = [0, 0, 0, 0]
      var out = c.mutableSpan
      gemm(m: 2, n: 2, k: 2, a.span, lda: 2, b.span, ldb: 2, transposeB: true, &out, ldc: 2)
      #expect(c == [17, 23, 39, 53])
      let packed = PackedMatrix.packing(k: 2, n: 2, b.span, ldb: 2)
      out = c.mutableSpan
      gemm(m: 2, a.span, lda: 2, packed, &out, ldc: 2, bias: bias.span, activation: .relu)
      #expect(c == [19, 0, 43, 0])
    }

    @Test func countsThatDifferStopTheProgram() async {
      await #expect(processExitsWith: .failure) {
        var c: [Float] = [0, 0, 0]
        var out = c.mutableSpan
        gemm(m: 2, n: 2, k: 1, [1, 2].span, lda: 1, [1, 2].span, ldb: 2, &out, ldc: 2)
      }
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
