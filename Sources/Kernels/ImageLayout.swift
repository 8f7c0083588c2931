import CKernels

/// Images `[batch, channels, height, width]`, the order of PyTorch and ONNX, to `[batch, height, width, channels]`.
///
/// - Precondition: no size is negative; the two do not overlap.
public func convertNCHWToNHWC(
  batch: Int, height: Int, width: Int, channels: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
) {
  check((batch, height, width, channels), x, y, "convertNCHWToNHWC")
  transposeAll(batch, rows: channels, columns: height * width, x, y)
}

/// Images `[batch, height, width, channels]` to `[batch, channels, height, width]`.
///
/// - Precondition: no size is negative; the two do not overlap.
public func convertNHWCToNCHW(
  batch: Int, height: Int, width: Int, channels: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
) {
  check((batch, height, width, channels), x, y, "convertNHWCToNCHW")
  transposeAll(batch, rows: height * width, columns: channels, x, y)
}

/// Weights `[filters, channels, kernelHeight, kernelWidth]`, the order of PyTorch and ONNX, to `[kernelHeight, kernelWidth,
/// channels, filters]`. In a convolution with groups, `channels` are those of one group.
///
/// - Precondition: no size is negative; the two do not overlap.
public func convertOIHWToHWIO(
  filters: Int, channels: Int, kernelHeight: Int, kernelWidth: Int, _ x: UnsafePointer<Float>,
  into y: UnsafeMutablePointer<Float>
) {
  check((filters, channels, kernelHeight, kernelWidth), x, y, "convertOIHWToHWIO")
  let taps = kernelHeight * kernelWidth
  let transpose = kernels.pointee.transpose
  for c in 0..<channels { transpose(taps, filters, x + c * taps, channels * taps, y + c * filters, channels * filters) }
}

/// Weights `[kernelHeight, kernelWidth, channels, filters]` to `[filters, channels, kernelHeight, kernelWidth]`.
///
/// - Precondition: no size is negative; the two do not overlap.
public func convertHWIOToOIHW(
  filters: Int, channels: Int, kernelHeight: Int, kernelWidth: Int, _ x: UnsafePointer<Float>,
  into y: UnsafeMutablePointer<Float>
) {
  check((filters, channels, kernelHeight, kernelWidth), x, y, "convertHWIOToOIHW")
  let taps = kernelHeight * kernelWidth
  let transpose = kernels.pointee.transpose
  for c in 0..<channels { transpose(filters, taps, x + c * filters, channels * filters, y + c * taps, channels * taps) }
}

private func check(
  _ size: (Int, Int, Int, Int), _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ function: StaticString
) {
  precondition(min(size.0, size.1, size.2, size.3) >= 0, "\(function): sizes \(size); expected none negative")
  let count = size.0 * size.1 * size.2 * size.3
  precondition(!Extent(x, count: count).overlaps(Extent(UnsafePointer(y), count: count)), "\(function): x and y overlap")
}

/// Transposes `batch` matrices, each rows x columns, one after the other.
private func transposeAll(
  _ batch: Int, rows: Int, columns: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
) {
  guard batch > 0, rows > 0, columns > 0 else { return }
  // A piece writes a few hundred rows of y, whole blocks of 16.
  let pieces = Cut(columns, unit: 16, into: (rows * columns + 65535) / 65536)
  nonisolated(unsafe) let (x, y) = (x, y)
  let transpose = kernels.pointee.transpose
  // About half a nanosecond for each value.
  parallelFor(batch * pieces.count, nanoseconds: 0.5 * Double(batch * rows * columns)) { i in
    let columnRange = pieces.range(i % pieces.count)
    let matrix = i / pieces.count * rows * columns
    transpose(
      columnRange.count, rows, x + matrix + columnRange.lowerBound, columns, y + matrix + columnRange.lowerBound * rows, rows)
  }
}
