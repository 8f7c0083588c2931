import CKernels

/// A 3 x 3 convolution of stride 1 by Winograd's minimal filtering F(m x m, 3 x 3) (Lavin and Gray, "Fast algorithms for
/// convolutional neural networks", CVPR 2016).
///
/// The output is cut into tiles of m x m. The (m + 2) x (m + 2) patch under each is transformed (V), so are the filters (U), and
/// for each of the (m + 2)^2 positions of a patch one matrix product over channels gives what, transformed once more, is
/// the output: 4 multiplications instead of 9 for m = 2, 2.25 for m = 4.
///
/// The order of all additions follows from the channels alone; how tiles and filters are cut into blocks changes nothing.
struct Winograd {
  /// Outputs of a tile in each direction: 2 or 4.
  let m: Int
  let batch, height, width, channels: Int
  let filters, outputHeight, outputWidth: Int
  /// Rows and columns of zeros before the image; negative where its first ones have no influence.
  let top, left: Int
  /// Whether the filters are those of the forward pass turned around, with inputs and outputs exchanged.
  let isTurned: Bool

  /// The convolution itself.
  init(m: Int, forward shape: Conv2DShape) {
    self.m = m
    (batch, height, width, channels) = (shape.batch, shape.height, shape.width, shape.channels)
    (filters, outputHeight, outputWidth) = (shape.filters, shape.outputHeight, shape.outputWidth)
    (top, left) = (shape.padding.top, shape.padding.left)
    isTurned = false
  }

  /// The gradient of its input: the convolution of dy, padded by what the kernel sticks out, with the filters turned around.
  init(m: Int, backwardData shape: Conv2DShape) {
    self.m = m
    (batch, height, width, channels) = (shape.batch, shape.outputHeight, shape.outputWidth, shape.filters)
    (filters, outputHeight, outputWidth) = (shape.channels, shape.height, shape.width)
    (top, left) = (2 - shape.padding.top, 2 - shape.padding.left)
    isTurned = true
  }

  var tileRows: Int { (outputHeight + m - 1) / m }
  var tileColumns: Int { (outputWidth + m - 1) / m }
  var tiles: Int { batch * tileRows * tileColumns }
  /// Positions of a patch: the products.
  var positions: Int { (m + 2) * (m + 2) }

  func raw(_ tiles: Range<Int>) -> lw_winograd_tiles {
    lw_winograd_tiles(m: Int32(m), rows: tileRows, columns: tileColumns, first: tiles.lowerBound, count: tiles.count)
  }

  /// The transformation of the patches of x, some of its channels; `to` is where their first column goes in `matrices`.
  func input(
    _ x: UnsafePointer<Float>, _ tiles: Range<Int>, channels range: Range<Int>, to: UnsafeMutablePointer<Float>,
    like matrices: WinogradMatrices
  ) -> lw_winograd_input {
    lw_winograd_input(
      tiles: raw(tiles), height: height, width: width, channels: range.count, top: top, left: left, x: x + range.lowerBound,
      ldx: channels, to: to, ld: matrices.ld, plane: matrices.plane)
  }
}

// MARK: Which convolutions

extension Conv2DShape {
  /// The tiles of the Winograd convolution this is carried out with under `accuracy`, or nil when it is a plain product.
  ///
  /// Channels and filters decide, not the size of the images: filters packed once serve every size.
  package func winogradTile(_ accuracy: ConvAccuracy) -> Int? {
    guard
      kernelHeight == 3, kernelWidth == 3, strideHeight == 1, strideWidth == 1, dilationHeight == 1, dilationWidth == 1,
      groups == 1, min(channels, filters) >= WinogradTuning.leastChannels
    else { return nil }
    switch accuracy {
    case .direct: return nil
    case .standard: return 2
    case .relaxed: return 4
    }
  }
}

/// How the work is cut. No field changes a bit of a result, but for `leastChannels`.
enum WinogradTuning {
  /// Below, the transforms cost more than the multiplications they save.
  static let leastChannels = 16
  /// Transformed patches a core works on at a time, in bytes: with the products they stay in a second-level cache of 512 KB, of
  /// which the filters in flight take the rest.
  static let patchBytes = 256 << 10
  static let productBytes = 192 << 10
  /// Tiles of a block. With fewer, reading the filters would take longer than multiplying with them; more do not help.
  static let tiles = 48...96
  /// The least tiles of a chunk where all transformed filters take at most `nearBytes` and so come from a near cache.
  static let fewTiles = 12
  static let nearBytes = 320 << 10
  /// Filters that go through together at least: with fewer, reading the patches would take longer.
  static let leastFilters = 64
  /// Filters transformed for one use, in bytes: they come from memory and must not go back to it.
  static let filterBytes = 1 << 20
  /// Chunks for each thread, so that a core that is late does not keep the others waiting.
  static let chunksPerThread = 4
  /// The time of a chunk of tiles, in nanoseconds: products of few tiles and channels are so short that calling them counts.
  static let chunkNanoseconds = 5_000.0
  /// Nanoseconds to transform one position of a channel or filter of a tile, and of a channel of a filter.
  static let transformNanoseconds = 0.12
  static let filterNanoseconds = 0.15
  /// The share of the time of all products that transforming the tiles may take when each chunk does it for itself.
  static let ownTransform = 0.3
  /// The same of transforming the filters.
  static let ownFilters = 0.35
  /// Matrices are this far apart beyond their size: sizes are often multiples of a page, and positions that far apart would
  /// share a set of the cache.
  static let gap = 16
}

// MARK: Execution

extension Winograd {
  /// y = f(conv(x, weights) + bias + residual), the filters transformed for this call.
  func run(
    _ x: UnsafePointer<Float>, weights: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, _ epilogue: Epilogue,
    on table: UnsafePointer<lw_table>
  ) {
    WinogradPass(winograd: self, x: x, source: .weights(weights), y: y, epilogue: epilogue, table: table).run()
  }

  /// y = f(conv(x, filters) + bias + residual).
  func run(
    _ x: UnsafePointer<Float>, _ filters: WinogradFilters, into y: UnsafeMutablePointer<Float>, _ epilogue: Epilogue,
    on table: UnsafePointer<lw_table>
  ) {
    WinogradPass(winograd: self, x: x, source: .filters(filters), y: y, epilogue: epilogue, table: table).run()
  }
}
