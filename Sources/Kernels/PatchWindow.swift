import CKernels

/// How output pixels go through a product whose tiles read patches in the images themselves, and what is copied first where
/// pixels have few channels.
///
/// A tile takes each tap as one run of its channels, or each kernel row as one run when none of its patches sticks out of the
/// image. Few channels make short runs; so there the part of the images that a block of patches covers is copied into a window
/// with the zeros of the padding around it, a fraction of what the patches themselves would take.
struct PatchWindow {
  /// With fewer channels, patches that stick out are read from a window.
  private static let fewChannels = 64
  /// Output pixels that go through all of k together, about.
  private static let blockRows = 192

  private let patches: lw_patches
  /// Output pixels of an image.
  private let pixels: Int
  /// Blocks are so many whole images, or so many rows of one image.
  private let blockImages, blockOutputRows: Int
  /// Whether there is a window.
  private let isUsed: Bool

  /// The window of a copy of `patches`, nil where taps hold a vector or none lies outside: those are copied as fast from the images.
  init?(packing patches: lw_patches) {
    self.init(patches)
    guard isUsed, patches.channels < 16 else { return nil }
  }

  init(_ patches: lw_patches) {
    self.patches = patches
    pixels = patches.rows * patches.columns
    blockImages = PatchWindow.blockRows / max(pixels, 1)
    let blocks = max(1, (pixels + PatchWindow.blockRows / 2) / PatchWindow.blockRows)
    blockOutputRows = (patches.rows + blocks - 1) / blocks
    isUsed = patches.channels < PatchWindow.fewChannels && patches.sticksOut
  }

  /// Where the block of output pixels of `range` ends that starts at `i`: with a window, between images or between their rows.
  func end(from i: Int, in range: Range<Int>) -> Int {
    guard isUsed else {
      let blocks = (range.upperBound - i + PatchWindow.blockRows / 2) / PatchWindow.blockRows
      return blocks < 2 ? range.upperBound : i + (range.upperBound - i + blocks - 1) / blocks
    }
    return min(end(from: i), range.upperBound)
  }

  private func end(from i: Int) -> Int {
    if blockImages > 0 { return (i / (blockImages * pixels) + 1) * blockImages * pixels }
    let (image, inside) = (i / pixels, i % pixels)
    let rows = blockOutputRows * patches.columns
    return image * pixels + min(pixels, (inside / rows + 1) * rows)
  }

  /// The most values a window takes; 0 without one.
  var count: Int {
    guard isUsed else { return 0 }
    let (images, rows) = blockImages > 0 ? (blockImages, patches.rows) : (1, blockOutputRows)
    return images * patches.down.extent(rows) * patches.across.extent(patches.columns) * patches.channels
  }

  /// The patches of the output pixels `range`, which is part of a block, and which of them is the first of the range; copied into
  /// `memory` when there is a window.
  func patches(
    _ range: Range<Int>, in memory: UnsafeMutablePointer<Float>?, on table: UnsafePointer<lw_table>
  ) -> (patches: lw_patches, first: Int) {
    guard isUsed, let memory else { return (patches, range.lowerBound) }
    let images = range.lowerBound / pixels...(range.upperBound - 1) / pixels
    var window = patches
    var firstRow = 0
    if images.count == 1 {
      firstRow = range.lowerBound % pixels / patches.columns
      window.rows = (range.upperBound - 1) % pixels / patches.columns - firstRow + 1
    }
    let (down, across) = (patches.down, patches.across)
    window.height = down.extent(window.rows)
    window.width = across.extent(patches.columns)
    (window.top, window.left) = (down.reach, across.reach)
    window.ldx = patches.channels
    window.x = UnsafePointer(memory)
    let top = firstRow * patches.stride_height - patches.top + down.reach
    for (i, image) in images.enumerated() {
      let from = patches.x + image * patches.height * patches.width * patches.ldx
      copy(from, top: top, into: memory + i * window.height * window.width * window.ldx, window, on: table)
    }
    return (window, range.lowerBound - images.lowerBound * pixels - firstRow * patches.columns)
  }

  /// One image's part of a window, whose first row is row `top` of the image.
  private func copy(
    _ image: UnsafePointer<Float>, top: Int, into memory: UnsafeMutablePointer<Float>, _ window: lw_patches,
    on table: UnsafePointer<lw_table>
  ) {
    let channels = patches.channels
    let left = patches.across.start(patches.left)
    let columns = max(0, -left)..<max(max(0, -left), min(window.width, patches.width - left))
    for y in 0..<window.height {
      let row = memory + y * window.width * channels
      guard 0..<patches.height ~= top + y, !columns.isEmpty else {
        row.update(repeating: 0, count: window.width * channels)
        continue
      }
      row.update(repeating: 0, count: columns.lowerBound * channels)
      (row + columns.upperBound * channels).update(repeating: 0, count: (window.width - columns.upperBound) * channels)
      let from = image + ((top + y) * patches.width + left + columns.lowerBound) * patches.ldx
      let isDense = patches.ldx == channels
      table.pointee.gemm_pack_a(
        isDense ? 1 : columns.count, isDense ? columns.count * channels : channels, from, patches.ldx, 0,
        row + columns.lowerBound * channels)
    }
  }

}

/// The taps of patches along one axis.
private struct PatchAxis {
  let kernel, stride, dilation: Int

  /// How far the last tap lies before the first one, 0 or less: dilations may be negative.
  var reach: Int { min(0, (kernel - 1) * dilation) }
  /// Pixels from the first to the last that the patches of `outputs` neighbours touch.
  func extent(_ outputs: Int) -> Int { (outputs - 1) * stride + (kernel - 1) * abs(dilation) + 1 }
  /// The first pixel that the first patch touches, where padding before the image is `before`.
  func start(_ before: Int) -> Int { reach - before }
}

extension lw_patches {
  fileprivate var down: PatchAxis { PatchAxis(kernel: kernel_height, stride: stride_height, dilation: dilation_height) }
  fileprivate var across: PatchAxis { PatchAxis(kernel: kernel_width, stride: stride_width, dilation: dilation_width) }

  /// Whether any patch touches what lies outside its image.
  fileprivate var sticksOut: Bool {
    func sticksOut(_ axis: PatchAxis, before: Int, outputs: Int, size: Int) -> Bool {
      axis.start(before) < 0 || axis.start(before) + axis.extent(outputs) > size
    }
    return sticksOut(down, before: top, outputs: rows, size: height)
      || sticksOut(across, before: left, outputs: columns, size: width)
  }
}
