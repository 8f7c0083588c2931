import CKernels

/// Softmax of each row: y[i] = exp(x[i] - m) / sum_j exp(x[j] - m), with m the row's maximum.
///
/// The sum runs in the package's order for contiguous elements (see ``sum(_:count:)``). A NaN makes its whole row NaN.
/// `y` may be `x` with `ldy == ldx`.
///
/// - Parameters:
///   - x: rows x columns, rows `ldx` apart.
///   - y: rows x columns, rows `ldy` apart.
/// - Precondition: `columns` is at most 2^24.
public func softmax(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, ldx: Int, into y: UnsafeMutablePointer<Float>, ldy: Int
) {
  checkRows(rows: rows, columns: columns, "softmax")
  checkMatrix(rows: rows, columns: columns, ld: ldx, "x", "softmax")
  checkMatrix(rows: rows, columns: columns, ld: ldy, "y", "softmax")
  let kernel = kernels.pointee.softmax
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: softmaxNanoseconds(columns)) { row, rows in
    kernel(rows, columns, x + row * ldx, ldx, y + row * ldy, ldy)
  }
}

/// Logarithm of the softmax of each row: y[i] = (x[i] - m) - log sum_j exp(x[j] - m). Shapes as for
/// ``softmax(rows:columns:_:ldx:into:ldy:)``.
public func logSoftmax(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, ldx: Int, into y: UnsafeMutablePointer<Float>, ldy: Int
) {
  checkRows(rows: rows, columns: columns, "logSoftmax")
  checkMatrix(rows: rows, columns: columns, ld: ldx, "x", "logSoftmax")
  checkMatrix(rows: rows, columns: columns, ld: ldy, "y", "logSoftmax")
  let kernel = kernels.pointee.log_softmax
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: softmaxNanoseconds(columns)) { row, rows in
    kernel(rows, columns, x + row * ldx, ldx, y + row * ldy, ldy)
  }
}

/// Gradient of softmax from its output: dx[i] = y[i] (dy[i] - sum_j y[j] dy[j]).
///
/// All three are rows x columns. `dx` may be `y` or `dy` with the same distance between rows.
public func softmaxGradient(
  rows: Int, columns: Int, y: UnsafePointer<Float>, ldy: Int, dy: UnsafePointer<Float>, lddy: Int,
  into dx: UnsafeMutablePointer<Float>, lddx: Int
) {
  checkRows(rows: rows, columns: columns, "softmaxGradient")
  checkMatrix(rows: rows, columns: columns, ld: ldy, "y", "softmaxGradient")
  checkMatrix(rows: rows, columns: columns, ld: lddy, "dy", "softmaxGradient")
  checkMatrix(rows: rows, columns: columns, ld: lddx, "dx", "softmaxGradient")
  let kernel = kernels.pointee.softmax_gradient
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: softmaxNanoseconds(columns)) { row, rows in
    kernel(rows, columns, y + row * ldy, ldy, dy + row * lddy, lddy, dx + row * lddx, lddx)
  }
}

/// Gradient of log-softmax from its output: dx[i] = dy[i] - exp(y[i]) sum_j dy[j].
///
/// All three are rows x columns. `dx` may be `y` or `dy` with the same distance between rows.
public func logSoftmaxGradient(
  rows: Int, columns: Int, y: UnsafePointer<Float>, ldy: Int, dy: UnsafePointer<Float>, lddy: Int,
  into dx: UnsafeMutablePointer<Float>, lddx: Int
) {
  checkRows(rows: rows, columns: columns, "logSoftmaxGradient")
  checkMatrix(rows: rows, columns: columns, ld: ldy, "y", "logSoftmaxGradient")
  checkMatrix(rows: rows, columns: columns, ld: lddy, "dy", "logSoftmaxGradient")
  checkMatrix(rows: rows, columns: columns, ld: lddx, "dx", "logSoftmaxGradient")
  let kernel = kernels.pointee.log_softmax_gradient
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
