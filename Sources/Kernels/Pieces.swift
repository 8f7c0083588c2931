/// How work on elements or rows that stand alone is cut into pieces.
enum PieceTuning {
  /// The time of a piece, in nanoseconds: long enough that handing it out (up to 100 ns) does not count, short enough that a job of
  /// 15 us is several pieces.
  static let nanoseconds = 3_000.0
  /// The most elements of a piece, 64 KB an array: beyond, a core's prefetchers gain nothing.
  static let most = 16_384
  /// Elements that stay together: whole cache lines, so that two cores never write the same one, and enough of them that the
  /// ends of a piece do not count.
  static let unit = 1_024
  /// Rows that stay together where there are several: kernels take as many side by side.
  static let rows = 4
}

/// Runs `body(start, length)` over pieces that make up `0..<count`, possibly on several cores.
///
/// For work in which every element stands alone: where the pieces are cut must not change the result.
/// - Parameters:
///   - nanoseconds: the serial time of one element, estimated.
///   - unit: pieces begin at multiples of it; it divides `PieceTuning.most`.
func forEachPiece(
  _ count: Int, nanoseconds: Double, unit: Int = PieceTuning.unit, _ body: (_ start: Int, _ length: Int) -> Void
) {
  let fitting = Int(min(PieceTuning.nanoseconds / nanoseconds, Double(PieceTuning.most)))
  let piece = max(unit, fitting / unit * unit)
  guard count > piece else {
    if count > 0 { body(0, count) }
    return
  }
  parallelFor((count + piece - 1) / piece, nanoseconds: nanoseconds * Double(count)) { index in
    let start = index * piece
    body(start, min(piece, count - start))
  }
}

/// Runs `body(start, length)` over groups of whole rows that make up `0..<rows`, possibly on several cores.
///
/// `nanoseconds` estimates the serial time of one of the `columns` elements of a row.
func forEachRowGroup(rows: Int, columns: Int, nanoseconds: Double, _ body: (_ start: Int, _ length: Int) -> Void) {
  guard rows > 0, columns > 0 else { return }
  let fitting = Int(min(PieceTuning.nanoseconds / nanoseconds, Double(PieceTuning.most))) / columns
  let group = fitting > PieceTuning.rows ? fitting / PieceTuning.rows * PieceTuning.rows : max(1, fitting)
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
