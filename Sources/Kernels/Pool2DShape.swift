import CKernels

/// The sizes of a two-dimensional pooling over NHWC images: `[batch, height, width, channels]` to
/// `[batch, outputHeight, outputWidth, channels]`.
///
/// Along each axis a window of `pool` pixels moves by `stride` over the image and its padding. Padding never wins a maximum.
public struct Pool2DShape: Hashable, Sendable {
  public var batch, height, width, channels: Int
  public var poolHeight, poolWidth, strideHeight, strideWidth: Int
  /// Each side is less than the pool's size there, so that every window covers a pixel.
  public var padding: Padding2D
  /// Whether a last window that does not fit counts too, as long as it starts inside the image or the padding before it
  /// (PyTorch's `ceil_mode`).
  public var roundsUp: Bool

  public init(
    batch: Int, height: Int, width: Int, channels: Int, poolHeight: Int, poolWidth: Int, strideHeight: Int, strideWidth: Int,
    padding: Padding2D = .none, roundsUp: Bool = false
  ) {
    self.batch = batch
    self.height = height
    self.width = width
    self.channels = channels
    self.poolHeight = poolHeight
    self.poolWidth = poolWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.padding = padding
    self.roundsUp = roundsUp
  }

  /// Windows down an image: see ``poolOutputSize(_:pool:stride:paddingBefore:paddingAfter:roundsUp:)``.
  public var outputHeight: Int {
    poolOutputSize(
      height, pool: poolHeight, stride: strideHeight, paddingBefore: padding.top, paddingAfter: padding.bottom,
      roundsUp: roundsUp)
  }

  /// Windows across an image: see ``poolOutputSize(_:pool:stride:paddingBefore:paddingAfter:roundsUp:)``.
  public var outputWidth: Int {
    poolOutputSize(
      width, pool: poolWidth, stride: strideWidth, paddingBefore: padding.left, paddingAfter: padding.right, roundsUp: roundsUp)
  }

  public var inputCount: Int { batch * height * width * channels }
  public var outputCount: Int { batch * outputHeight * outputWidth * channels }
}

/// How many windows of `pool` elements, `stride` apart, an axis of `input` elements and its padding has:
/// `floor((input + paddingBefore + paddingAfter - pool) / stride) + 1`, or `ceil` with `roundsUp`, without a last window
/// that starts behind the input. 0 when none fits or there is no input.
///
///     poolOutputSize(7, pool: 2, stride: 2, paddingBefore: 0, paddingAfter: 0, roundsUp: false)  // 3; 4 with roundsUp
public func poolOutputSize(
  _ input: Int, pool: Int, stride: Int, paddingBefore: Int, paddingAfter: Int, roundsUp: Bool
) -> Int {
  let room = input + paddingBefore + paddingAfter - pool + (roundsUp ? stride - 1 : 0)
  guard input > 0, room >= 0 else { return 0 }
  let windows = room / stride + 1
  return (windows - 1) * stride >= input + paddingBefore ? windows - 1 : windows
}

extension Pool2DShape {
  /// Stops the program when there is no such pooling.
  func check(_ function: StaticString) {
    precondition(
      batch >= 0 && height >= 0 && width >= 0 && channels >= 0,
      "\(function): input \(batch) x \(height) x \(width) x \(channels); expected none negative")
    precondition(
      poolHeight >= 1 && poolWidth >= 1 && strideHeight >= 1 && strideWidth >= 1,
      "\(function): pool \(poolHeight) x \(poolWidth), strides \(strideHeight), \(strideWidth); expected all at least 1")
    precondition(
      0..<poolHeight ~= padding.top && 0..<poolHeight ~= padding.bottom && 0..<poolWidth ~= padding.left
        && 0..<poolWidth ~= padding.right,
      """
      \(function): padding \(padding.top), \(padding.bottom), \(padding.left), \(padding.right) (top, bottom, left, right) \
      with pool \(poolHeight) x \(poolWidth); expected each at least 0 and less than the pool
      """)
    checkPositions(height, width, function)
  }

  func raw(countsPadding: Bool = false) -> lw_pool {
    lw_pool(
      rows: lw_pool_axis(
        input: height, output: outputHeight, size: poolHeight, stride: strideHeight, before: padding.top, after: padding.bottom),
      columns: lw_pool_axis(
        input: width, output: outputWidth, size: poolWidth, stride: strideWidth, before: padding.left, after: padding.right),
      channels: channels, counts_padding: countsPadding ? 1 : 0)
  }
}

/// Stops the program when the pixels of an image cannot be numbered by Int32.
func checkPositions(_ height: Int, _ width: Int, _ function: StaticString) {
  let (count, overflow) = height.multipliedReportingOverflow(by: width)
  precondition(
    !overflow && count <= Int32.max, "\(function): images of \(height) x \(width) pixels; expected at most \(Int32.max)")
}
