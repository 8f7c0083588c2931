#if compiler(>=6.2)

  /// Stops the program when one of the parameters has not a value for each channel or column.
  private func checkParameters(_ columns: Int, _ counts: (Int?, Int?, Int?, Int?), _ function: StaticString) {
    checkCounts(columns, counts.0 ?? columns, function)
    checkCounts(columns, counts.1 ?? columns, function)
    checkCounts(columns, counts.2 ?? columns, function)
    checkCounts(columns, counts.3 ?? columns, function)
  }

  /// Batch normalisation in training, `batchNormTraining` on spans; `x`, `residual` and `y` are rows x channels, everything
  /// else has a value for each channel.
  public func batchNormTraining(
    rows: Int, channels: Int, _ x: Span<Float>, gamma: Span<Float>, beta: Span<Float>, epsilon: Float, momentum: Float,
    runningMean: inout MutableSpan<Float>, runningVariance: inout MutableSpan<Float>, residual: Span<Float>? = nil, relu: Bool,
    into y: inout MutableSpan<Float>, mean: inout MutableSpan<Float>, inverseDeviation: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: rows, columns: channels, x.count, "batchNormTraining")
    checkCounts(x.count, residual?.count ?? x.count, "batchNormTraining")
    checkParameters(channels, (gamma.count, beta.count, mean.count, inverseDeviation.count), "batchNormTraining")
    checkParameters(channels, (runningMean.count, runningVariance.count, nil, nil), "batchNormTraining")
    mapSpan(x, &y, "batchNormTraining") { x, y, _ in
      withPointers(gamma, beta) { gamma, beta in
        withPointers(&runningMean, &runningVariance) { runningMean, runningVariance in
          withPointers(&mean, &inverseDeviation) { mean, inverse in
            withPointer(residual) {
              batchNormTraining(
                rows: rows, channels: channels, x, gamma: gamma, beta: beta, epsilon: epsilon, momentum: momentum,
                runningMean: runningMean, runningVariance: runningVariance, residual: $0, relu: relu, into: y, mean: mean,
                inverseDeviation: inverse)
            }
          }
        }
      }
    }
  }

  /// Batch normalisation with given statistics, `batchNormInference` on spans; `x`, `residual` and `y` are rows x channels.
  public func batchNormInference(
    rows: Int, channels: Int, _ x: Span<Float>, gamma: Span<Float>, beta: Span<Float>, mean: Span<Float>,
    variance: Span<Float>, epsilon: Float, residual: Span<Float>? = nil, relu: Bool, into y: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: rows, columns: channels, x.count, "batchNormInference")
    checkCounts(x.count, residual?.count ?? x.count, "batchNormInference")
    checkParameters(channels, (gamma.count, beta.count, mean.count, variance.count), "batchNormInference")
    mapSpan(x, &y, "batchNormInference") { x, y, _ in
      withPointers(gamma, beta) { gamma, beta in
        withPointers(mean, variance) { mean, variance in
          withPointer(residual) {
            batchNormInference(
              rows: rows, channels: channels, x, gamma: gamma, beta: beta, mean: mean, variance: variance, epsilon: epsilon,
              residual: $0, relu: relu, into: y)
          }
        }
      }
    }
  }

  /// Gradient of batch normalisation without a residual, `batchNormGradient` on spans; `x`, `dy` and `dx` are
  /// rows x channels.
  public func batchNormGradient(
    rows: Int, channels: Int, x: Span<Float>, dy: Span<Float>, gamma: Span<Float>, beta: Span<Float>, mean: Span<Float>,
    inverseDeviation: Span<Float>, relu: Bool, into dx: inout MutableSpan<Float>, gammaGradient: inout MutableSpan<Float>,
    betaGradient: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: rows, columns: channels, x.count, "batchNormGradient")
    checkParameters(channels, (gamma.count, beta.count, mean.count, inverseDeviation.count), "batchNormGradient")
    checkParameters(channels, (gammaGradient.count, betaGradient.count, nil, nil), "batchNormGradient")
    zipSpans(x, dy, &dx, "batchNormGradient") { x, dy, dx, _ in
      withPointers(gamma, beta) { gamma, beta in
        withPointers(mean, inverseDeviation) { mean, inverse in
          withPointers(&gammaGradient, &betaGradient) {
            batchNormGradient(
              rows: rows, channels: channels, x: x, y: nil, dy: dy, gamma: gamma, beta: beta, mean: mean,
              inverseDeviation: inverse, relu: relu, into: dx, gammaGradient: $0, betaGradient: $1, residualGradient: nil)
          }
        }
      }
    }
  }

  /// Layer normalisation of each row, `layerNorm` on spans; `x` and `y` are rows x columns, `mean` and `inverseDeviation`
  /// have a value for each row.
  public func layerNorm(
    rows: Int, columns: Int, _ x: Span<Float>, gamma: Span<Float>?, beta: Span<Float>?, epsilon: Float,
    into y: inout MutableSpan<Float>, mean: inout MutableSpan<Float>, inverseDeviation: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: rows, columns: columns, x.count, "layerNorm")
    checkParameters(columns, (gamma?.count, beta?.count, nil, nil), "layerNorm")
    checkParameters(rows, (mean.count, inverseDeviation.count, nil, nil), "layerNorm")
    mapSpan(x, &y, "layerNorm") { x, y, _ in
      withPointers(&mean, &inverseDeviation) { mean, inverse in
        withPointer(gamma) { gamma in
          withPointer(beta) {
            layerNorm(
              rows: rows, columns: columns, x, gamma: gamma, beta: $0, epsilon: epsilon, into: y, mean: mean,
              inverseDeviation: inverse)
          }
        }
      }
    }
  }

  /// Gradient of layer normalisation, `layerNormGradient` on spans.
  public func layerNormGradient(
    rows: Int, columns: Int, x: Span<Float>, dy: Span<Float>, gamma: Span<Float>?, mean: Span<Float>,
    inverseDeviation: Span<Float>, into dx: inout MutableSpan<Float>, gammaGradient: inout MutableSpan<Float>,
    betaGradient: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: rows, columns: columns, x.count, "layerNormGradient")
    checkParameters(columns, (gamma?.count, gammaGradient.count, betaGradient.count, nil), "layerNormGradient")
    checkParameters(rows, (mean.count, inverseDeviation.count, nil, nil), "layerNormGradient")
    zipSpans(x, dy, &dx, "layerNormGradient") { x, dy, dx, _ in
      withPointers(mean, inverseDeviation) { mean, inverse in
        withPointers(&gammaGradient, &betaGradient) { gammaGradient, betaGradient in
          withPointer(gamma) {
            layerNormGradient(
              rows: rows, columns: columns, x: x, dy: dy, gamma: $0, mean: mean, inverseDeviation: inverse, into: dx,
              gammaGradient: gammaGradient, betaGradient: betaGradient)
          }
        }
      }
    }
  }

  /// RMS normalisation of each row, `rmsNorm` on spans; `x` and `y` are rows x columns, `inverseRMS` has a value for each row.
  public func rmsNorm(
    rows: Int, columns: Int, _ x: Span<Float>, gamma: Span<Float>?, epsilon: Float, into y: inout MutableSpan<Float>,
    inverseRMS: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: rows, columns: columns, x.count, "rmsNorm")
    checkParameters(columns, (gamma?.count, nil, nil, nil), "rmsNorm")
    checkCounts(rows, inverseRMS.count, "rmsNorm")
    mapSpan(x, &y, "rmsNorm") { x, y, _ in
      inverseRMS.withPointer { inverse in
        withPointer(gamma) {
          rmsNorm(rows: rows, columns: columns, x, gamma: $0, epsilon: epsilon, into: y, inverseRMS: inverse)
        }
      }
    }
  }

  /// Gradient of RMS normalisation, `rmsNormGradient` on spans.
  public func rmsNormGradient(
    rows: Int, columns: Int, x: Span<Float>, dy: Span<Float>, gamma: Span<Float>?, inverseRMS: Span<Float>,
    into dx: inout MutableSpan<Float>, gammaGradient: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: rows, columns: columns, x.count, "rmsNormGradient")
    checkParameters(columns, (gamma?.count, gammaGradient.count, nil, nil), "rmsNormGradient")
    checkCounts(rows, inverseRMS.count, "rmsNormGradient")
    zipSpans(x, dy, &dx, "rmsNormGradient") { x, dy, dx, _ in
      inverseRMS.withPointer { inverse in
        gammaGradient.withPointer { gammaGradient in
          withPointer(gamma) {
            rmsNormGradient(
              rows: rows, columns: columns, x: x, dy: dy, gamma: $0, inverseRMS: inverse, into: dx,
              gammaGradient: gammaGradient)
          }
        }
      }
    }
  }

  /// Group normalisation, `groupNorm` on spans; `x` and `y` are batch x positions x channels, `mean` and
  /// `inverseDeviation` batch x groups.
  public func groupNorm(
    batch: Int, positions: Int, channels: Int, groups: Int, _ x: Span<Float>, gamma: Span<Float>?, beta: Span<Float>?,
    epsilon: Float, into y: inout MutableSpan<Float>, mean: inout MutableSpan<Float>, inverseDeviation: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: batch * positions, columns: channels, x.count, "groupNorm")
    checkParameters(channels, (gamma?.count, beta?.count, nil, nil), "groupNorm")
    checkParameters(batch * groups, (mean.count, inverseDeviation.count, nil, nil), "groupNorm")
    mapSpan(x, &y, "groupNorm") { x, y, _ in
      withPointers(&mean, &inverseDeviation) { mean, inverse in
        withPointer(gamma) { gamma in
          withPointer(beta) {
            groupNorm(
              batch: batch, positions: positions, channels: channels, groups: groups, x, gamma: gamma, beta: $0,
              epsilon: epsilon, into: y, mean: mean, inverseDeviation: inverse)
          }
        }
      }
    }
  }

  /// Gradient of group normalisation, `groupNormGradient` on spans.
  public func groupNormGradient(
    batch: Int, positions: Int, channels: Int, groups: Int, x: Span<Float>, dy: Span<Float>, gamma: Span<Float>?,
    mean: Span<Float>, inverseDeviation: Span<Float>, into dx: inout MutableSpan<Float>,
    gammaGradient: inout MutableSpan<Float>, betaGradient: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: batch * positions, columns: channels, x.count, "groupNormGradient")
    checkParameters(channels, (gamma?.count, gammaGradient.count, betaGradient.count, nil), "groupNormGradient")
    checkParameters(batch * groups, (mean.count, inverseDeviation.count, nil, nil), "groupNormGradient")
    zipSpans(x, dy, &dx, "groupNormGradient") { x, dy, dx, _ in
      withPointers(mean, inverseDeviation) { mean, inverse in
        withPointers(&gammaGradient, &betaGradient) { gammaGradient, betaGradient in
          withPointer(gamma) {
            groupNormGradient(
              batch: batch, positions: positions, channels: channels, groups: groups, x: x, dy: dy, gamma: $0, mean: mean,
              inverseDeviation: inverse, into: dx, gammaGradient: gammaGradient, betaGradient: betaGradient)
          }
        }
      }
    }
  }

  private func withPointers(
    _ a: Span<Float>, _ b: Span<Float>, _ body: (UnsafePointer<Float>, UnsafePointer<Float>) -> Void
  ) {
    a.withPointer { a in b.withPointer { body(a, $0) } }
  }

  private func withPointers(
    _ a: inout MutableSpan<Float>, _ b: inout MutableSpan<Float>,
    _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    a.withPointer { a in b.withPointer { body(a, $0) } }
  }

#endif
