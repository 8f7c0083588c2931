// Batch normalisation of channels-last images, with ReLU and a residual fused: Ioffe and Szegedy, "Batch Normalization"
// (2015). Rows are the places of all images (batch * height * width), columns the channels.

import CKernels

/// Batch normalisation in training: statistics of this batch, then
/// `y = relu((x - mean) * (gamma * inverseDeviation) + beta + residual)`, the last two as far as asked for.
///
/// With mean and (biased) variance over the rows of a channel, `inverseDeviation = 1 / sqrt(variance + epsilon)`. Both are
/// saved for ``batchNormGradient(rows:channels:x:y:dy:gamma:beta:mean:inverseDeviation:relu:into:gammaGradient:betaGradient:residualGradient:)``.
/// Statistics take one pass over `x` and stay accurate however large the mean is beside the deviation.
///
/// Running statistics become `fma(momentum, running - batch, batch)`: `momentum` is the share of the old value that is
/// kept, as in Keras (PyTorch's momentum is 1 minus this). The running variance takes the unbiased one, divided by
/// rows - 1, as in PyTorch. With one row the variance is 0. With none, saved statistics are NaN and running ones stay.
///
/// - Parameters:
///   - rows: batch * height * width.
///   - x: rows x channels. `y` may be `x` (the gradient then has to do without it) or `residual`.
///   - epsilon: usually 1e-5.
///   - runningMean, runningVariance: of values that start from 0 and 1; nil for none.
///   - gamma: `channels` values, like `beta`, `mean`, `inverseDeviation` and the running statistics.
///   - momentum: in 0...1; usually 0.9.
///   - residual: rows x channels, added before ReLU.
public func batchNormTraining(
  rows: Int, channels: Int, _ x: UnsafePointer<Float>, gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>,
  epsilon: Float, momentum: Float, runningMean: UnsafeMutablePointer<Float>?,
  runningVariance: UnsafeMutablePointer<Float>?, residual: UnsafePointer<Float>? = nil, relu: Bool,
  into y: UnsafeMutablePointer<Float>, mean: UnsafeMutablePointer<Float>, inverseDeviation: UnsafeMutablePointer<Float>
) {
  checkNorm(rows, channels, epsilon: epsilon, "batchNormTraining")
  precondition(0...1 ~= momentum, "batchNormTraining: momentum \(momentum); expected 0 to 1")
  checkOverlap((x, residual, nil), y, elements: rows * channels, "batchNormTraining")
  guard rows > 0 else {
    mean.update(repeating: .nan, count: channels)
    return inverseDeviation.update(repeating: .nan, count: channels)
  }
  let table = kernels
  let cut = ColumnChunks(rows: rows, columns: channels)
  cut.moments(x, mean: mean, squares: inverseDeviation)
  if let runningMean { table.pointee.norm_track(channels, momentum, 1, mean, runningMean) }
  if let runningVariance {
    table.pointee.norm_track(channels, momentum, Float(max(rows - 1, 1)), inverseDeviation, runningVariance)
  }
  table.pointee.norm_inverse(channels, Float(rows), epsilon, inverseDeviation, inverseDeviation)
  normalise(
    x, cut, gamma: gamma, beta: beta, mean: mean, inverseDeviation: inverseDeviation, residual: residual, relu: relu, into: y)
}

/// Batch normalisation with given statistics, as for inference:
/// `y = relu((x - mean) * (gamma / sqrt(variance + epsilon)) + beta + residual)`, the last two as far as asked for.
///
/// Shapes as in training. With the statistics of the batch itself, the result has the same bits as in training.
public func batchNormInference(
  rows: Int, channels: Int, _ x: UnsafePointer<Float>, gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>,
  mean: UnsafePointer<Float>, variance: UnsafePointer<Float>, epsilon: Float, residual: UnsafePointer<Float>? = nil,
  relu: Bool, into y: UnsafeMutablePointer<Float>
) {
  checkNorm(rows, channels, epsilon: epsilon, "batchNormInference")
  checkOverlap((x, residual, nil), y, elements: rows * channels, "batchNormInference")
  withScratch(channels) { inverse in
    kernels.pointee.norm_inverse(channels, 1, epsilon, variance, inverse)
    normalise(
      x, ColumnChunks(rows: rows, columns: channels), gamma: gamma, beta: beta, mean: mean, inverseDeviation: inverse,
      residual: residual, relu: relu, into: y)
  }
}

