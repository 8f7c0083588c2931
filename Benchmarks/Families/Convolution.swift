import Kernels
import Reference

/// `conv2d`: y = f(conv(x, w) + bias), or one of the gradients; NHWC images, HWIO weights. Rates count the multiply-adds of
/// direct convolution, whichever way the result is computed.
struct ConvolutionFamily: Family {
  static let name = "conv2d"
  static let summary = "NHWC images, HWIO weights; rates by the multiply-adds of direct convolution"
  static let keys: [Key] = [
    .size("n"), .size("h"), .size("w"), .size("c"), .size("k"), .size("r"), .size("s"), .size("stride", default: 1),
    .count("pad", default: 0), .size("dilation", default: 1), .size("groups", default: 1),
    .choice("dir", ["fwd", "bwd_data", "bwd_weights"], default: "fwd"),
    .choice("epilogue", ["none", "bias", "bias+relu"], default: "none"), .flag("prepacked"),
  ]
  static let examples = [
    "conv2d n=1 h=56 w=56 c=64 k=64 r=3 s=3 pad=1", "conv2d n=1 h=28 w=28 c=128 k=128 r=3 s=3 pad=1",
    "conv2d n=1 h=14 w=14 c=256 k=256 r=3 s=3 pad=1 epilogue=bias+relu prepacked=1",
    "conv2d n=1 h=56 w=56 c=64 k=128 r=3 s=3 stride=2 pad=1", "conv2d n=1 h=224 w=224 c=3 k=64 r=7 s=7 stride=2 pad=3",
    "conv2d n=1 h=56 w=56 c=64 k=256 r=1 s=1", "conv2d n=1 h=56 w=56 c=128 k=128 r=3 s=3 pad=1 groups=128",
    "conv2d n=8 h=56 w=56 c=64 k=64 r=3 s=3 pad=1 dir=bwd_data",
    "conv2d n=8 h=56 w=56 c=64 k=64 r=3 s=3 pad=1 dir=bwd_weights",
  ]

  private enum Direction: String { case forward = "fwd", backwardData = "bwd_data", backwardWeights = "bwd_weights" }

  private let shape: Conv2DShape
  private let direction: Direction
  private let epilogue: String
  private let isPrepacked: Bool

  init(_ values: Values) throws {
    shape = Conv2DShape(
      batch: values.size("n"), height: values.size("h"), width: values.size("w"), channels: values.size("c"),
      filters: values.size("k"), kernelHeight: values.size("r"), kernelWidth: values.size("s"),
      strideHeight: values.size("stride"), strideWidth: values.size("stride"), padding: Padding2D(values.size("pad")),
      dilationHeight: values.size("dilation"), dilationWidth: values.size("dilation"), groups: values.size("groups"))
    direction = Direction(rawValue: values.choice("dir"))!
    epilogue = values.choice("epilogue")
    isPrepacked = values.flag("prepacked")
    guard shape.channels % shape.groups == 0, shape.filters % shape.groups == 0 else {
      throw BenchmarkError("groups=\(shape.groups) does not divide c=\(shape.channels) and k=\(shape.filters)")
    }
    guard shape.outputCount > 0 else {
      throw BenchmarkError("a kernel of \(shape.kernelHeight) x \(shape.kernelWidth) does not fit the padded image")
    }
    guard direction == .forward || (epilogue == "none" && !isPrepacked) else {
      throw BenchmarkError("epilogue and prepacked belong to dir=fwd")
    }
  }

  private init(_ shape: Conv2DShape, like other: Self) {
    self.shape = shape
    (direction, epilogue, isPrepacked) = (other.direction, other.epilogue, other.isPrepacked)
  }

  var cost: Cost {
    let (x, w, y) = (4 * Double(shape.inputCount), 4 * Double(shape.weightCount), 4 * Double(shape.outputCount))
    let flops = 2 * Double(shape.multiplyAdds)
    return switch direction {
    case .forward: Cost(flops: flops, bytesRead: x + w, bytesWritten: y)
    case .backwardData: Cost(flops: flops, bytesRead: y + w, bytesWritten: x)
    case .backwardWeights: Cost(flops: flops, bytesRead: x + y, bytesWritten: w)
    }
  }

