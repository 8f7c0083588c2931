// Pooling of NHWC images. All of it is bound by memory: every window or pixel is written once, in order.

import CKernels

// MARK: Maximum

/// The largest element of each window, channel by channel: NHWC `x` into NHWC `y`.
///
/// Of equals the first in scan order (rows, then columns) counts, and a NaN counts as larger than every number (of several
/// the last), as in PyTorch. Padding never wins.
///
/// - Parameters:
///   - x: `[batch, height, width, channels]`.
///   - y: `[batch, outputHeight, outputWidth, channels]`, apart from `x`.
///   - indices: as `y`: the place `row * width + column` of each maximum in its image, for the gradient; nil when not needed.
/// - Precondition: the pool and strides are at least 1, and padding is less than the pool.
public func maxPool2d(
  _ shape: Pool2DShape, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, indices: UnsafeMutablePointer<Int32>?
) {
  shape.check("maxPool2d")
  checkApart(x, shape.inputCount, y, shape.outputCount, "maxPool2d: y overlaps x")
  if let indices {
    checkApart(x, shape.inputCount, indices, shape.outputCount, "maxPool2d: indices overlap x")
    checkApart(y, shape.outputCount, indices, shape.outputCount, "maxPool2d: indices overlap y")
  }
  let (pool, kernel) = (shape.raw(), kernels.pointee.pool_max)
  nonisolated(unsafe) let (x, y, indices) = (x, y, indices)
  forEachRow(ofWindows: pool, batch: shape.batch) { row, count in
    withUnsafePointer(to: pool) { kernel($0, row, count, x, y, indices) }
  }
}

/// Gradient of ``maxPool2d(_:_:into:indices:)``: each element of `dy` is added, in scan order of the windows, to the element
/// its window's maximum came from; all others are 0.
///
/// - Parameters:
///   - dy, indices: `[batch, outputHeight, outputWidth, channels]`.
///   - dx: `[batch, height, width, channels]`, apart from both.
public func maxPool2dGradient(
  _ shape: Pool2DShape, dy: UnsafePointer<Float>, indices: UnsafePointer<Int32>, into dx: UnsafeMutablePointer<Float>
) {
  shape.check("maxPool2dGradient")
  checkApart(dy, shape.outputCount, dx, shape.inputCount, "maxPool2dGradient: dx overlaps dy")
  checkApart(indices, shape.outputCount, dx, shape.inputCount, "maxPool2dGradient: dx overlaps indices")
  maxPoolGradient(shape.raw(), batch: shape.batch, dy: dy, indices: indices, into: dx)
}

private func maxPoolGradient(
  _ pool: lw_pool, batch: Int, dy: UnsafePointer<Float>, indices: UnsafePointer<Int32>, into dx: UnsafeMutablePointer<Float>
) {
  let kernel = kernels.pointee.pool_max_gradient
  nonisolated(unsafe) let (dy, indices, dx) = (dy, indices, dx)
  forEachRow(ofPixels: pool, batch: batch) { row, count in
    withUnsafePointer(to: pool) { kernel($0, row, count, dy, indices, dx) }
  }
}

/// The largest element of each channel of each image: `[batch, positions, channels]` into `[batch, channels]`.
///
/// Equals, NaN and `indices` (places in 0..<positions, or nil) as in ``maxPool2d(_:_:into:indices:)``.
///
/// - Precondition: `positions` is at least 1, and `y` and `indices` do not overlap `x`.
public func globalMaxPool(
  batch: Int, positions: Int, channels: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
  indices: UnsafeMutablePointer<Int32>?
) {
  checkGlobal(batch, positions, channels, "globalMaxPool")
  precondition(positions >= 1 || batch * channels == 0, "globalMaxPool: images without pixels have no largest element")
  guard positions >= 1 else { return }
  let shape = Pool2DShape(
    batch: batch, height: positions, width: 1, channels: channels, poolHeight: positions, poolWidth: 1, strideHeight: 1,
    strideWidth: 1)
  maxPool2d(shape, x, into: y, indices: indices)
}

