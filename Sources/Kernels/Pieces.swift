/// Elements of a piece of an elementwise job: 64 KB an array, long enough that a core's prefetchers pay and handing it
/// out does not count, and whole cache lines, so that two cores never write the same one.
private let pieceLength = 16384

/// Runs `body(start, length)` over pieces that make up `0..<count`, possibly on several cores.
///
/// For work in which every element stands alone: where the pieces are cut must not change the result.
/// `nanoseconds` estimates the serial time of one element.
func forEachPiece(_ count: Int, nanoseconds: Double, _ body: (_ start: Int, _ length: Int) -> Void) {
  guard count > pieceLength else {
    if count > 0 { body(0, count) }
    return
  }
  parallelFor((count + pieceLength - 1) / pieceLength, nanoseconds: nanoseconds * Double(count)) { piece in
    let start = piece * pieceLength
    body(start, min(pieceLength, count - start))
  }
}

/// Runs `body(start, length)` over groups of whole rows that make up `0..<rows`, possibly on several cores.
///
/// `nanoseconds` estimates the serial time of one of the `columns` elements of a row.
func forEachRowGroup(rows: Int, columns: Int, nanoseconds: Double, _ body: (_ start: Int, _ length: Int) -> Void) {
  guard rows > 0, columns > 0 else { return }
  let group = max(1, pieceLength / columns)
  guard rows > group else { return body(0, rows) }
  parallelFor((rows + group - 1) / group, nanoseconds: nanoseconds * Double(rows) * Double(columns)) { piece in
    let start = piece * group
    body(start, min(group, rows - start))
  }
}

/// Stops the program when `count` is negative.
func check(_ count: Int, _ function: StaticString) {
  precondition(count >= 0, "\(function): count \(count) is negative")
}

/// Stops the program unless the matrix `name` has room for `columns` in a row of `ld` elements.
func checkMatrix(rows: Int, columns: Int, ld: Int, _ name: StaticString, _ function: StaticString) {
  precondition(rows >= 0 && columns >= 0, "\(function): \(rows) rows, \(columns) columns; expected neither negative")
  precondition(ld >= columns || rows <= 1, "\(function): \(name) has rows of \(columns) elements but ld \(ld)")
}

/// Stops the program when two arrays overlap without being the same one.
func checkOverlap(
  _ x: UnsafeRawPointer, _ y: UnsafeRawPointer, elements count: Int, _ function: StaticString
) {
  let bytes = count * MemoryLayout<Float>.stride
  precondition(
    x == y || x + bytes <= y || y + bytes <= x,
    "\(function): two arrays of \(count) elements overlap, \(y - x) bytes apart; expected the same one or separate ones")
}

/// Stops the program with `message` when two arrays of 32-bit elements share memory.
func checkApart(
  _ x: UnsafeRawPointer, _ xCount: Int, _ y: UnsafeRawPointer, _ yCount: Int, _ message: @autoclosure () -> String
) {
  precondition(xCount == 0 || yCount == 0 || x + 4 * xCount <= y || y + 4 * yCount <= x, message())
}