  /// A few pixels and as many channels as make a sum of several vectors; what decides how it is computed (kernel, stride, groups,
  /// whether there are many channels) stays.
  private var small: Self {
    var small = shape
    let reach = (small.kernelHeight - 1) * small.dilationHeight + 1
    let breadth = (small.kernelWidth - 1) * small.dilationWidth + 1
    small.batch = min(small.batch, 2)
    small.height = min(small.height, reach + 6 * small.strideHeight)
    small.width = min(small.width, breadth + 6 * small.strideWidth)
    let (channels, filters) = (small.channels / small.groups, small.filters / small.groups)
    small.groups = min(small.groups, 37)
    small.channels = small.groups * min(channels, 45)
    small.filters = small.groups * min(filters, 75)
    return Self(small, like: self)
  }

  func check() -> String? {
    let small = small
    let operands = Operands(small.shape)
    small.work(on: operands)()
    return bitMismatch(small.result(operands).values, small.expected(operands), columns: small.shape.filters)
  }

  func prepare() -> () -> Void { work(on: Operands(shape)) }

  private func result(_ o: Operands) -> Buffer {
    switch direction {
    case .forward: o.y
    case .backwardData: o.x
    case .backwardWeights: o.weights
    }
  }

  private func expected(_ operands: Operands) -> [Float] {
    // The result took the place of an operand that the reference does not look at.
    let (x, w, y) = (operands.x.values, operands.weights.values, operands.y.values)
    let bias = epilogue == "none" ? nil : operands.bias.values
    let activation = epilogue == "bias+relu" ? naiveReLU : { $0 }
    let direct = NaiveConv2D(shape)
    let winograd = shape.winogradTile(.standard).map { NaiveWinograd(m: $0, shape) }
    switch direction {
    case .forward:
      return winograd?.forward(x, w, bias: bias, activation: activation)
        ?? direct.forward(x, w, bias: bias, activation: activation)
    case .backwardData: return winograd?.backwardData(dy: y, w) ?? direct.backwardData(dy: y, w)
    case .backwardWeights: return winograd?.backwardWeights(x: x, dy: y) ?? direct.backwardWeights(x: x, dy: y)
    }
  }

  /// x, w and y, of which one is the result.
  private final class Operands {
    let x, weights, bias, y: Buffer
    init(_ shape: Conv2DShape) {
      x = Buffer(random: shape.inputCount, seed: 1)
      weights = Buffer(random: shape.weightCount, seed: 2)
      bias = Buffer(random: shape.filters, seed: 3)
      y = Buffer(random: shape.outputCount, seed: 4)
    }
  }

  private func work(on o: Operands) -> () -> Void {
    let shape = shape
    let (x, w, y) = (o.x.pointer, o.weights.pointer, o.y.pointer)
    switch direction {
    case .backwardData:
      return {
        conv2dBackwardData(shape, y, weights: w, into: x)
        blackHole(o)
      }
    case .backwardWeights:
      return {
        conv2dBackwardWeights(shape, x: x, dy: y, into: w)
        blackHole(o)
      }
    case .forward: break
    }
    var after = Epilogue.none
    if epilogue != "none" { after.bias = UnsafePointer(o.bias.pointer) }
    if epilogue == "bias+relu" { after.activation = .relu }
    let epilogue = after
    if isPrepacked {
      let filters = PackedFilters(shape, w)
      return {
        conv2d(shape, x, filters: filters, into: y, epilogue: epilogue)
        blackHole(o)
      }
    }
    return {
      conv2d(shape, x, weights: w, into: y, epilogue: epilogue)
      blackHole(o)
    }
  }
}

extension NaiveConv2D {
  fileprivate init(_ s: Conv2DShape) {
    self.init(
      batch: s.batch, height: s.height, width: s.width, channels: s.channels, filters: s.filters, kernelHeight: s.kernelHeight,
      kernelWidth: s.kernelWidth, strideHeight: s.strideHeight, strideWidth: s.strideWidth, top: s.padding.top,
      bottom: s.padding.bottom, left: s.padding.left, right: s.padding.right, dilationHeight: s.dilationHeight,
      dilationWidth: s.dilationWidth, groups: s.groups)
  }
}

extension NaiveWinograd {
  fileprivate init(m: Int, _ s: Conv2DShape) {
    self.init(
      m: m, batch: s.batch, height: s.height, width: s.width, channels: s.channels, filters: s.filters, top: s.padding.top,
      bottom: s.padding.bottom, left: s.padding.left, right: s.padding.right)
  }
}
