import Kernels
import Reference

/// `pool`: maximum, average (padding counted) and global average of NHWC images, or the gradient.
struct PoolFamily: Family {
  static let name = "pool"
  static let summary = "maximum, average and global average of NHWC images"
  static let keys: [Key] = [
    .size("n"), .size("h"), .size("w"), .size("c"), .size("r", default: 2), .size("s", default: 2), .size("stride", default: 2),
    .count("pad", default: 0), .choice("kind", ["max", "avg", "globalavg"], default: "max"),
    .choice("dir", ["fwd", "bwd"], default: "fwd"),
  ]
  static let examples = ["", " dir=bwd"].flatMap { direction in
    [
      "n=100 h=28 w=28 c=32 r=2 s=2 stride=2", "n=8 h=112 w=112 c=64 r=3 s=3 stride=2 pad=1",
      "n=100 h=28 w=28 c=32 r=2 s=2 stride=2 kind=avg", "n=8 h=7 w=7 c=512 kind=globalavg",
    ].map { "pool \($0)\(direction)" }
  }

  private let shape: Pool2DShape
  private let kind: String
  private let isBackward: Bool

  /// A global pool is one whose window is the image.
  init(_ values: Values) throws {
    kind = values.choice("kind")
    isBackward = values.choice("dir") == "bwd"
    let isGlobal = kind == "globalavg"
    let (height, width) = (values.size("h"), values.size("w"))
    shape = Pool2DShape(
      batch: values.size("n"), height: height, width: width, channels: values.size("c"),
      poolHeight: isGlobal ? height : values.size("r"), poolWidth: isGlobal ? width : values.size("s"),
      strideHeight: values.size("stride"), strideWidth: values.size("stride"),
      padding: isGlobal ? .none : Padding2D(values.size("pad")))
    guard shape.outputCount > 0 else {
      throw BenchmarkError("a window of \(shape.poolHeight) x \(shape.poolWidth) does not fit the padded image")
    }
    guard shape.padding.top < min(shape.poolHeight, shape.poolWidth) else {
      throw BenchmarkError("pad=\(shape.padding.top) is not less than the window")
    }
  }

  private init(_ shape: Pool2DShape, like other: Self) {
    self.shape = shape
    (kind, isBackward) = (other.kind, other.isBackward)
  }

  /// The gradient of a maximum reads where each came from.
  var cost: Cost {
    let (x, y) = (4 * Double(shape.inputCount), 4 * Double(shape.outputCount))
    return isBackward ? Cost(bytesRead: kind == "max" ? 2 * y : y, bytesWritten: x) : Cost(bytesRead: x, bytesWritten: y)
  }

  func check() -> String? {
    var small = shape
    small.batch = min(shape.batch, 2)
    small.channels = min(shape.channels, 37)
    if kind != "globalavg" {
      small.height = min(shape.height, shape.poolHeight + 4 * shape.strideHeight)
      small.width = min(shape.width, shape.poolWidth + 4 * shape.strideWidth)
    }
    let family = Self(small, like: self)
    let operands = Operands(small)
    let expected = family.expected(operands)
    family.work(on: operands)()
    return bitMismatch((isBackward ? operands.x : operands.y).values, expected, columns: small.channels)
  }

  func prepare() -> () -> Void { work(on: Operands(shape)) }

  private final class Operands {
    let x, y: Buffer
    var indices: [Int32]
    init(_ shape: Pool2DShape) {
      x = Buffer(random: shape.inputCount, seed: 1)
      y = Buffer(random: shape.outputCount, seed: 2)
      indices = [Int32](repeating: 0, count: shape.outputCount)
    }
  }

  private func work(on o: Operands) -> () -> Void {
    let (shape, positions) = (shape, shape.height * shape.width)
    let (x, y) = (o.x.pointer, o.y.pointer)
    switch (kind, isBackward) {
    case ("max", false):
      return {
        maxPool2d(shape, x, into: y, indices: nil)
        blackHole(o)
      }
    case ("max", _):
      let scratch = Buffer(shape.outputCount, filledWith: 0)
      maxPool2d(shape, x, into: scratch.pointer, indices: &o.indices)
      return {
        maxPool2dGradient(shape, dy: y, indices: o.indices, into: x)
        blackHole(o)
      }
    case ("avg", false):
      return {
        averagePool2d(shape, x, into: y, countsPadding: true)
        blackHole(o)
      }
    case ("avg", _):
      return {
        averagePool2dGradient(shape, dy: y, into: x, countsPadding: true)
        blackHole(o)
      }
    case (_, false):
      return {
        globalAveragePool(batch: shape.batch, positions: positions, channels: shape.channels, x, into: y)
        blackHole(o)
      }
    default:
      return {
        globalAveragePoolGradient(batch: shape.batch, positions: positions, channels: shape.channels, dy: y, into: x)
        blackHole(o)
      }
    }
  }

  private func expected(_ o: Operands) -> [Float] {
    let s = shape
    let (x, y) = (o.x.values, o.y.values)
    if kind == "globalavg" {
      let positions = s.height * s.width
      guard isBackward else {
        return naiveAlongAxis(outer: s.batch, n: positions, inner: s.channels, x) {
          naiveReduce(.mean, $0, isContiguous: false)
        }
      }
      return x.indices.map { y[$0 / (positions * s.channels) * s.channels + $0 % s.channels] / Float(positions) }
    }
    func windows(_ n: Int, _ size: Int, _ stride: Int, _ pad: Int) -> [NaivePool.Window] {
      NaivePool.windows(n, size: size, stride: stride, before: pad, after: pad, roundsUp: false, countsPadding: true)
    }
    let naive = NaivePool(
      batch: s.batch, height: s.height, width: s.width, channels: s.channels,
      rows: windows(s.height, s.poolHeight, s.strideHeight, s.padding.top),
      columns: windows(s.width, s.poolWidth, s.strideWidth, s.padding.left))
    switch (kind, isBackward) {
    case ("max", false): return naive.maximum(x).y
    case ("max", true): return naive.maximumGradient(dy: y, indices: naive.maximum(x).indices)
    case (_, false): return naive.average(x)
    case (_, true): return naive.averageGradient(dy: y)
    }
  }
}
