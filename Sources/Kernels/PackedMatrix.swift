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

  /// Packs `b`, a few panels a piece of work.
  func fill(_ to: UnsafeMutablePointer<Float>, from b: Operand, on table: UnsafePointer<lw_table>) {
    guard k > 0, n > 0 else { return }
    let panelsAtOnce = 4
    let strip = columns * panelsAtOnce
    let strips = (n + strip - 1) / strip
    nonisolated(unsafe) let (table, to) = (table, to)
    // About half a nanosecond for each value.
    parallelFor(strips, nanoseconds: 0.5 * Double(k) * Double(n)) { s in
      let j = s * strip
      let count = min(strip, n - j)
      forEachBlock(of: k) { l, size in
        table.pointee.gemm_pack_b(
          size, count, Int32(width), b.at(row: l, column: j), b.ld, b.isTransposed ? 1 : 0, to + offset(l: l, size: size, j: j))
      }
    }
  }

  /// Packs the rows of `taps`, a few panels a piece of work.
  func fill(_ to: UnsafeMutablePointer<Float>, from taps: TransposedTaps, on table: UnsafePointer<lw_table>) {
    guard k > 0, n > 0 else { return }
    nonisolated(unsafe) let (table, to) = (table, to)
    parallelFor((n + columns - 1) / columns, nanoseconds: Double(k) * Double(n)) { s in
      let j = s * columns
      let count = min(columns, n - j)
      forEachBlock(of: k) { l, size in
        let panel = to + offset(l: l, size: size, j: j)
        taps.forEachPart(of: l..<l + size) { row, rows, part in
          table.pointee.gemm_pack_b(
            rows, count, Int32(width), part.at(row: 0, column: j), part.ld, 1, panel + (row - l) * wholeVectors(count))
        }
      }
    }
  }
}