/// Gradient of ``globalMaxPool(batch:positions:channels:_:into:indices:)``: `[batch, channels]` into
/// `[batch, positions, channels]`.
public func globalMaxPoolGradient(
  batch: Int, positions: Int, channels: Int, dy: UnsafePointer<Float>, indices: UnsafePointer<Int32>,
  into dx: UnsafeMutablePointer<Float>
) {
  checkGlobal(batch, positions, channels, "globalMaxPoolGradient")
  guard positions >= 1 else { return }
  let shape = Pool2DShape(
    batch: batch, height: positions, width: 1, channels: channels, poolHeight: positions, poolWidth: 1, strideHeight: 1,
    strideWidth: 1)
  maxPool2dGradient(shape, dy: dy, indices: indices, into: dx)
}

// MARK: Average

/// The mean of each window, channel by channel: NHWC `x` into NHWC `y`.
///
/// The sum runs from 0 in scan order (rows, then columns) and is divided once: by the number of pixels the window covers, or,
/// when `countsPadding`, by this and the padding it covers (which stands for zeros, as in PyTorch's `count_include_pad`).
///
/// - Parameters:
///   - x: `[batch, height, width, channels]`.
///   - y: `[batch, outputHeight, outputWidth, channels]`, apart from `x`.
/// - Precondition: the pool and strides are at least 1, and padding is less than the pool.
public func averagePool2d(
  _ shape: Pool2DShape, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, countsPadding: Bool
) {
  shape.check("averagePool2d")
  checkApart(x, shape.inputCount, y, shape.outputCount, "averagePool2d: y overlaps x")
  averagePool(shape.raw(countsPadding: countsPadding), batch: shape.batch, x, into: y)
}

/// Gradient of ``averagePool2d(_:_:into:countsPadding:)``: each pixel is the sum from 0, in scan order of the windows that
/// cover it, of `dy / count`.
public func averagePool2dGradient(
  _ shape: Pool2DShape, dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>, countsPadding: Bool
) {
  shape.check("averagePool2dGradient")
  checkApart(dy, shape.outputCount, dx, shape.inputCount, "averagePool2dGradient: dx overlaps dy")
  averagePoolGradient(shape.raw(countsPadding: countsPadding), batch: shape.batch, dy: dy, into: dx)
}

/// The mean of each of `outputHeight` x `outputWidth` windows that divide the image as evenly as can be: along an axis, window
/// o covers elements `floor(o * input / output) ..< ceil((o + 1) * input / output)`, as in PyTorch. Windows may share pixels.
///
/// Sums as in ``averagePool2d(_:_:into:countsPadding:)``. The mean of no pixels is NaN.
public func adaptiveAveragePool2d(
  batch: Int, height: Int, width: Int, channels: Int, outputHeight: Int, outputWidth: Int, _ x: UnsafePointer<Float>,
  into y: UnsafeMutablePointer<Float>
) {
  let pool = adaptivePool(batch, height, width, channels, outputHeight, outputWidth, "adaptiveAveragePool2d")
  checkApart(
    x, batch * height * width * channels, y, batch * outputHeight * outputWidth * channels, "adaptiveAveragePool2d: y overlaps x")
  averagePool(pool, batch: batch, x, into: y)
}

/// Gradient of ``adaptiveAveragePool2d(batch:height:width:channels:outputHeight:outputWidth:_:into:)``.
public func adaptiveAveragePool2dGradient(
  batch: Int, height: Int, width: Int, channels: Int, outputHeight: Int, outputWidth: Int, dy: UnsafePointer<Float>,
  into dx: UnsafeMutablePointer<Float>
) {
  let pool = adaptivePool(batch, height, width, channels, outputHeight, outputWidth, "adaptiveAveragePool2dGradient")
  checkApart(
    dy, batch * outputHeight * outputWidth * channels, dx, batch * height * width * channels,
    "adaptiveAveragePool2dGradient: dx overlaps dy")
  averagePoolGradient(pool, batch: batch, dy: dy, into: dx)
}

private func averagePool(_ pool: lw_pool, batch: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
  let kernel = kernels.pointee.pool_average
  nonisolated(unsafe) let (x, y) = (x, y)
  forEachRow(ofWindows: pool, batch: batch) { row, count in
    withUnsafePointer(to: pool) { kernel($0, row, count, x, y) }
  }
}

