// Convolution with as many groups as channels: each channel by itself. `conv2d` and its gradients come here.
//
// Every output is one chain of fused multiply-adds from 0 over the taps inside the image, by ascending kernel row and column.
// Every element of dx is one chain over the output pixels it reaches, in scan order. A gradient of the weights is a sum over
// blocks of output rows (see `Conv2DShape.depthwiseBlockRows`), each a chain from 0 over its pixels in scan order; the blocks'
// sums are added in order.
//
// With a multiplier m, filter c * m + q belongs to channel c. That is m depthwise convolutions on the planes of filters that
// share q; the chains of dx go on from plane to plane.

import CKernels

extension Conv2DShape {
  /// Whether each channel is convolved by itself. A single channel is an ordinary convolution, as is one without filters.
  var isDepthwise: Bool { groups == channels && channels > 1 && filters > 0 }

  fileprivate var multiplier: Int { groupFilters }
  fileprivate var taps: Int { kernelHeight * kernelWidth }

  fileprivate func depthwise(isAdjoint: Bool = false, continues: Bool = false) -> lw_depthwise {
    lw_depthwise(
      rows: lw_depthwise_axis(
        input: height, output: outputHeight, taps: kernelHeight, stride: strideHeight, dilation: dilationHeight,
        before: padding.top),
      columns: lw_depthwise_axis(
        input: width, output: outputWidth, taps: kernelWidth, stride: strideWidth, dilation: dilationWidth,
        before: padding.left),
      channels: channels, adjoint: isAdjoint ? 1 : 0, continues: continues ? 1 : 0,
      ahead: inputCount + outputCount > DepthwiseTuning.cachedElements ? 1 : 0, w_tap: channels, w_channel: 1)
  }

  /// Estimated time of one channel of one pixel of the result, at half of what the arithmetic would allow.
  fileprivate func depthwiseNanoseconds(on table: UnsafePointer<lw_table>) -> Double {
    4 * Double(taps) / table.pointee.gemm_tuning.gflops
  }
}

// MARK: Forward

/// y = activation(depthwise convolution of x + bias + residual), as `conv2d` states it. Sizes have been checked.
func depthwiseForward(
  _ shape: Conv2DShape, _ x: UnsafePointer<Float>, weights: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
  epilogue: Epilogue, on table: UnsafePointer<lw_table>
) {
  guard shape.outputCount > 0 else { return }
  guard shape.multiplier > 1 else {
    let rows = shape.batch * shape.outputHeight
    return run(shape.depthwise(), rows: rows, width: shape.outputWidth, x, weights, y, epilogue, shape, on: table)
  }
  let plane = shape.outputHeight * shape.outputWidth * shape.channels
  let filters = shape.taps * shape.channels
  withPlanes(of: weights, shape.multiplier, count: filters, on: table) { weights in
    nonisolated(unsafe) let (x, weights, y, epilogue, table) = (x, weights, y, epilogue, table)
    forEachImage(shape, on: table) { image in
      withScratch(2 * shape.multiplier * plane) { scratch in
        let whole = lw_depthwise_part(row: 0, rows: shape.outputHeight, channel: 0, channels: shape.channels)
        let input = x + image * shape.height * shape.width * shape.channels
        for q in 0..<shape.multiplier {
          call(table, shape.depthwise(), whole, input, weights + q * filters, scratch + q * plane, nil)
        }
        let sums = scratch + shape.multiplier * plane
        table.pointee.gemm_pack_a(plane, shape.multiplier, scratch, plane, 1, sums)
        join(
          sums, pixels: shape.outputHeight * shape.outputWidth, columns: shape.filters, image, into: y, epilogue, on: table)
      }
    }
  }
}

/// y = activation(sums + bias + residual), for one image.
private func join(
  _ sums: UnsafePointer<Float>, pixels: Int, columns: Int, _ image: Int, into y: UnsafeMutablePointer<Float>,
  _ epilogue: Epilogue, on table: UnsafePointer<lw_table>
) {
  var all = lw_gemm_sums(m: pixels, n: columns, p: sums, ld: columns, count: 1, stride: 0)
  let to = y + image * pixels * columns
  guard let raw = epilogue.shifted(rows: image * pixels).raw else { return table.pointee.gemm_join(&all, to, columns, 1, 0, nil) }
  withUnsafePointer(to: raw) { table.pointee.gemm_join(&all, to, columns, 1, 0, $0) }
}

// MARK: Backward data

