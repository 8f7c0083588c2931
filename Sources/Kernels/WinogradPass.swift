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
///
/// Of filters and tiles, the smaller set is shared by all threads, and each takes a part of the larger; filters are shared too where
/// they are fewer panels than threads.
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
  /// Of panels of filters, in vectors.
  private let width: Int

  init(
    winograd: Winograd, x: UnsafePointer<Float>, source: Source, y: UnsafeMutablePointer<Float>, epilogue: Epilogue,
    table: UnsafePointer<lw_table>
  ) {
    (self.winograd, self.x, self.source, self.y, self.epilogue, self.table) = (winograd, x, source, y, epilogue, table)
    switch source {
    case .filters(let filters): width = filters.width
    case .weights:
      // Filters that are yet to be transformed can be as many panels as there are threads.
      let usual = winograd.panelWidth(on: table)
      width = winograd.tiles > winograd.filters ? usual : max(1, min(usual, winograd.filters / 16 / threadCount))
    }
  }

  func run() {
    guard winograd.tiles > 0, winograd.filters > 0 else { return }
    guard winograd.tiles > winograd.filters || (winograd.filters + panel - 1) / panel < threadCount else {
      return runSharingTiles()
    }
    guard case .weights = source else { return runSharingFilters(chunks: chunksOfTiles) }
    guard !transformsFiltersAnew else { return runSharingFilters(chunks: blocksOfTiles) }
    withFilters(0..<winograd.filters) { filters in
      WinogradPass(winograd: winograd, x: x, source: .filters(filters), y: y, epilogue: epilogue, table: table)
        .runSharingFilters(chunks: chunksOfTiles)
    }
  }

  /// Columns of a panel of filters.
  private var panel: Int { 16 * width }

  private var productNanoseconds: Double {
    let multiplyAdds = Double(winograd.tiles * winograd.positions) * Double(winograd.channels * winograd.filters)
    return 2 * multiplyAdds / table.pointee.gemm_tuning.gflops
  }

  private func transformNanoseconds(_ columns: Int) -> Double {
    WinogradTuning.transformNanoseconds * Double(winograd.tiles * winograd.positions) * Double(columns)
  }

  private var nanoseconds: Double { productNanoseconds + transformNanoseconds(winograd.channels + winograd.filters) }

  /// Whether each of several threads transforms all filters for its tiles, once: they are few, and another core would have to hand
  /// them over.
  private var transformsFiltersAnew: Bool {
    let values = Double(winograd.positions) * Double(winograd.channels * winograd.filters)
    let time = WinogradTuning.filterNanoseconds * values * Double(threads)
    return threads > 1 && blocksOfTiles == threads && time < WinogradTuning.ownFilters * nanoseconds
  }

  /// Each chunk takes some of the tiles through all three steps.
  private func runSharingFilters(chunks: Int) {
    let winograd = winograd
    let rows = tileRows(width, table.pointee.gemm_tuning)
    // Of chunks with few register tiles it counts more that they are equal than that the tiles are full.
    let cut = Cut(winograd.tiles, unit: winograd.tiles < 4 * rows * chunks ? 1 : rows, into: chunks)
    nonisolated(unsafe) let pass = self
    parallelFor(cut.count, nanoseconds: nanoseconds) { chunk in
      let tiles = cut.range(chunk)
      withScratch(WinogradPatches.count(winograd, tiles: tiles.count)) { memory in
        let patches = WinogradPatches(winograd, tiles, in: memory)
        pass.transformInput(patches, channels: 0..<winograd.channels)
        pass.multiply(patches, filters: 0..<winograd.filters)
      }
    }
  }

  /// Chunks whose patches fit the cache, as many for each thread.
  private var blocksOfTiles: Int {
    let tuning = WinogradTuning.self
    let fitting = tuning.patchBytes / (4 * winograd.positions * wholeVectors(winograd.channels))
    let most = min(max(fitting, tuning.tiles.lowerBound), tuning.tiles.upperBound)
    return forEachThread((winograd.tiles + most - 1) / most)
  }

  /// The same, and on several threads enough of them that a core that is late does not keep the others waiting.
  private var chunksOfTiles: Int {
    let tuning = WinogradTuning.self
    guard threads > 1 else { return blocksOfTiles }
    let isNear = WinogradFilters.count(winograd, filters: winograd.filters) * 4 <= tuning.nearBytes
    let most = winograd.tiles / (isNear ? tuning.fewTiles : tuning.tiles.lowerBound)
    let wanted = min(tuning.chunksPerThread * threads, most, Int(nanoseconds / tuning.chunkNanoseconds))
    return max(blocksOfTiles, forEachThread(wanted))
  }

  private func forEachThread(_ chunks: Int) -> Int { (chunks + threads - 1) / threads * threads }

  /// How many threads the whole is worth.
  private var threads: Int { max(1, min(threadCount, Int(nanoseconds / WinogradTuning.chunkNanoseconds))) }

  /// Each chunk takes some of the filters. The tiles are transformed once, by all threads together, or by each chunk for itself
  /// where that takes little beside its products: what another core has written must come over from its cache.
  private func runSharingTiles() {
    let (winograd, tuning) = (winograd, WinogradTuning.self)
    let most = threadCount == 1 ? 1 : tuning.chunksPerThread * threadCount
    let shared = Cut(winograd.filters, unit: panel, into: most), own = Cut(winograd.filters, unit: panel, into: threadCount)
    let transform = transformNanoseconds(winograd.channels)
    let nanoseconds = productNanoseconds + transformNanoseconds(winograd.filters)
    nonisolated(unsafe) let pass = self
    if transform * Double(own.count) < tuning.ownTransform * nanoseconds {
      parallelFor(own.count, nanoseconds: nanoseconds + transform * Double(own.count)) { chunk in
        pass.withPatches { patches in
          pass.transformInput(patches, channels: 0..<winograd.channels)
          pass.multiply(patches, filters: own.range(chunk))
        }
      }
    } else {
      withPatches { patches in
        let channels = Cut(winograd.channels, unit: 16, into: most)
        nonisolated(unsafe) let patches = patches
        parallelFor(channels.count, nanoseconds: transform) {
          pass.transformInput(patches, channels: channels.range($0))
        }
        parallelFor(shared.count, nanoseconds: nanoseconds) { pass.multiply(patches, filters: shared.range($0)) }
      }
    }
  }

  /// Room for the patches of all tiles.
  private func withPatches(_ body: (WinogradPatches) -> Void) {
    withScratch(WinogradPatches.count(winograd, tiles: winograd.tiles)) {
      body(WinogradPatches(winograd, 0..<winograd.tiles, in: $0))
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
        body(WinogradFilters(winograd, weights, part, width: width, in: $0, on: table))
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
            ldc: products.ld, alpha: 1, beta: l == 0 ? 0 : 1, epilogue: nil, width: Int32(width),
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
