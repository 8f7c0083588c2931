import CKernels

/// The transformed filters U: for each position of a patch a channels x filters matrix, in panels.
struct WinogradFilters {
  let panels: Panels
  let plane: Int

  /// The values they take: 16/9 (m = 2) or 4 (m = 4) times the weights.
  static func count(_ winograd: Winograd) -> Int {
    winograd.positions * (Panels.count(k: winograd.channels, n: winograd.filters) + WinogradTuning.gap)
  }

  /// Transforms HWIO `weights` into `memory`.
  init(
    _ winograd: Winograd, _ weights: UnsafePointer<Float>, in memory: UnsafeMutablePointer<Float>,
    on table: UnsafePointer<lw_table>
  ) {
    let (k, n) = (winograd.channels, winograd.filters)
    let width = tileWidth(n: n, table.pointee.gemm_tuning)
    let panels = Panels(memory, k: k, n: n, width: width)
    let plane = Panels.count(k: k, n: n) + WinogradTuning.gap
    (self.panels, self.plane) = (panels, plane)
    let strip = 64 / panels.columns * panels.columns
    let ld = winograd.isTurned ? k : n
    nonisolated(unsafe) let (table, memory, weights) = (table, memory, weights)
    parallelFor((n + strip - 1) / strip, nanoseconds: 0.15 * Double(winograd.positions * k * n)) { s in
      let j = s * strip
      forEachBlock(of: k) { l, size in
        var job = lw_winograd_filter(
          m: Int32(winograd.m), k: size, n: min(strip, n - j),
          weights: weights + (winograd.isTurned ? j * ld + l : l * ld + j), weight: k * n, ld: ld,
          turned: winograd.isTurned ? 1 : 0, width: Int32(width), to: memory + panels.offset(l: l, size: size, j: j),
          plane: plane)
        table.pointee.winograd_filter(&job)
      }
    }
  }
}

/// Transformed filters that are kept.
final class KeptWinogradFilters: @unchecked Sendable {
  let m: Int
  let filters: WinogradFilters
  private let storage: UnsafeMutablePointer<Float>

  init(_ winograd: Winograd, _ weights: UnsafePointer<Float>) {
    m = winograd.m
    let count = WinogradFilters.count(winograd)
    storage = UnsafeMutableRawPointer.allocate(byteCount: 4 * count, alignment: 64).bindMemory(to: Float.self, capacity: count)
    filters = WinogradFilters(winograd, weights, in: storage, on: kernels)
  }

  deinit { UnsafeMutableRawPointer(storage).deallocate() }
}
