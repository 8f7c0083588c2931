// Arithmetic on arrays and on the rows of a matrix. A result may be stored over an operand; otherwise arrays must not
// overlap. All of it is bound by memory, so every pass reads and writes each byte once.

import CKernels

/// Estimated time of an element: two arrays read and one written at about 60 GB/s, the rate of one core out of its cache.
private let nanoseconds = 0.2

private typealias Zip = @convention(c) (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void

private func zip(
  _ kernel: Zip, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ z: UnsafeMutablePointer<Float>, _ count: Int,
  _ function: StaticString
) {
  check(count, function)
  checkOverlap(x, z, elements: count, function)
  checkOverlap(y, z, elements: count, function)
  forEachPiece(count, nanoseconds: nanoseconds) { kernel(x + $0, y + $0, z + $0, $1) }
}

/// `z[i] = x[i] + y[i]` for i in 0..<count. `z` may be `x` or `y`.
public func add(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, into z: UnsafeMutablePointer<Float>, count: Int
) {
  zip(kernels.pointee.add, x, y, z, count, "add")
}

/// `z[i] = x[i] - y[i]` for i in 0..<count. `z` may be `x` or `y`.
public func subtract(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, into z: UnsafeMutablePointer<Float>, count: Int
) {
  zip(kernels.pointee.subtract, x, y, z, count, "subtract")
}

/// `z[i] = x[i] * y[i]` for i in 0..<count. `z` may be `x` or `y`.
public func multiply(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, into z: UnsafeMutablePointer<Float>, count: Int
) {
  zip(kernels.pointee.multiply, x, y, z, count, "multiply")
}

/// `z[i] = x[i] / y[i]` for i in 0..<count, correctly rounded. `z` may be `x` or `y`.
public func divide(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, into z: UnsafeMutablePointer<Float>, count: Int
) {
  zip(kernels.pointee.divide, x, y, z, count, "divide")
}

/// `y[i] = s * x[i]` for i in 0..<count. `y` may be `x`.
public func scale(_ s: Float, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
  check(count, "scale")
  checkOverlap(x, y, elements: count, "scale")
  let kernel = kernels.pointee.scale
  forEachPiece(count, nanoseconds: nanoseconds) { kernel(s, x + $0, y + $0, $1) }
}

/// `y[i] = fma(a, x[i], y[i])` for i in 0..<count: y += a x with one rounding. As in BLAS, `x` is not read when `a` is 0: `y`
/// stays as it is, whatever `x` holds.
public func axpy(_ a: Float, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
  check(count, "axpy")
  checkOverlap(x, y, elements: count, "axpy")
  guard a != 0 else { return }
  let kernel = kernels.pointee.axpy
  forEachPiece(count, nanoseconds: nanoseconds) { kernel(a, x + $0, y + $0, $1) }
}

/// `y[i] = min(max(x[i], lower), upper)` for i in 0..<count; a NaN in `x` stays one. `y` may be `x`.
///
/// - Precondition: `lower <= upper`.
public func clamp(
  _ x: UnsafePointer<Float>, lower: Float, upper: Float, into y: UnsafeMutablePointer<Float>, count: Int
) {
  check(count, "clamp")
  precondition(lower <= upper, "clamp: lower \(lower) and upper \(upper); expected lower <= upper")
  checkOverlap(x, y, elements: count, "clamp")
  let kernel = kernels.pointee.clamp
  forEachPiece(count, nanoseconds: nanoseconds) { kernel(x + $0, lower, upper, y + $0, $1) }
}

/// `y[i] = Float(x[i]) * scale` for i in 0..<count: pixels to numbers.
public func scaleBytes(_ x: UnsafePointer<UInt8>, scale: Float, into y: UnsafeMutablePointer<Float>, count: Int) {
  check(count, "scaleBytes")
  let kernel = kernels.pointee.scale_bytes
  forEachPiece(count, nanoseconds: nanoseconds) { kernel(x + $0, scale, y + $0, $1) }
}

private typealias Broadcast =
  @convention(c) (
    Int, Int, UnsafePointer<Float>, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int
  ) -> Void

/// A matrix with a row, whose values all rows share (`columnStep` 0), or a column, of which each row has one value (1).
private func broadcast(
  _ kernel: Broadcast, _ rows: Int, _ columns: Int, _ x: UnsafePointer<Float>, _ ldx: Int, _ vector: UnsafePointer<Float>,
  _ columnStep: Int, _ y: UnsafeMutablePointer<Float>, _ ldy: Int, _ function: StaticString
) {
  checkMatrix(rows: rows, columns: columns, ld: ldx, "x", function)
  checkMatrix(rows: rows, columns: columns, ld: ldy, "y", function)
  checkOverlap(rows: rows, columns: columns, x, ld: ldx, y, ld: ldy, "x", function)
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: nanoseconds) { row, count in
    kernel(count, columns, x + row * ldx, ldx, vector + row * columnStep, y + row * ldy, ldy)
  }
}

/// `y[i][j] = x[i][j] + row[j]`: `row` has `columns` values. `y` may be `x`.
public func addRow(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, ldx: Int, row: UnsafePointer<Float>,
  into y: UnsafeMutablePointer<Float>, ldy: Int
) {
  broadcast(kernels.pointee.add_row, rows, columns, x, ldx, row, 0, y, ldy, "addRow")
}

/// `y[i][j] = x[i][j] * row[j]`: `row` has `columns` values. `y` may be `x`.
public func multiplyRow(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, ldx: Int, row: UnsafePointer<Float>,
  into y: UnsafeMutablePointer<Float>, ldy: Int
) {
  broadcast(kernels.pointee.multiply_row, rows, columns, x, ldx, row, 0, y, ldy, "multiplyRow")
}

/// `y[i][j] = x[i][j] + column[i]`: `column` has `rows` values. `y` may be `x`.
public func addColumn(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, ldx: Int, column: UnsafePointer<Float>,
  into y: UnsafeMutablePointer<Float>, ldy: Int
) {
  broadcast(kernels.pointee.add_column, rows, columns, x, ldx, column, 1, y, ldy, "addColumn")
}

/// `y[i][j] = x[i][j] * column[i]`: `column` has `rows` values. `y` may be `x`.
public func multiplyColumn(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, ldx: Int, column: UnsafePointer<Float>,
  into y: UnsafeMutablePointer<Float>, ldy: Int
) {
  broadcast(kernels.pointee.multiply_column, rows, columns, x, ldx, column, 1, y, ldy, "multiplyColumn")
}

/// Row `i` of `y` becomes row `indices[i]` of `source`: a batch put together from chosen examples.
///
/// - Precondition: every index names a row of `source`; the caller, who knows how many there are, has checked that.
///   `y` and `source` do not overlap.
public func gatherRows(
  rows: Int, columns: Int, _ source: UnsafePointer<Float>, lds: Int, indices: UnsafePointer<Int32>,
  into y: UnsafeMutablePointer<Float>, ldy: Int
) {
  checkMatrix(rows: rows, columns: columns, ld: ldy, "y", "gatherRows")
  precondition(lds >= columns, "gatherRows: source has rows of \(columns) elements but lds \(lds)")
  let kernel = kernels.pointee.gather_rows
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: nanoseconds) { row, count in
    kernel(count, columns, source, lds, indices + row, y + row * ldy, ldy)
  }
}
