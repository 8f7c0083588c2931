import Kernels

/// A height and a width: of kernels, strides, dilations. A single number stands for both.
public struct Size2D: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  public var height: Int
  public var width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// The same in both directions.
  public init(_ both: Int) { self.init(height: both, width: both) }

  public init(integerLiteral value: Int) { self.init(value) }

  /// `3x3`.
  public var description: String { "\(height)x\(width)" }
}

/// How an image is continued with zeros, so that windows may reach over its edge. A number stands for that many pixels on
/// each side.
public enum Padding: Hashable, Sendable, ExpressibleByIntegerLiteral {
  /// Not at all: every window lies within the image.
  case valid
  /// By as much as makes the output ceil(n / stride): half of it on each side, what is odd at the end. This is Keras's
  /// rule; at stride 1 the output has the size of the image.
  case same
  /// By so much on each side.
  case explicit(Padding2D)

  /// By `n` pixels on each side.
  public static func all(_ n: Int) -> Padding { .explicit(Padding2D(n)) }

  public init(integerLiteral value: Int) { self = .all(value) }

  /// Of a sequence, which is an image of height 1: `left` and `right` only.
  var alongSteps: Padding {
    guard case .explicit(let sides) = self else { return self }
    return .explicit(Padding2D(top: 0, bottom: 0, left: sides.left, right: sides.right))
  }
}

/// The window that a convolution or a pooling slides over an image, as a layer declares it.
struct Window: Sendable {
  var size: Size2D
  var strides: Size2D
  var padding: Padding
  var dilation: Size2D = 1
  /// What messages call it: `kernel`, `pool`.
  var name = "kernel"

  /// Beyond anything sensible, and small enough that no product of two of them overflows.
  private static let limit = 1 << 24

  /// The padding in pixels for an image of `height` x `width`.
  ///
  /// - Throws: `NetError` when a number is out of its range, or the window is larger than the padded image.
  func padding(height: Int, width: Int) throws -> Padding2D {
    for (what, size) in [(name, size), ("strides", strides), ("dilation", dilation)] {
      guard min(size.height, size.width) >= 1 else { throw NetError("\(what) \(size); expected at least 1x1") }
      guard max(size.height, size.width) <= Window.limit else {
        throw NetError("\(what) \(size); expected at most \(Window.limit)")
      }
    }
    let padding = pixels(height, width)
    for (side, pixels) in [
      ("top", padding.top), ("bottom", padding.bottom), ("left", padding.left), ("right", padding.right),
    ] where !(0...Window.limit ~= pixels) {
      throw NetError("padding \(pixels) at the \(side); expected at least 0" + (pixels < 0 ? "" : ", at most \(Window.limit)"))
    }
    let covered = Size2D(height: dilation.height * (size.height - 1) + 1, width: dilation.width * (size.width - 1) + 1)
    let padded = Size2D(height: height + padding.top + padding.bottom, width: width + padding.left + padding.right)
    guard covered.height <= padded.height, covered.width <= padded.width else {
      let reach = dilation == 1 ? "" : " with dilation \(dilation), which covers \(covered),"
      let given = padding == .none ? "without padding" : "padded to \(padded)"
      throw NetError("\(name) \(size)\(reach) does not fit input \(height)x\(width) \(given)")
    }
    return padding
  }

  private func pixels(_ height: Int, _ width: Int) -> Padding2D {
    switch padding {
    case .valid: return .none
    case .explicit(let padding): return padding
    case .same:
      let vertical = samePadding(height, kernel: size.height, stride: strides.height, dilation: dilation.height)
      let horizontal = samePadding(width, kernel: size.width, stride: strides.width, dilation: dilation.width)
      return Padding2D(top: vertical.before, bottom: vertical.after, left: horizontal.before, right: horizontal.after)
    }
  }

  /// One example of a convolution over images of shape `[height, width, channels]`.
  func convolution(_ image: [Int], filters: Int, groups: Int) throws -> Conv2DShape {
    let (height, width, channels) = (image[0], image[1], image[2])
    guard filters >= 1 else { throw NetError("\(filters) filters; expected at least 1") }
    guard groups >= 1 else { throw NetError("\(groups) groups; expected at least 1") }
    guard channels % groups == 0 else { throw NetError("\(groups) groups do not divide \(channels) channels") }
    guard filters % groups == 0 else { throw NetError("\(groups) groups do not divide \(filters) filters") }
    let padding = try padding(height: height, width: width)
    let kernel = [size.height, size.width, channels / groups, filters]
    guard Tensor.count(of: kernel) != nil else {
      throw NetError("a kernel of shape \(kernel) has more elements than an Int can count")
    }
    return Conv2DShape(
      batch: 1, height: height, width: width, channels: channels, filters: filters, kernelHeight: size.height,
      kernelWidth: size.width, strideHeight: strides.height, strideWidth: strides.width, padding: padding,
      dilationHeight: dilation.height, dilationWidth: dilation.width, groups: groups)
  }
}

/// The input of a layer that takes one image, `[height, width, channels]`.
func onlyImage(_ inputs: [Node]) throws -> Node {
  let x = try onlyInput(inputs)
  guard x.shape.count == 3 else { throw NetError("input of shape \(x.shape); expected an image [height, width, channels]") }
  return x
}
