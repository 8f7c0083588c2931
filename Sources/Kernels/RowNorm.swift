// Normalisation of rows: layer norm (Ba, Kiros and Hinton, "Layer Normalization", 2016) and RMS norm (Zhang and Sennrich,
// "Root Mean Square Layer Normalization", 2019).

import CKernels

/// Layer normalisation of each row: `y = (x - mean) * inverseDeviation * gamma + beta`.
///
/// Mean and (biased) variance are those of the row, in the package's order for contiguous elements (see ``sum(_:count:)``);
/// `inverseDeviation = 1 / sqrt(variance + epsilon)`. The mean is exact but for one rounding, also where it is large beside the
/// deviation: a row of equal values becomes 0, and then beta.
///
/// - Parameters:
///   - x: rows x columns without gaps. `y` may be `x`.
///   - gamma: `columns` values, like `beta`; nil for 1 and 0.
///   - mean: `rows` values, like `inverseDeviation`: saved for the gradient where given.
/// - Precondition: `columns` is at most 2^24.
public func layerNorm(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, gamma: UnsafePointer<Float>?, beta: UnsafePointer<Float>?,
  epsilon: Float, into y: UnsafeMutablePointer<Float>, mean: UnsafeMutablePointer<Float>?,
  inverseDeviation: UnsafeMutablePointer<Float>?
) {
  checkNorm(rows, columns, epsilon: epsilon, "layerNorm")
  checkRows(rows: rows, columns: columns, "layerNorm")
  checkOverlap(x, y, elements: rows * columns, "layerNorm")
  rowNorm(
    lw_row_norm(
      rows: rows, columns: columns, x: x, gamma: gamma, beta: beta, epsilon: epsilon, centered: 1, y: y, mean: mean,
      inverse: inverseDeviation))
}

/// RMS normalisation of each row: `y = x * inverseRMS * gamma` with `inverseRMS = 1 / sqrt(mean of x^2 + epsilon)`.
///
/// Shapes as for ``layerNorm(rows:columns:_:gamma:beta:epsilon:into:mean:inverseDeviation:)``.
public func rmsNorm(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, gamma: UnsafePointer<Float>?, epsilon: Float,
  into y: UnsafeMutablePointer<Float>, inverseRMS: UnsafeMutablePointer<Float>?
) {
  checkNorm(rows, columns, epsilon: epsilon, "rmsNorm")
  checkRows(rows: rows, columns: columns, "rmsNorm")
  checkOverlap(x, y, elements: rows * columns, "rmsNorm")
  rowNorm(
    lw_row_norm(
      rows: rows, columns: columns, x: x, gamma: gamma, beta: nil, epsilon: epsilon, centered: 0, y: y, mean: nil,
      inverse: inverseRMS))
}

/// Gradient of layer normalisation. With `u = (x - mean) * inverseDeviation`, `g = dy * gamma` and means over the row:
///
///     dx = inverseDeviation * (g - mean of g - u * mean of (g * u))
///     gammaGradient = sum of dy * u over rows
///     betaGradient = sum of dy over rows
///
/// Results are written, not added. `dx` may be `dy` or `x`.
///
/// - Parameters:
///   - mean: as ``layerNorm(rows:columns:_:gamma:beta:epsilon:into:mean:inverseDeviation:)`` saved it, like `inverseDeviation`.
///   - gammaGradient: `columns` values, like `betaGradient`; either is left out where nil.
public func layerNormGradient(
  rows: Int, columns: Int, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, gamma: UnsafePointer<Float>?,
  mean: UnsafePointer<Float>, inverseDeviation: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
  gammaGradient: UnsafeMutablePointer<Float>?, betaGradient: UnsafeMutablePointer<Float>?
) {
  checkRows(rows: rows, columns: columns, "layerNormGradient")
  checkOverlap((x, dy, nil), dx, elements: rows * columns, "layerNormGradient")
  rowNormGradient(
    lw_row_norm_gradient(
      rows: rows, columns: columns, x: x, dy: dy, gamma: gamma, mean: mean, inverse: inverseDeviation, dx: dx,
      gamma_gradient: nil, beta_gradient: nil),
    gammaGradient: gammaGradient, betaGradient: betaGradient)
}

