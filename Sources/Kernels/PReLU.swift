// Leaky ReLU with a learned slope for each column (He et al., ICCV 2015).

import CKernels

/// `y[i][j] = x[i][j]` where that is positive, otherwise `slope[j] * x[i][j]`. Contiguous rows; `y` may be `x`.
public func prelu(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, slope: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
) {
  checkRows(rows: rows, columns: columns, "prelu")
  checkOverlap(x, y, elements: rows * columns, "prelu")
  let kernel = kernels.pointee.prelu
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: preluNanoseconds) { row, count in
    kernel(count, columns, x + row * columns, slope, y + row * columns)
  }
}

/// Gradient of ``prelu(rows:columns:_:slope:into:)``, from its input:
///
///     dx = dy where x > 0, otherwise slope * dy
///     slopeGradient = sum of dy * x over the rows where x is not positive
///
/// The sums are chains of fused multiply-adds over 256 rows from 0, which are added in order.
///
/// - Parameters:
///   - dx: nil when not wanted. May be `dy` or `x`.
///   - slopeGradient: `columns` values, written; nil when not wanted.
public func preluGradient(
  rows: Int, columns: Int, x: UnsafePointer<Float>, slope: UnsafePointer<Float>, dy: UnsafePointer<Float>,
  into dx: UnsafeMutablePointer<Float>?, slopeGradient: UnsafeMutablePointer<Float>?
) {
  checkRows(rows: rows, columns: columns, "preluGradient")
  checkOverlap((x, dy, nil), dx, elements: rows * columns, "preluGradient")
  let table = kernels
  let chunks = (rows + chunkRows - 1) / chunkRows
  withScratch(chunks * columns) { sums in
    parallelFor(chunks, nanoseconds: 2 * preluNanoseconds * Double(rows) * Double(columns)) { chunk in
      let at = chunk * chunkRows * columns
      table.pointee.prelu_gradient(
        min(chunkRows, rows - chunk * chunkRows), columns, x + at, slope, dy + at, dx.map { $0 + at }, sums + chunk * columns)
    }
    if let slopeGradient { table.pointee.fold_columns(LW_FOLD_SUM, chunks, columns, sums, columns, nil, slopeGradient) }
  }
}

/// Estimated time of an element.
private let preluNanoseconds = 0.15

/// Rows of a running sum: part of the order of additions.
private let chunkRows = 256
