import CKernels

/// A k x n matrix in the layout `gemm` likes best for B, made once and used as often as needed, from any thread.
///
/// It is a copy: the matrix it was made from may change or go away.
public final class PackedMatrix: @unchecked Sendable {
  public let k: Int
  public let n: Int
  private let storage: UnsafeMutablePointer<Float>
  let panels: Panels

  /// Packs op(B), k x n: `b` itself with rows `ldb` apart, or the transpose of the n x k matrix `b` when `transposeB`.
  ///
  /// - Precondition: k and n are not negative, and `ldb` is at least the length of a row of `b`.
  public init(k: Int, n: Int, _ b: UnsafePointer<Float>, ldb: Int, transposeB: Bool = false) {
    precondition(k >= 0 && n >= 0, "PackedMatrix: k \(k), n \(n); expected at least 0")
    precondition(ldb >= (transposeB ? k : n), "PackedMatrix: ldb \(ldb); expected at least \(transposeB ? k : n)")
    self.k = k
    self.n = n
    let table = kernels
    let width = tileWidth(n: n, table.pointee.gemm_tuning)
    storage = .allocateUninitialized(Panels.count(k: k, n: n))
    panels = Panels(storage, k: k, n: n, width: width)
    panels.fill(storage, from: Operand(b, ld: ldb, isTransposed: transposeB), on: table)
  }

  deinit { storage.deallocate() }
}

/// op(B) packed: for each block of k, panels of 16*width columns one after the other, rows without gaps.
struct Panels {
  let pointer: UnsafePointer<Float>
  let k: Int
  let n: Int
  let width: Int

  init(_ pointer: UnsafeMutablePointer<Float>, k: Int, n: Int, width: Int) {
    self.pointer = UnsafePointer(pointer)
    self.k = k
    self.n = n
    self.width = width
  }

  /// The values a packed k x n matrix takes: n rounded up to whole vectors.
  static func count(k: Int, n: Int) -> Int { k * ((n + 15) / 16 * 16) }

  var columns: Int { 16 * width }

  /// The panel that starts at column `j` of the block of `size` rows that starts at row `l`.
  func offset(l: Int, size: Int, j: Int) -> Int { Panels.count(k: l, n: n) + j * size }

  /// Packs `b`.
  func fill(_ to: UnsafeMutablePointer<Float>, from b: Operand, on table: UnsafePointer<lw_table>) {
    nonisolated(unsafe) let (table, to) = (table, to)
    // About half a nanosecond for each value. Together, panels read longer pieces of the rows of b.
    forEachPart(panelsTogether: 4, nanoseconds: 0.5) { part in
      table.pointee.gemm_pack_b(
        part.rows, part.columns, Int32(width), b.at(row: part.row, column: part.column), b.ld, b.isTransposed ? 1 : 0,
        to + part.offset)
    }
  }

  /// Packs the rows of `taps`.
  func fill(_ to: UnsafeMutablePointer<Float>, from taps: TransposedTaps, on table: UnsafePointer<lw_table>) {
    nonisolated(unsafe) let (table, to) = (table, to)
    forEachPart(panelsTogether: 1, nanoseconds: 1) { part in
      taps.forEachPart(of: part.row..<part.row + part.rows) { row, rows, tap in
        table.pointee.gemm_pack_b(
          rows, part.columns, Int32(width), tap.at(row: 0, column: part.column), tap.ld, 1,
          to + part.offset + (row - part.row) * wholeVectors(part.columns))
      }
    }
  }

  /// Some rows, all of one block of k, and some columns of B, and where they go: to one panel, or whole blocks of rows to several.
  struct Part {
    let row, rows, column, columns, offset: Int
  }

  /// Calls `body` for parts that make up B, possibly on several cores: whole panels with all of their rows, or where these are
  /// too few to share out, rows of single panels.
  ///
  /// - Parameters:
  ///   - panelsTogether: how many panels a part has at most.
  ///   - nanoseconds: the time for each value, roughly.
  func forEachPart(panelsTogether: Int, nanoseconds: Double, _ body: (Part) -> Void) {
    guard k > 0, n > 0 else { return }
    let time = nanoseconds * Double(k) * Double(n)
    let wanted = threadCount == 1 ? 1 : min(2 * threadCount, Int(time / PieceTuning.nanoseconds))
    let strip = (n + columns * panelsTogether - 1) / (columns * panelsTogether) < wanted ? columns : columns * panelsTogether
    let strips = (n + strip - 1) / strip
    let cut = Cut(k, unit: 16, into: strip == columns ? (wanted + strips - 1) / strips : 1)
    parallelFor(strips * cut.count, nanoseconds: time) { piece in
      let j = piece / cut.count * strip
      let (count, rows) = (min(strip, n - j), cut.range(piece % cut.count))
      var l = rows.lowerBound
      while l < rows.upperBound {
        let block = l / blockLength * blockLength
        let size = min(blockLength, k - block), end = min(rows.upperBound, block + size)
        let offset = offset(l: block, size: size, j: j) + (l - block) * wholeVectors(count)
        body(Part(row: l, rows: end - l, column: j, columns: count, offset: offset))
        l = end
      }
    }
  }
}