private func averagePoolGradient(
  _ pool: lw_pool, batch: Int, dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>
) {
  let kernel = kernels.pointee.pool_average_gradient
  nonisolated(unsafe) let (dy, dx) = (dy, dx)
  forEachRow(ofPixels: pool, batch: batch) { row, count in
    withUnsafePointer(to: pool) { kernel($0, row, count, dy, dx) }
  }
}

/// The mean of each channel of each image: `[batch, positions, channels]` into `[batch, channels]`.
///
/// The order of additions is that of ``reduce(_:outer:n:inner:_:into:)``: blocks of 256 positions. NaN without positions.
public func globalAveragePool(
  batch: Int, positions: Int, channels: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
) {
  checkGlobal(batch, positions, channels, "globalAveragePool")
  checkApart(x, batch * positions * channels, y, batch * channels, "globalAveragePool: y overlaps x")
  reduce(.mean, outer: batch, n: positions, inner: channels, x, into: y)
}

/// Gradient of ``globalAveragePool(batch:positions:channels:_:into:)``: `dx[b][p][c] = 0 + dy[b][c] / positions`.
public func globalAveragePoolGradient(
  batch: Int, positions: Int, channels: Int, dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>
) {
  checkGlobal(batch, positions, channels, "globalAveragePoolGradient")
  checkApart(dy, batch * channels, dx, batch * positions * channels, "globalAveragePoolGradient: dx overlaps dy")
  let kernel = kernels.pointee.pool_spread
  nonisolated(unsafe) let (dy, dx) = (dy, dx)
  let parts = Cut(positions, unit: 1, into: max(1, positions * channels / PieceTuning.most))
  parallelFor(batch * parts.count, nanoseconds: poolNanoseconds * Double(batch * positions * channels)) { index in
    let (image, part) = index.quotientAndRemainder(dividingBy: parts.count)
    let pixels = parts.range(part)
    kernel(positions, pixels.count, channels, dy + image * channels, dx + (image * positions + pixels.lowerBound) * channels)
  }
}

// MARK: Checks and division of work

private func checkGlobal(_ batch: Int, _ positions: Int, _ channels: Int, _ function: StaticString) {
  precondition(
    batch >= 0 && positions >= 0 && channels >= 0,
    "\(function): batch \(batch), positions \(positions), channels \(channels); expected none negative")
  checkPositions(positions, 1, function)
}

private func adaptivePool(
  _ batch: Int, _ height: Int, _ width: Int, _ channels: Int, _ outputHeight: Int, _ outputWidth: Int, _ function: StaticString
) -> lw_pool {
  precondition(
    batch >= 0 && height >= 0 && width >= 0 && channels >= 0 && outputHeight >= 0 && outputWidth >= 0,
    """
    \(function): input \(batch) x \(height) x \(width) x \(channels), output \(outputHeight) x \(outputWidth); \
    expected none negative
    """)
  checkPositions(height, width, function)
  return lw_pool(
    rows: lw_pool_axis(input: height, output: outputHeight, size: 0, stride: 0, before: 0, after: 0),
    columns: lw_pool_axis(input: width, output: outputWidth, size: 0, stride: 0, before: 0, after: 0),
    channels: channels, counts_padding: 0)
}

/// Estimated time of an element that is read or written, at about 25 GB/s.
private let poolNanoseconds = 0.15

/// Runs `body(row, count)` over groups of rows of windows, counted through the batch.
private func forEachRow(ofWindows pool: lw_pool, batch: Int, _ body: (_ row: Int, _ count: Int) -> Void) {
  let read = pool.columns.input * pool.channels * max(1, pool.rows.input / max(1, pool.rows.output))
  let rows = pool.columns.output * pool.channels == 0 ? 0 : batch * pool.rows.output
  forEachRowGroup(rows: rows, columns: read + pool.columns.output * pool.channels, nanoseconds: poolNanoseconds, body)
}

/// Runs `body(row, count)` over groups of rows of pixels, counted through the batch.
private func forEachRow(ofPixels pool: lw_pool, batch: Int, _ body: (_ row: Int, _ count: Int) -> Void) {
  forEachRowGroup(
    rows: batch * pool.rows.input, columns: 2 * pool.columns.input * pool.channels, nanoseconds: poolNanoseconds, body)
}
