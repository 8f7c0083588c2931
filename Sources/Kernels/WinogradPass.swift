import CKernels

/// A matrix for each position of a patch, in rows of whole vectors.
struct WinogradMatrices {
  let pointer: UnsafeMutablePointer<Float>
  let ld, plane: Int

  init(_ memory: UnsafeMutablePointer<Float>, rows: Int, columns: Int) {
    pointer = memory
    ld = wholeVectors(columns)
    plane = rows * ld + WinogradTuning.gap
  }

  static func count(_ winograd: Winograd, rows: Int, columns: Int) -> Int {
    winograd.positions * (rows * wholeVectors(columns) + WinogradTuning.gap)
  }

  subscript(position: Int) -> UnsafeMutablePointer<Float> { pointer + position * plane }
}

/// The transformed patches V of some tiles: a tiles x channels matrix for each position.
private struct WinogradPatches {
  let tiles: Range<Int>
  let matrices: WinogradMatrices

  init(_ winograd: Winograd, _ tiles: Range<Int>, in memory: UnsafeMutablePointer<Float>) {
    self.tiles = tiles
    matrices = WinogradMatrices(memory, rows: tiles.count, columns: winograd.channels)
  }

  static func count(_ winograd: Winograd, tiles: Int) -> Int {
    WinogradMatrices.count(winograd, rows: tiles, columns: winograd.channels)
  }
}

/// One Winograd convolution with its operands.
struct WinogradPass {
  enum Source {
    /// All of them, transformed.
    case filters(WinogradFilters)
    /// HWIO weights, transformed when they are needed.
    case weights(UnsafePointer<Float>)
  }

  let winograd: Winograd
  let x: UnsafePointer<Float>
  let source: Source
  let y: UnsafeMutablePointer<Float>
  let epilogue: Epilogue
  let table: UnsafePointer<lw_table>

  func run() {
    guard winograd.tiles > 0, winograd.filters > 0 else { return }
    if winograd.sharesFilters(on: table) { runSharingFilters() } else { runSharingTiles() }
  }

  /// Columns of a panel of filters.
  private var panel: Int { 16 * winograd.panelWidth(on: table) }

  private var productNanoseconds: Double {
    let multiplyAdds = Double(winograd.tiles * winograd.positions) * Double(winograd.channels * winograd.filters)
    return 2 * multiplyAdds / table.pointee.gemm_tuning.gflops
  }

  private func transformNanoseconds(_ columns: Int) -> Double {
    WinogradTuning.transformNanoseconds * Double(winograd.tiles * winograd.positions) * Double(columns)
  }

  /// Each chunk takes some of the tiles through all three steps.
  private func runSharingFilters() {
    let (winograd, tuning) = (winograd, WinogradTuning.self)
    let fitting = tuning.patchBytes / (4 * winograd.positions * wholeVectors(winograd.channels))
    let most = min(max(fitting, tuning.tiles.lowerBound), tuning.tiles.upperBound)
    let blocks = (winograd.tiles + most - 1) / most
    let least =
      WinogradFilters.count(winograd, filters: winograd.filters) * 4 <= tuning.nearBytes
      ? tuning.fewTiles : tuning.tiles.lowerBound
    let wanted = threadCount == 1 ? 1 : min(tuning.chunksPerThread * threadCount, max(winograd.tiles / least, threadCount))
    let rows = tileRows(winograd.panelWidth(on: table), table.pointee.gemm_tuning)
    let chunks = max(blocks, wanted)
    // Of chunks with few register tiles it counts more that they are equal than that the tiles are full.
    let cut = Cut(winograd.tiles, unit: winograd.tiles < 4 * rows * chunks ? 1 : rows, into: chunks)
    nonisolated(unsafe) let pass = self
    let nanoseconds = productNanoseconds + transformNanoseconds(winograd.channels + winograd.filters)
    parallelFor(cut.count, nanoseconds: nanoseconds) { chunk in
      let tiles = cut.range(chunk)
      withScratch(WinogradPatches.count(winograd, tiles: tiles.count)) { memory in
        let patches = WinogradPatches(winograd, tiles, in: memory)
        pass.transformInput(patches, channels: 0..<winograd.channels)
        pass.multiply(patches, filters: 0..<winograd.filters)
      }
    }
  }

