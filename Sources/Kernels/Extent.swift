/// The memory a matrix occupies.
struct Extent {
  let start, end: UInt
  let columns, ld: Int

  init(_ pointer: UnsafePointer<Float>, rows: Int, columns: Int, ld: Int) {
    start = UInt(bitPattern: pointer)
    end = rows == 0 || columns == 0 ? start : start + UInt(((rows - 1) * ld + columns) * 4)
    self.columns = columns
    self.ld = ld
  }

  init(_ pointer: UnsafePointer<Float>, count: Int) { self.init(pointer, rows: 1, columns: count, ld: count) }

  /// Two matrices of one distance between rows may lie side by side in the same memory, in different columns.
  func overlaps(_ other: Extent) -> Bool {
    guard start < end, other.start < other.end, start < other.end, other.start < end else { return false }
    guard ld == other.ld, ld >= columns, ld >= other.columns else { return true }
    let (first, second) = start <= other.start ? (self, other) : (other, self)
    let shift = Int(second.start - first.start) / 4 % ld
    return shift < first.columns || shift + second.columns > ld
  }
}

/// Stops the program when the result `y` overlaps the operand `x` of the same shape without being the same matrix, that is
/// at the same address with the same distance between rows.
func checkOverlap(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, ld ldx: Int, _ y: UnsafeMutablePointer<Float>, ld ldy: Int,
  _ name: StaticString, _ function: StaticString
) {
  let isSame = x == UnsafePointer(y) && (ldx == ldy || rows <= 1)
  let (operand, result) = (
    Extent(x, rows: rows, columns: columns, ld: ldx), Extent(UnsafePointer(y), rows: rows, columns: columns, ld: ldy)
  )
  precondition(
    isSame || !result.overlaps(operand),
    "\(function): the \(rows) x \(columns) result (ld \(ldy)) overlaps \(name) (ld \(ldx)) without being the same matrix")
}

/// The product of numbers that are not negative, or the largest Int where it is more than that: for numbers that people read.
package func saturatingProduct(_ factors: Int...) -> Int {
  if factors.contains(0) { return 0 }
  return factors.reduce(1) { product, factor in
    let (value, overflow) = product.multipliedReportingOverflow(by: factor)
    return overflow ? .max : value
  }
}