private func normalise(
  _ x: UnsafePointer<Float>, _ cut: ColumnChunks, gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>,
  mean: UnsafePointer<Float>, inverseDeviation: UnsafePointer<Float>, residual: UnsafePointer<Float>?, relu: Bool,
  into y: UnsafeMutablePointer<Float>
) {
  withScratch(3 * cut.width + cut.columns) { scratch in
    var scratch = Carver(scratch)
    let (means, scales, shifts) = (scratch.take(cut.width), scratch.take(cut.width), scratch.take(cut.width))
    let scale = scratch.take(cut.columns)
    kernels.pointee.multiply(gamma, inverseDeviation, scale, cut.columns)
    cut.spread(mean, into: means)
    cut.spread(scale, into: scales)
    cut.spread(beta, into: shifts)
    cut.apply(x, mean: means, scale: scales, shift: shifts, residual: residual, relu: relu, into: y)
  }
}

/// Gradient of batch normalisation in training. With `u = (x - mean) * inverseDeviation` and `dz` the part of `dy` that ReLU
/// let pass:
///
///     betaGradient  = sum of dz over rows
///     gammaGradient = sum of dz * u over rows
///     dx = gamma * inverseDeviation * (dz - betaGradient / rows - u * gammaGradient / rows)
///     residualGradient = dz
///
/// Where ReLU was off is worked out again from `x`, with the same bits as forward, or read from `y`, which must be given
/// when there was a residual. Results are written, not added.
///
/// - Parameters:
///   - x, y, dy: rows x channels, like `dx` and `residualGradient`. `dx` may be any of the three, `residualGradient` may
///     be `dy`. Either may be nil when it is not needed.
///   - mean, inverseDeviation: as training saved them.
public func batchNormGradient(
  rows: Int, channels: Int, x: UnsafePointer<Float>, y: UnsafePointer<Float>?, dy: UnsafePointer<Float>,
  gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, mean: UnsafePointer<Float>,
  inverseDeviation: UnsafePointer<Float>, relu: Bool, into dx: UnsafeMutablePointer<Float>?,
  gammaGradient: UnsafeMutablePointer<Float>, betaGradient: UnsafeMutablePointer<Float>,
  residualGradient: UnsafeMutablePointer<Float>?
) {
  checkNorm(rows, channels, epsilon: 0, "batchNormGradient")
  checkOverlap((x, y, dy), dx, elements: rows * channels, "batchNormGradient")
  checkOverlap((x, y, dy), residualGradient, elements: rows * channels, "batchNormGradient")
  precondition(
    dx == nil || dx != residualGradient || rows * channels == 0,
    "batchNormGradient: dx and residualGradient are the same array of \(rows * channels) elements")
  let table = kernels
  let cut = ColumnChunks(rows: rows, columns: channels)
  withScratch(5 * cut.width + 4 * channels) { scratch in
    var scratch = Carver(scratch)
    let (means, scales, shifts) = (scratch.take(cut.width), scratch.take(cut.width), scratch.take(cut.width))
    let (bs, cs) = (scratch.take(cut.width), scratch.take(cut.width))
    let (scale, product) = (scratch.take(channels), scratch.take(channels))
    let (b, c) = (scratch.take(channels), scratch.take(channels))
    table.pointee.multiply(gamma, inverseDeviation, scale, channels)
    cut.spread(mean, into: means)
    cut.spread(scale, into: scales)
    cut.spread(beta, into: shifts)
    let masksByX = relu && y == nil
    let gradient = lw_norm_gradient(
      x: x, dy: dy, y: relu ? y : nil, mean: means, scale: masksByX ? scales : nil, shift: masksByX ? shifts : nil)
    cut.gradientSums(gradient, sum: betaGradient, product: product)
    table.pointee.multiply(product, inverseDeviation, gammaGradient, channels)
    guard dx != nil || residualGradient != nil else { return }
    table.pointee.norm_terms(channels, Float(rows), scale, inverseDeviation, betaGradient, product, b, c)
    cut.spread(b, into: bs)
    cut.spread(c, into: cs)
    cut.gradientApply(gradient, a: scales, b: bs, c: cs, into: dx, residual: residualGradient)
  }
}