/// Gradient of RMS normalisation. With `u = x * inverseRMS` and `g = dy * gamma`:
///
///     dx = inverseRMS * (g - u * mean of (g * u))
///     gammaGradient = sum of dy * u over rows
///
/// Results are written, not added. `dx` may be `dy` or `x`.
public func rmsNormGradient(
  rows: Int, columns: Int, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, gamma: UnsafePointer<Float>?,
  inverseRMS: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>, gammaGradient: UnsafeMutablePointer<Float>?
) {
  checkRows(rows: rows, columns: columns, "rmsNormGradient")
  checkOverlap((x, dy, nil), dx, elements: rows * columns, "rmsNormGradient")
  rowNormGradient(
    lw_row_norm_gradient(
      rows: rows, columns: columns, x: x, dy: dy, gamma: gamma, mean: nil, inverse: inverseRMS, dx: dx, gamma_gradient: nil,
      beta_gradient: nil),
    gammaGradient: gammaGradient, betaGradient: nil)
}

/// Estimated time of an element, and what a row costs beside.
private func rowTime(_ columns: Int, perElement: Double) -> Double { perElement + 15 / Double(max(columns, 1)) }

private func rowNorm(_ job: lw_row_norm) {
  let kernel = kernels.pointee.row_norm
  nonisolated(unsafe) let job = job
  guard job.columns > 0 else {
    var empty = job
    return kernel(&empty)
  }
  forEachRowGroup(rows: job.rows, columns: job.columns, nanoseconds: rowTime(job.columns, perElement: 0.15)) { row, rows in
    var part = job
    part.rows = rows
    part.x = job.x + row * job.columns
    part.y = job.y + row * job.columns
    part.mean = job.mean.map { $0 + row }
    part.inverse = job.inverse.map { $0 + row }
    kernel(&part)
  }
}

/// Rows whose shares of the gradients of gamma and beta are running sums. Part of the order of additions.
private let gradientRows = 32

private func rowNormGradient(
  _ job: lw_row_norm_gradient, gammaGradient: UnsafeMutablePointer<Float>?, betaGradient: UnsafeMutablePointer<Float>?
) {
  let columns = job.columns
  let table = kernels
  nonisolated(unsafe) let job = job
  let chunks = (job.rows + gradientRows - 1) / gradientRows
  let needsSums = gammaGradient != nil || betaGradient != nil
  withScratch(needsSums ? 2 * chunks * columns : 0) { gammaSums in
    let betaSums = gammaSums + chunks * columns
    let time = rowTime(columns, perElement: 0.3) * Double(job.rows) * Double(columns)
    parallelFor(chunks, nanoseconds: time) { chunk in
      let row = chunk * gradientRows
      var part = job
      part.rows = min(gradientRows, job.rows - row)
      part.x = job.x + row * columns
      part.dy = job.dy + row * columns
      part.mean = job.mean.map { $0 + row }
      part.inverse = job.inverse + row
      part.dx = job.dx + row * columns
      part.gamma_gradient = needsSums ? gammaSums + chunk * columns : nil
      part.beta_gradient = needsSums ? betaSums + chunk * columns : nil
      table.pointee.row_norm_gradient(&part)
    }
    if let gammaGradient { joinRows(chunks, columns, gammaSums, into: gammaGradient) }
    if let betaGradient { joinRows(chunks, columns, betaSums, into: betaGradient) }
  }
}

/// The sum of the chunks' rows, in order, in blocks of 256.
private func joinRows(_ rows: Int, _ columns: Int, _ sums: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
  let kernel = kernels.pointee.fold_columns
  let tiles = max(1, columns / 256)
  parallelFor(tiles, nanoseconds: 0.08 * Double(rows) * Double(columns)) { tile in
    let part = partition(columns, into: tiles, tile)
    kernel(LW_FOLD_SUM, rows, part.count, sums + part.lowerBound, columns, nil, y + part.lowerBound)
  }
}
