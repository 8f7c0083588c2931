import CKernels

/// The gradient of the weights of a 3 x 3 convolution of stride 1 by Winograd's F(3 x 3, 2 x 2), with dy's tiles of 2 x 2 as the
/// filters and the weights as the outputs.
///
/// Patches are transformed as for F(2 x 2, 3 x 3) (V), tiles of dy to 4 x 4 values (D), and for each of the 16 positions the product
/// of V transposed and D, a sum over tiles, is what gives the gradient, transformed once more: 16 multiplications for a tile, a
/// channel and a filter instead of 36.
///
/// Channels and filters alone decide how the tiles are cut into spans, whose gradients are added in order; a span's products are
/// cut at every 64 tiles.
struct WinogradGradient {
  private let winograd: Winograd
  private let x, dy: UnsafePointer<Float>
  private let dw: UnsafeMutablePointer<Float>
  private let table: UnsafePointer<lw_table>
  private let filters, spans: Cut
  private var channels: Cut

  /// How the work is cut. Only `tiles`, `columns`, `pieces` and `span`, by how they cut the tiles, change bits.
  private enum Tuning {
    /// Tiles that are transformed together and summed in one chain: with 128 channels and filters 1 MB, which the products read once.
    static let tiles = 64
    /// Channels and filters of a piece at most: V is computed once for each piece of filters, D once for each of channels.
    static let columns = 128
    /// Pieces, spans included, and the least tiles of a span: enough to keep cores busy where channels are few.
    static let pieces = 16
    static let span = 128
    /// Channels of a piece at least: with fewer, transforming dy for them alone would take longer than the products.
    static let leastChannels = 8
  }

  init(
    _ shape: Conv2DShape, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>,
    on table: UnsafePointer<lw_table>
  ) {
    (self.x, self.dy, self.dw, self.table) = (x, dy, dw, table)
    winograd = Winograd(m: 2, forward: shape)
    func cut(_ columns: Int) -> Cut { Cut(columns, unit: 16, into: (columns + Tuning.columns - 1) / Tuning.columns) }
    (channels, filters) = (cut(shape.channels), cut(shape.filters))
    let pieces = channels.count * filters.count
    spans = Cut(winograd.tiles, unit: Tuning.tiles, into: min(Tuning.pieces / pieces, winograd.tiles / Tuning.span))
    guard pieces * spans.count < threadCount else { return }
    // Too few for all cores: cut more finely, though each piece of channels then transforms dy for itself.
    let parts = (threadCount + pieces * spans.count - 1) / (pieces * spans.count)
    channels = Cut(shape.channels, unit: Tuning.leastChannels, into: channels.count * parts)
  }

  func run() {
    guard spans.count > 1 else { return run(into: dw) }
    let count = 9 * winograd.channels * winograd.filters
    withScratch(spans.count * count) { parts in
      run(into: parts)
      nonisolated(unsafe) let (gradient, parts) = (self, parts)
      let columns = winograd.filters
      forEachRowGroup(rows: 9 * winograd.channels, columns: columns, nanoseconds: 0.1 * Double(spans.count)) { row, rows in
        var sums = lw_gemm_sums(
          m: rows, n: columns, p: parts + row * columns, ld: columns, count: gradient.spans.count, stride: count)
        gradient.table.pointee.gemm_join(&sums, gradient.dw + row * columns, columns, 1, 0, nil)
      }
    }
  }

  /// The gradient of each span, one behind the other.
  private func run(into parts: UnsafeMutablePointer<Float>) {
    nonisolated(unsafe) let (gradient, parts) = (self, parts)
    let multiplyAdds = Double(winograd.tiles * winograd.positions) * Double(winograd.channels * winograd.filters)
    let pieces = channels.count * filters.count
    parallelFor(pieces * spans.count, nanoseconds: 2 * multiplyAdds / table.pointee.gemm_tuning.gflops) {
      let (span, piece) = $0.quotientAndRemainder(dividingBy: pieces)
      let channels = gradient.channels.range(piece % gradient.channels.count)
      let filters = gradient.filters.range(piece / gradient.channels.count)
      gradient.compute(gradient.spans.range(span), channels, filters, into: parts + span * 9 * gradient.weight)
    }
  }

  /// From one of the nine weights of a filter to the next.
  private var weight: Int { winograd.channels * winograd.filters }

  /// The gradient of some channels and filters, from some tiles.
  private func compute(_ tiles: Range<Int>, _ channels: Range<Int>, _ filters: Range<Int>, into to: UnsafeMutablePointer<Float>) {
    let size = min(Tuning.tiles, tiles.count)
    withScratch(WinogradMatrices.count(winograd, rows: size, columns: channels.count)) { v in
      withScratch(WinogradMatrices.count(winograd, rows: size, columns: filters.count)) { d in
        withScratch(WinogradMatrices.count(winograd, rows: channels.count, columns: filters.count)) { memory in
          let products = WinogradMatrices(memory, rows: channels.count, columns: filters.count)
          for first in stride(from: tiles.lowerBound, to: tiles.upperBound, by: size) {
            let block = first..<min(first + size, tiles.upperBound)
            let v = WinogradMatrices(v, rows: block.count, columns: channels.count)
            let d = WinogradMatrices(d, rows: block.count, columns: filters.count)
            transform(block, channels, v, filters, d)
            multiply(v, d, tiles: block.count, channels: channels.count, into: products, adding: first > tiles.lowerBound)
          }
          var job = lw_winograd_weights(
            rows: channels.count, columns: filters.count, from: memory, ld: products.ld, plane: products.plane,
            to: to + channels.lowerBound * winograd.filters + filters.lowerBound, ldt: winograd.filters, weight: weight)
          table.pointee.winograd_weights(&job)
        }
      }
    }
  }

  private func transform(
    _ tiles: Range<Int>, _ channels: Range<Int>, _ v: WinogradMatrices, _ filters: Range<Int>, _ d: WinogradMatrices
  ) {
    var patches = winograd.input(x, tiles, channels: channels, to: v.pointer, like: v)
    table.pointee.winograd_input(&patches)
    var gradients = lw_winograd_input(
      tiles: winograd.raw(tiles), height: winograd.outputHeight, width: winograd.outputWidth, channels: filters.count, top: 0,
      left: 0, x: dy + filters.lowerBound, ldx: winograd.filters, to: d.pointer, ld: d.ld, plane: d.plane)
    table.pointee.winograd_gradient(&gradients)
  }

  private func multiply(
    _ v: WinogradMatrices, _ d: WinogradMatrices, tiles: Int, channels: Int, into products: WinogradMatrices, adding: Bool
  ) {
    let width = tileWidth(n: d.ld, table.pointee.gemm_tuning)
    for position in 0..<winograd.positions {
      var block = lw_gemm_block(
        m: channels, n: d.ld, k: tiles, a: v[position], lda: v.ld, b: d[position], ldb: d.ld, c: products[position],
        ldc: products.ld, alpha: 1, beta: adding ? 1 : 0, epilogue: nil, width: Int32(width), transposed: 1, packed: 0,
        panels_outside: 0, patches: nil, patch_row: 0, patch_column: 0)
      table.pointee.gemm_block(&block)
    }
  }
}
