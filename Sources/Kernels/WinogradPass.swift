import CKernels

/// The transformed patches V of some tiles: a tiles x channels matrix for each position.
private struct WinogradPatches {
  let tiles: Range<Int>
  let pointer: UnsafeMutablePointer<Float>
  let ld, plane: Int

  init(_ winograd: Winograd, _ tiles: Range<Int>, in memory: UnsafeMutablePointer<Float>) {
    self.tiles = tiles
    pointer = memory
    ld = wholeVectors(winograd.channels)
    plane = tiles.count * ld + WinogradTuning.gap
  }

  static func count(_ winograd: Winograd, tiles: Int) -> Int {
    winograd.positions * (tiles * wholeVectors(winograd.channels) + WinogradTuning.gap)
  }
}

/// One Winograd convolution with its operands.
struct WinogradPass {
  let winograd: Winograd
  let x: UnsafePointer<Float>
  let filters: WinogradFilters
  let y: UnsafeMutablePointer<Float>
  let epilogue: Epilogue
  let table: UnsafePointer<lw_table>

  private var tileHeight: Int { tileRows(filters.panels.width, table.pointee.gemm_tuning) }

  private var productNanoseconds: Double {
    let multiplyAdds = Double(winograd.tiles * winograd.positions) * Double(winograd.channels * winograd.filters)
    return 2 * multiplyAdds / table.pointee.gemm_tuning.gflops
  }

  private func transformNanoseconds(_ columns: Int) -> Double {
    WinogradTuning.transformNanoseconds * Double(winograd.tiles * winograd.positions) * Double(columns)
  }

  /// Many tiles: each chunk takes some of them through all three steps.
  func runSharingFilters() {
    let (winograd, tuning) = (winograd, WinogradTuning.self)
    let fitting = tuning.patchBytes / (4 * winograd.positions * wholeVectors(winograd.channels))
    let most = min(max(fitting, tuning.tiles.lowerBound), tuning.tiles.upperBound)
    let blocks = (winograd.tiles + most - 1) / most
    let wanted = threadCount == 1 ? 1 : min(tuning.chunksPerThread * threadCount, winograd.tiles / tuning.tiles.lowerBound)
    let cut = Cut(winograd.tiles, unit: tileHeight, into: max(blocks, wanted))
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
  func runSharingTiles() {
    let winograd = winograd
    withScratch(WinogradPatches.count(winograd, tiles: winograd.tiles)) { memory in
      let patches = WinogradPatches(winograd, 0..<winograd.tiles, in: memory)
      let chunks = WinogradTuning.chunksPerThread * threadCount
      let channels = Cut(winograd.channels, unit: 16, into: chunks)
      let columns = Cut(winograd.filters, unit: filters.panels.columns, into: threadCount == 1 ? 1 : chunks)
      nonisolated(unsafe) let (pass, patchesHere) = (self, patches)
      parallelFor(channels.count, nanoseconds: transformNanoseconds(winograd.channels)) {
        pass.transformInput(patchesHere, channels: channels.range($0))
      }
      parallelFor(columns.count, nanoseconds: productNanoseconds + transformNanoseconds(winograd.filters)) {
        pass.multiply(patchesHere, filters: columns.range($0))
      }
    }
  }

  private func rawTiles(_ tiles: Range<Int>) -> lw_winograd_tiles {
    lw_winograd_tiles(
      m: Int32(winograd.m), rows: winograd.tileRows, columns: winograd.tileColumns, first: tiles.lowerBound, count: tiles.count)
  }

  /// V for some of the channels.
  private func transformInput(_ patches: WinogradPatches, channels: Range<Int>) {
    var job = lw_winograd_input(
      tiles: rawTiles(patches.tiles), height: winograd.height, width: winograd.width, channels: channels.count,
      top: winograd.top, left: winograd.left, x: x + channels.lowerBound, ldx: winograd.channels,
      to: patches.pointer + channels.lowerBound, ld: patches.ld, plane: patches.plane)
    table.pointee.winograd_input(&job)
  }

  /// The products with some of the filters and what follows from them, as many filters at a time as fit the cache.
  private func multiply(_ patches: WinogradPatches, filters range: Range<Int>) {
    let unit = filters.panels.columns
    let fitting = WinogradTuning.productBytes / (4 * winograd.positions * patches.tiles.count)
    let length = max(unit, fitting / unit * unit)
    let room = winograd.positions * (patches.tiles.count * min(length, wholeVectors(range.count)) + WinogradTuning.gap)
    withScratch(room) { memory in
      for j in stride(from: range.lowerBound, to: range.upperBound, by: length) {
        let count = min(length, range.upperBound - j)
        let ld = wholeVectors(count)
        let plane = patches.tiles.count * ld + WinogradTuning.gap
        for position in 0..<winograd.positions {
          multiply(patches, position, j: j, columns: ld, into: memory + position * plane)
        }
        transformOutput(patches.tiles, memory, ld: ld, plane: plane, filters: j..<j + count)
      }
    }
  }

  /// One product: whole vectors of filters, the last of them filled up with the zeros of its panel.
  private func multiply(
    _ patches: WinogradPatches, _ position: Int, j: Int, columns: Int, into memory: UnsafeMutablePointer<Float>
  ) {
    let panels = filters.panels
    let (a, b) = (patches.pointer + position * patches.plane, panels.pointer + position * filters.plane)
    forEachBlock(of: winograd.channels) { l, size in
      var block = lw_gemm_block(
        m: patches.tiles.count, n: columns, k: size, a: a + l, lda: patches.ld, b: b + panels.offset(l: l, size: size, j: j),
        ldb: 0, c: memory, ldc: columns, alpha: 1, beta: l == 0 ? 0 : 1, epilogue: nil, width: Int32(panels.width),
        transposed: 0, packed: 1,
        panels_outside: 0)
      table.pointee.gemm_block(&block)
    }
  }

  private func transformOutput(
    _ tiles: Range<Int>, _ products: UnsafePointer<Float>, ld: Int, plane: Int, filters range: Range<Int>
  ) {
    func run(_ epilogue: UnsafePointer<lw_gemm_epilogue>?) {
      var job = lw_winograd_output(
        tiles: rawTiles(tiles), height: winograd.outputHeight, width: winograd.outputWidth, filters: range.count,
        from: products, ld: ld, plane: plane, y: y + range.lowerBound, ldy: winograd.filters, epilogue: epilogue)
      table.pointee.winograd_output(&job)
    }
    guard var here = epilogue.raw else { return run(nil) }
    here.bias = epilogue.bias.map { $0 + range.lowerBound }
    here.residual = epilogue.residual.map { $0 + range.lowerBound }
    withUnsafePointer(to: here) { run($0) }
  }
}