/// dx = activation(adjoint of the depthwise convolution, of dy, + bias + residual). Sizes have been checked.
func depthwiseBackwardData(
  _ shape: Conv2DShape, _ dy: UnsafePointer<Float>, weights: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
  epilogue: Epilogue, on table: UnsafePointer<lw_table>
) {
  guard shape.inputCount > 0 else { return }
  guard shape.multiplier > 1 else {
    let rows = shape.batch * shape.height
    return run(shape.depthwise(isAdjoint: true), rows: rows, width: shape.width, dy, weights, dx, epilogue, shape, on: table)
  }
  let plane = shape.outputHeight * shape.outputWidth * shape.channels
  let (pixels, filters) = (shape.height * shape.width, shape.taps * shape.channels)
  withPlanes(of: weights, shape.multiplier, count: filters, on: table) { weights in
    nonisolated(unsafe) let (dy, weights, dx, epilogue, table) = (dy, weights, dx, epilogue, table)
    forEachImage(shape, on: table) { image in
      withPlanes(of: dy + image * plane * shape.multiplier, shape.multiplier, count: plane, on: table) { dy in
        withScratch(pixels * shape.channels) { sums in
          let whole = lw_depthwise_part(row: 0, rows: shape.height, channel: 0, channels: shape.channels)
          for q in 0..<shape.multiplier {
            let d = shape.depthwise(isAdjoint: true, continues: q > 0)
            call(table, d, whole, dy + q * plane, weights + q * filters, sums, nil)
          }
          join(sums, pixels: pixels, columns: shape.channels, image, into: dx, epilogue, on: table)
        }
      }
    }
  }
}

// MARK: Backward weights

extension Conv2DShape {
  /// Output rows whose products are summed in one chain for a gradient of depthwise weights: about 256 pixels of one image.
  /// Part of the numerical contract.
  fileprivate var depthwiseBlockRows: Int { min(outputHeight, max(1, 256 / outputWidth)) }
}

/// dw = the gradient with respect to the weights of a depthwise convolution. Sizes have been checked.
func depthwiseBackwardWeights(
  _ shape: Conv2DShape, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>,
  on table: UnsafePointer<lw_table>
) {
  guard shape.outputCount > 0 else { return dw.update(repeating: 0, count: shape.weightCount) }
  let (plane, multiplier) = (shape.taps * shape.channels, shape.multiplier)
  guard multiplier > 1 else { return weightGradient(shape, x, dy, dw, on: table) }
  let pixels = shape.outputRows * shape.channels
  withPlanes(of: dy, multiplier, count: pixels, on: table) { dy in
    withScratch(multiplier * plane) { planes in
      for q in 0..<multiplier { weightGradient(shape, x, dy + q * pixels, planes + q * plane, on: table) }
      table.pointee.gemm_pack_a(plane, multiplier, planes, plane, 1, dw)
    }
  }
}

/// The gradient of one plane of filters: blocks of rows and of channels side by side, then the blocks' sums.
private func weightGradient(
  _ shape: Conv2DShape, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ dw: UnsafeMutablePointer<Float>,
  on table: UnsafePointer<lw_table>
) {
  let (size, rows) = (shape.taps * shape.channels, shape.depthwiseBlockRows)
  let perImage = (shape.outputHeight + rows - 1) / rows
  let blocks = shape.batch * perImage
  let strips = Strips(channels: shape.channels)
  let time = shape.depthwiseNanoseconds(on: table) * Double(shape.outputRows * shape.channels)
  withScratch(blocks * size) { sums in
    nonisolated(unsafe) let (x, dy, sums, table) = (x, dy, sums, table)
    parallelFor(blocks * strips.count, nanoseconds: time) { unit in
      let (block, channels) = (unit / strips.count, strips.range(unit % strips.count))
      let row = block % perImage * rows
      var part = lw_depthwise_part(
        row: block / perImage * shape.outputHeight + row, rows: min(rows, shape.outputHeight - row),
        channel: channels.lowerBound, channels: channels.count)
      var d = shape.depthwise()
      let to = sums + block * size
      for tap in 0..<shape.taps {
        (to + tap * shape.channels + channels.lowerBound).update(repeating: 0, count: channels.count)
      }
      table.pointee.depthwise_weights(&d, &part, x, dy, to)
    }
    nonisolated(unsafe) let dw = dw
    parallelFor(shape.taps, nanoseconds: 0.1 * Double(blocks * size)) { tap in
      var all = lw_gemm_sums(
        m: 1, n: shape.channels, p: sums + tap * shape.channels, ld: shape.channels, count: blocks, stride: size)
      table.pointee.gemm_join(&all, dw + tap * shape.channels, shape.channels, 1, 0, nil)
    }
  }
}

