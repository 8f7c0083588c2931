/// Rows and columns of zeros around an image.
public struct Padding2D: Hashable, Sendable {
  public var top, bottom, left, right: Int

  public init(top: Int, bottom: Int, left: Int, right: Int) {
    self.top = top
    self.bottom = bottom
    self.left = left
    self.right = right
  }

  /// The same on every side.
  public init(_ all: Int) { self.init(top: all, bottom: all, left: all, right: all) }

  /// No padding, which Keras calls "valid".
  public static let none = Padding2D(0)
}

/// The sizes of a two-dimensional convolution.
///
/// The input is `[batch, height, width, channels]` (NHWC), the weights are `[kernelHeight, kernelWidth, channels / groups,
/// filters]` (HWIO), the output is `[batch, outputHeight, outputWidth, filters]`:
///
///     y[b, i, j, f] = sum over r, s, c of
///       x[b, i * strideHeight + r * dilationHeight - padding.top, j * strideWidth + s * dilationWidth - padding.left, c]
///         * w[r, s, c, f]
///
/// with x = 0 outside the image. With groups, filter f sees the `channels / groups` channels of its group
/// `f / (filters / groups)` only. A one-dimensional convolution has height and kernelHeight 1.
public struct Conv2DShape: Hashable, Sendable {
  public var batch, height, width, channels, filters: Int
  public var kernelHeight, kernelWidth: Int
  public var strideHeight, strideWidth: Int
  public var padding: Padding2D
  public var dilationHeight, dilationWidth: Int
  public var groups: Int

  public init(
    batch: Int, height: Int, width: Int, channels: Int, filters: Int, kernelHeight: Int, kernelWidth: Int, strideHeight: Int = 1,
    strideWidth: Int = 1, padding: Padding2D = .none, dilationHeight: Int = 1, dilationWidth: Int = 1, groups: Int = 1
  ) {
    self.batch = batch
    self.height = height
    self.width = width
    self.channels = channels
    self.filters = filters
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.padding = padding
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.groups = groups
  }

  /// Rows of the output; 0 when the kernel does not fit.
  public var outputHeight: Int {
    convolutionOutputSize(
      height, kernel: kernelHeight, stride: strideHeight, paddingBefore: padding.top, paddingAfter: padding.bottom,
      dilation: dilationHeight)
  }

  /// Columns of the output; 0 when the kernel does not fit.
  public var outputWidth: Int {
    convolutionOutputSize(
      width, kernel: kernelWidth, stride: strideWidth, paddingBefore: padding.left, paddingAfter: padding.right,
      dilation: dilationWidth)
  }

  /// Elements of the input, of the output, of the weights.
  public var inputCount: Int { batch * height * width * channels }
  public var outputCount: Int { outputRows * filters }
  public var weightCount: Int { kernelHeight * kernelWidth * groupChannels * filters }

  /// Multiplications and additions of the definition, those with padding included: half the floating-point operations.
  public var multiplyAdds: Int { outputCount * kernelHeight * kernelWidth * groupChannels }

  /// Output pixels of all images.
  var outputRows: Int { batch * outputHeight * outputWidth }
  var groupChannels: Int { channels / groups }
  var groupFilters: Int { filters / groups }

  /// Ends the process with a message when the sizes make no sense.
  func check(_ function: StaticString) {
    precondition(
      batch >= 0 && height >= 0 && width >= 0 && channels >= 0 && filters >= 0,
      "\(function): batch \(batch), height \(height), width \(width), channels \(channels), filters \(filters); expected none negative"
    )
    precondition(
      kernelHeight >= 1 && kernelWidth >= 1, "\(function): kernel \(kernelHeight) x \(kernelWidth); expected at least 1 x 1")
    precondition(
      strideHeight >= 1 && strideWidth >= 1, "\(function): strides \(strideHeight), \(strideWidth); expected at least 1")
    precondition(
      dilationHeight >= 1 && dilationWidth >= 1, "\(function): dilations \(dilationHeight), \(dilationWidth); expected at least 1"
    )
    precondition(
      padding.top >= 0 && padding.bottom >= 0 && padding.left >= 0 && padding.right >= 0,
      "\(function): padding \(padding.top), \(padding.bottom), \(padding.left), \(padding.right); expected none negative")
    precondition(
      groups >= 1 && channels % groups == 0 && filters % groups == 0,
      "\(function): \(groups) groups do not divide \(channels) channels and \(filters) filters")
  }
}

/// The size of a convolution's output: `floor((input + paddingBefore + paddingAfter - dilation * (kernel - 1) - 1) / stride) + 1`,
/// or 0 when the kernel does not fit.
///
/// - Precondition: kernel, stride and dilation are at least 1.
public func convolutionOutputSize(
  _ input: Int, kernel: Int, stride: Int, paddingBefore: Int, paddingAfter: Int, dilation: Int
) -> Int {
  precondition(
    kernel >= 1 && stride >= 1 && dilation >= 1,
    "convolutionOutputSize: kernel \(kernel), stride \(stride), dilation \(dilation); expected at least 1")
  let room = input + paddingBefore + paddingAfter - dilation * (kernel - 1) - 1
  return room < 0 ? 0 : room / stride + 1
}

/// The padding that Keras calls "same": the output has `ceil(input / stride)` values, and an odd zero goes to the end.
///
/// - Precondition: kernel, stride and dilation are at least 1.
public func samePadding(_ input: Int, kernel: Int, stride: Int, dilation: Int) -> (before: Int, after: Int) {
  precondition(
    kernel >= 1 && stride >= 1 && dilation >= 1,
    "samePadding: kernel \(kernel), stride \(stride), dilation \(dilation); expected at least 1")
  let output = (input + stride - 1) / stride
  let total = max(0, (output - 1) * stride + dilation * (kernel - 1) + 1 - input)
  return (total / 2, total - total / 2)
}
