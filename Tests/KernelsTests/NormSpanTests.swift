#if compiler(>=6.2)
  import Kernels
  import Testing

  /// Two channels or columns, both with mean 2 and deviation 1 down and along.
  private let x: [Float] = [1, 3, 3, 1]
  private let ones: [Float] = [1, 1]

  @Suite struct NormSpanTests {
    @Test func batchNormTakesSpans() {
      var (y, mean, inverse, dx) = (x, ones, ones, x)
      var (runningMean, runningVariance, dgamma, dbeta) = (ones, ones, ones, ones)
      var a = y.mutableSpan, b = mean.mutableSpan, c = inverse.mutableSpan, d = runningMean.mutableSpan,
        e = runningVariance.mutableSpan
      batchNormTraining(
        rows: 2, channels: 2, x.span, gamma: ones.span, beta: [0, 0.5].span, epsilon: 0, momentum: 0.5, runningMean: &d,
        runningVariance: &e, relu: true, into: &a, mean: &b, inverseDeviation: &c)
      #expect(y == [0, 1.5, 1, 0] && mean == [2, 2] && inverse == [1, 1])
      #expect(runningMean == [1.5, 1.5] && runningVariance == [1.5, 1.5])
      a = y.mutableSpan
      batchNormInference(
        rows: 2, channels: 2, x.span, gamma: ones.span, beta: [0, 0].span, mean: mean.span, variance: ones.span, epsilon: 0,
        residual: x.span, relu: false, into: &a)
      #expect(y == [0, 4, 4, 0])
      var f = dx.mutableSpan, g = dgamma.mutableSpan, h = dbeta.mutableSpan
      batchNormGradient(
        rows: 2, channels: 2, x: x.span, dy: [1, 2, 3, 4].span, gamma: ones.span, beta: [0, 0].span, mean: mean.span,
        inverseDeviation: inverse.span, relu: true, into: &f, gammaGradient: &g, betaGradient: &h)
      #expect(dgamma == [3, 2] && dbeta == [3, 2] && dx == [0, 0, 0, 0])
    }

    @Test func rowAndGroupNormsTakeSpans() {
      var (y, mean, inverse, dgamma, dbeta) = (x, ones, ones, ones, ones)
      var a = y.mutableSpan, b = mean.mutableSpan, c = inverse.mutableSpan
      layerNorm(
        rows: 2, columns: 2, x.span, gamma: ones.span, beta: nil, epsilon: 0, into: &a, mean: &b, inverseDeviation: &c)
      #expect(y == [-1, 1, 1, -1] && mean == [2, 2] && inverse == [1, 1])
      var d = dgamma.mutableSpan, e = dbeta.mutableSpan
      a = y.mutableSpan
      layerNormGradient(
        rows: 2, columns: 2, x: x.span, dy: [1, 2, 3, 4].span, gamma: nil, mean: mean.span, inverseDeviation: inverse.span,
        into: &a, gammaGradient: &d, betaGradient: &e)
      #expect(dgamma == [2, -2] && dbeta == [4, 6])

      a = y.mutableSpan
      c = inverse.mutableSpan
      rmsNorm(rows: 2, columns: 2, [3, 3, 0.5, 0.5].span, gamma: [2, 1].span, epsilon: 0, into: &a, inverseRMS: &c)
      #expect(y == [2, 1, 2, 1] && inverse[1] == 2)
      a = y.mutableSpan
      d = dgamma.mutableSpan
      rmsNormGradient(
        rows: 2, columns: 2, x: [1, 1, 1, 1].span, dy: x.span, gamma: nil,
        inverseRMS: ones.span, into: &a, gammaGradient: &d)
      #expect(y == [-1, 1, 1, -1] && dgamma == [4, 4])

      a = y.mutableSpan
      b = mean.mutableSpan
      c = inverse.mutableSpan
      groupNorm(
        batch: 1, positions: 2, channels: 2, groups: 2, x.span, gamma: nil, beta: ones.span, epsilon: 0, into: &a, mean: &b,
        inverseDeviation: &c)
      #expect(y == [0, 2, 2, 0] && mean == [2, 2] && inverse == [1, 1])
      a = y.mutableSpan
      d = dgamma.mutableSpan
      e = dbeta.mutableSpan
      groupNormGradient(
        batch: 1, positions: 2, channels: 2, groups: 2, x: x.span, dy: [1, 2, 3, 4].span, gamma: nil, mean: mean.span,
        inverseDeviation: inverse.span, into: &a, gammaGradient: &d, betaGradient: &e)
      #expect(dgamma == [2, -2] && dbeta == [4, 6])
    }

    @Test func countsThatDifferStopTheProgram() async {
      await #expect(processExitsWith: .failure) {
        var (y, inverse): ([Float], [Float]) = ([0, 0], [0])
        var a = y.mutableSpan, b = inverse.mutableSpan
        rmsNorm(rows: 1, columns: 2, [1, 2].span, gamma: [1].span, epsilon: 0, into: &a, inverseRMS: &b)
      }
    }
  }
#endif
