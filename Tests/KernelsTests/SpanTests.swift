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

    @Test func countsThatDifferStopTheProgram() async {
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
