import CKernels

/// Transformed filters U: for each position of a patch a channels x filters matrix, in panels.
struct WinogradFilters {
  /// Which of the filters.
  let range: Range<Int>
  private let panels: Panels
  private let plane: Int

  /// The values `filters` of them take: for all, 16/9 (m = 2) or 4 (m = 4) times the weights.
  static func count(_ winograd: Winograd, filters: Int) -> Int {
    winograd.positions * (Panels.count(k: winograd.channels, n: filters) + WinogradTuning.gap)
  }

  /// Transforms some filters of HWIO `weights` into `memory`, in panels of `width` vectors.
  init(
    _ winograd: Winograd, _ weights: UnsafePointer<Float>, _ range: Range<Int>, width: Int,
    in memory: UnsafeMutablePointer<Float>, on table: UnsafePointer<lw_table>
  ) {
    let (k, n) = (winograd.channels, range.count)
    let panels = Panels(memory, k: k, n: n, width: width)
    let plane = Panels.count(k: k, n: n) + WinogradTuning.gap
    (self.range, self.panels, self.plane) = (range, panels, plane)
    nonisolated(unsafe) let (table, memory, weights) = (table, memory, weights)
    panels.forEachPart(
      panelsTogether: 64 / panels.columns, nanoseconds: WinogradTuning.filterNanoseconds * Double(winograd.positions)
    ) { part in
      let (first, ld) = winograd.element(l: part.row, filter: range.lowerBound + part.column)
      var job = lw_winograd_filter(
        m: Int32(winograd.m), k: part.rows, n: part.columns, weights: weights + first, weight: k * winograd.filters, ld: ld,
        turned: winograd.isTurned ? 1 : 0, width: Int32(width), to: memory + part.offset, plane: plane)
      table.pointee.winograd_filter(&job)
    }
  }

  /// Of the panels, in vectors.
  var width: Int { panels.width }

  /// The panels of one position, from filter `j` on, of the block of `size` channels that starts at channel `l`.
  func block(position: Int, l: Int, size: Int, j: Int) -> UnsafePointer<Float> {
    panels.pointer + position * plane + panels.offset(l: l, size: size, j: j - range.lowerBound)
  }
}

extension Winograd {
  /// Of the panels of all transformed filters, in vectors.
  func panelWidth(on table: UnsafePointer<lw_table>) -> Int { tileWidth(n: filters, table.pointee.gemm_tuning) }

  /// Where in the weights the first tap of a channel of a filter lies, and the distance between channels, or between filters
  /// when they are turned around.
  fileprivate func element(l: Int, filter: Int) -> (first: Int, ld: Int) {
    isTurned ? (filter * channels + l, channels) : (l * filters + filter, filters)
  }
}

/// Transformed filters that are kept.
final class KeptWinogradFilters: @unchecked Sendable {
  let m: Int
  let filters: WinogradFilters
  private let storage: UnsafeMutablePointer<Float>

  init(_ winograd: Winograd, _ weights: UnsafePointer<Float>) {
    m = winograd.m
    let count = WinogradFilters.count(winograd, filters: winograd.filters)
    storage = .allocateUninitialized(count)
    let width = winograd.panelWidth(on: kernels)
    filters = WinogradFilters(winograd, weights, 0..<winograd.filters, width: width, in: storage, on: kernels)
  }

  deinit { storage.deallocate() }
}