  /// Few tiles: transformed once, by all threads together; then each chunk takes some of the filters.
  private func runSharingTiles() {
    let winograd = winograd
    withScratch(WinogradPatches.count(winograd, tiles: winograd.tiles)) { memory in
      let patches = WinogradPatches(winograd, 0..<winograd.tiles, in: memory)
      let chunks = WinogradTuning.chunksPerThread * threadCount
      let channels = Cut(winograd.channels, unit: 16, into: chunks)
      let columns = Cut(winograd.filters, unit: panel, into: threadCount == 1 ? 1 : chunks)
      nonisolated(unsafe) let (pass, patchesHere) = (self, patches)
      parallelFor(channels.count, nanoseconds: transformNanoseconds(winograd.channels)) {
        pass.transformInput(patchesHere, channels: channels.range($0))
      }
      parallelFor(columns.count, nanoseconds: productNanoseconds + transformNanoseconds(winograd.filters)) {
        pass.multiply(patchesHere, filters: columns.range($0))
      }
    }
  }

  /// V for some of the channels.
  private func transformInput(_ patches: WinogradPatches, channels: Range<Int>) {
    var job = winograd.input(
      x, patches.tiles, channels: channels, to: patches.matrices.pointer + channels.lowerBound, like: patches.matrices)
    table.pointee.winograd_input(&job)
  }

  /// The products with some of the filters and what follows from them, as many filters at a time as fit the cache.
  private func multiply(_ patches: WinogradPatches, filters range: Range<Int>) {
    let fitting = WinogradTuning.productBytes / (4 * winograd.positions * patches.tiles.count)
    var length = max(fitting, WinogradTuning.leastFilters)
    if case .weights = source {
      length = min(length, WinogradTuning.filterBytes / (4 * winograd.positions * wholeVectors(winograd.channels)))
    }
    length = max(panel, length / panel * panel)
    for j in stride(from: range.lowerBound, to: range.upperBound, by: length) {
      let part = j..<min(j + length, range.upperBound)
      withFilters(part) { multiply(patches, $0, part) }
    }
  }

  private func withFilters(_ part: Range<Int>, _ body: (WinogradFilters) -> Void) {
    switch source {
    case .filters(let filters): body(filters)
    case .weights(let weights):
      withScratch(WinogradFilters.count(winograd, filters: part.count)) {
        body(WinogradFilters(winograd, weights, part, in: $0, on: table))
      }
    }
  }

  /// The products of all positions with the filters `part`, and the outputs. Products have whole vectors of filters, the last
  /// of them filled up with the zeros of its panel.
  private func multiply(_ patches: WinogradPatches, _ filters: WinogradFilters, _ part: Range<Int>) {
    withScratch(WinogradMatrices.count(winograd, rows: patches.tiles.count, columns: part.count)) { memory in
      let products = WinogradMatrices(memory, rows: patches.tiles.count, columns: part.count)
      for position in 0..<winograd.positions {
        forEachBlock(of: winograd.channels) { l, size in
          var block = lw_gemm_block(
            m: patches.tiles.count, n: products.ld, k: size, a: patches.matrices[position] + l, lda: patches.matrices.ld,
            b: filters.block(position: position, l: l, size: size, j: part.lowerBound), ldb: 0, c: products[position],
            ldc: products.ld, alpha: 1, beta: l == 0 ? 0 : 1, epilogue: nil, width: Int32(winograd.panelWidth(on: table)),
            transposed: 0, packed: 1, panels_outside: 0, patches: nil, patch_row: 0, patch_column: 0)
          table.pointee.gemm_block(&block)
        }
      }
      transformOutput(patches.tiles, products, filters: part)
    }
  }

  private func transformOutput(_ tiles: Range<Int>, _ products: WinogradMatrices, filters range: Range<Int>) {
    func run(_ epilogue: UnsafePointer<lw_gemm_epilogue>?) {
      var job = lw_winograd_output(
        tiles: winograd.raw(tiles), height: winograd.outputHeight, width: winograd.outputWidth, filters: range.count,
        from: products.pointer, ld: products.ld, plane: products.plane, y: y + range.lowerBound, ldy: winograd.filters,
        epilogue: epilogue)
      table.pointee.winograd_output(&job)
    }
    guard let here = epilogue.shifted(columns: range.lowerBound).raw else { return run(nil) }
    withUnsafePointer(to: here) { run($0) }
  }
}
