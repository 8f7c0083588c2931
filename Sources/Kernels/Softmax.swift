import CKernels

/// Softmax of each row: y[i] = exp(x[i] - m) / sum_j exp(x[j] - m), with m the row's maximum.
///
/// The sum runs in the package's order for contiguous elements (see ``sum(_:count:)``). A NaN makes its whole row NaN.
///
/// - Parameters:
///   - x: rows x columns, rows `ldx` apart.
///   - y: rows x columns, rows `ldy` apart. May be `x` with `ldy == ldx`, but must not overlap it otherwise.
/// - Precondition: `columns` is at most 2^24.
public func softmax(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, ldx: Int, into y: UnsafeMutablePointer<Float>, ldy: Int
) {
  mapRows(kernels.pointee.softmax, rows, columns, x, ldx, y, ldy, "softmax")
}

/// Logarithm of the softmax of each row: y[i] = (x[i] - m) - log sum_j exp(x[j] - m). Shapes as for
/// ``softmax(rows:columns:_:ldx:into:ldy:)``.
public func logSoftmax(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, ldx: Int, into y: UnsafeMutablePointer<Float>, ldy: Int
) {
  mapRows(kernels.pointee.log_softmax, rows, columns, x, ldx, y, ldy, "logSoftmax")
}

/// Gradient of softmax from its output: dx[i] = y[i] (dy[i] - sum_j y[j] dy[j]).
///
/// All three are rows x columns. `dx` may be `y` or `dy` with the same distance between rows, but must not overlap them
/// otherwise.
public func softmaxGradient(
  rows: Int, columns: Int, y: UnsafePointer<Float>, ldy: Int, dy: UnsafePointer<Float>, lddy: Int,
  into dx: UnsafeMutablePointer<Float>, lddx: Int
) {
  zipRows(kernels.pointee.softmax_gradient, rows, columns, y, ldy, dy, lddy, dx, lddx, "softmaxGradient")
}

/// Gradient of log-softmax from its output: dx[i] = dy[i] - exp(y[i]) sum_j dy[j]. Shapes as for
/// ``softmaxGradient(rows:columns:y:ldy:dy:lddy:into:lddx:)``.
public func logSoftmaxGradient(
  rows: Int, columns: Int, y: UnsafePointer<Float>, ldy: Int, dy: UnsafePointer<Float>, lddy: Int,
  into dx: UnsafeMutablePointer<Float>, lddx: Int
) {
  zipRows(kernels.pointee.log_softmax_gradient, rows, columns, y, ldy, dy, lddy, dx, lddx, "logSoftmaxGradient")
}

private typealias MapRows = @convention(c) (Int, Int, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void

/// Each row of `y` from the same row of `x`.
private func mapRows(
  _ kernel: MapRows, _ rows: Int, _ columns: Int, _ x: UnsafePointer<Float>, _ ldx: Int, _ y: UnsafeMutablePointer<Float>,
  _ ldy: Int, _ function: StaticString
) {
  checkRows(rows: rows, columns: columns, function)
  checkMatrix(rows: rows, columns: columns, ld: ldx, "x", function)
  checkMatrix(rows: rows, columns: columns, ld: ldy, "y", function)
  checkOverlap(rows: rows, columns: columns, x, ld: ldx, y, ld: ldy, "x", function)
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: softmaxNanoseconds(columns)) { row, rows in
    kernel(rows, columns, x + row * ldx, ldx, y + row * ldy, ldy)
  }
}

private typealias ZipRows =
  @convention(c) (
    Int, Int, UnsafePointer<Float>, Int, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int
  ) -> Void

/// Each row of `dx` from the same rows of `y` and `dy`.
private func zipRows(
  _ kernel: ZipRows, _ rows: Int, _ columns: Int, _ y: UnsafePointer<Float>, _ ldy: Int, _ dy: UnsafePointer<Float>,
  _ lddy: Int, _ dx: UnsafeMutablePointer<Float>, _ lddx: Int, _ function: StaticString
) {
  checkRows(rows: rows, columns: columns, function)
  checkMatrix(rows: rows, columns: columns, ld: ldy, "y", function)
  checkMatrix(rows: rows, columns: columns, ld: lddy, "dy", function)
  checkMatrix(rows: rows, columns: columns, ld: lddx, "dx", function)
  checkOverlap(rows: rows, columns: columns, y, ld: ldy, dx, ld: lddx, "y", function)
  checkOverlap(rows: rows, columns: columns, dy, ld: lddy, dx, ld: lddx, "dy", function)
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: softmaxNanoseconds(columns)) { row, rows in
    kernel(rows, columns, y + row * ldy, ldy, dy + row * lddy, lddy, dx + row * lddx, lddx)
  }
}

/// Rows have at most 4096 chunks of 4096 elements, whose sums a kernel keeps on its stack.
private let maximumRowLength = 1 << 24

/// Stops the program unless the shape is one that the row kernels take.
func checkRows(rows: Int, columns: Int, _ function: StaticString) {
  precondition(rows >= 0 && columns >= 0, "\(function): \(rows) rows, \(columns) columns; expected neither negative")
  precondition(columns <= maximumRowLength, "\(function): \(columns) columns; expected at most \(maximumRowLength)")
}

/// Estimated time of an element of a row: an exponential and a division, and the row's own share of a logarithm and
/// three joined vectors.
func softmaxNanoseconds(_ columns: Int) -> Double { 0.6 + 20 / Double(max(columns, 1)) }