// MARK: Division of work

/// Channels in strips of at most 256, cut at whole vectors: a strip's weights stay in the nearest cache.
private struct Strips {
  static let width = 256
  let channels: Int
  var count: Int { (channels + Strips.width - 1) / Strips.width }
  func range(_ strip: Int) -> Range<Int> { strip * Strips.width..<min(channels, (strip + 1) * Strips.width) }
}

private enum DepthwiseTuning {
  /// Nanoseconds of a piece of work: short enough to balance, long enough that handing it out does not count.
  static let pieceNanoseconds = 4_000.0
  /// Input and output beyond this (16 MB) come from memory, and fetching lines ahead pays: 20 to 30 % on Zen 3. Below it
  /// costs 5 %.
  static let cachedElements = 4 << 20
  /// At multiples of so many channels the same channel of all taps falls into the same few places of a first-level cache.
  /// Weights rearranged for it take a quarter off 14x14x512.
  static let collidingChannels = 256
}

/// All rows of a result without a multiplier, on several cores.
private func run(
  _ d: lw_depthwise, rows: Int, width: Int, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>,
  _ y: UnsafeMutablePointer<Float>, _ epilogue: Epilogue, _ shape: Conv2DShape, on table: UnsafePointer<lw_table>
) {
  guard shape.channels % DepthwiseTuning.collidingChannels == 0 else {
    return runRows(d, rows: rows, width: width, x, w, y, epilogue, shape, on: table)
  }
  withScratch(shape.taps * shape.channels) { vectors in
    table.pointee.gemm_pack_b(shape.taps, shape.channels, 1, w, shape.channels, 0, vectors)
    var d = d
    (d.w_tap, d.w_channel) = (16, shape.taps)
    runRows(d, rows: rows, width: width, x, vectors, y, epilogue, shape, on: table)
  }
}

private func runRows(
  _ d: lw_depthwise, rows: Int, width: Int, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>,
  _ y: UnsafeMutablePointer<Float>, _ epilogue: Epilogue, _ shape: Conv2DShape, on table: UnsafePointer<lw_table>
) {
  let strips = Strips(channels: shape.channels)
  let rowTime = shape.depthwiseNanoseconds(on: table) * Double(width * shape.channels)
  let group = max(1, Int(DepthwiseTuning.pieceNanoseconds * Double(strips.count) / rowTime))
  let groups = (rows + group - 1) / group
  let raw = epilogue.raw
  nonisolated(unsafe) let (x, w, y, table, epilogue) = (x, w, y, table, raw)
  parallelFor(groups * strips.count, nanoseconds: rowTime * Double(rows)) { unit in
    let row = unit / strips.count * group
    let channels = strips.range(unit % strips.count)
    let part = lw_depthwise_part(
      row: row, rows: min(group, rows - row), channel: channels.lowerBound, channels: channels.count)
    call(table, d, part, x, w, y, epilogue)
  }
}

private func call(
  _ table: UnsafePointer<lw_table>, _ d: lw_depthwise, _ part: lw_depthwise_part, _ x: UnsafePointer<Float>,
  _ w: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ epilogue: lw_gemm_epilogue?
) {
  var (d, part) = (d, part)
  guard let epilogue else { return table.pointee.depthwise(&d, &part, x, w, y, nil) }
  withUnsafePointer(to: epilogue) { table.pointee.depthwise(&d, &part, x, w, y, $0) }
}

/// Runs `body(image)` for each image of the batch, on several cores.
private func forEachImage(_ shape: Conv2DShape, on table: UnsafePointer<lw_table>, _ body: (Int) -> Void) {
  let time = shape.depthwiseNanoseconds(on: table) * Double(max(shape.inputCount, shape.outputCount))
  parallelFor(shape.batch, nanoseconds: time, body)
}

/// Runs `body` with `x[count][planes]` as `[planes][count]`.
private func withPlanes(
  of x: UnsafePointer<Float>, _ planes: Int, count: Int, on table: UnsafePointer<lw_table>, _ body: (UnsafePointer<Float>) -> Void
) {
  withScratch(planes * count) { scratch in
    table.pointee.gemm_pack_a(planes, count, x, planes, 1, scratch)
    body(scratch)
  }
}
