import Kernels

/// The largest value in each window: `[height, width, channels]` to `[outputHeight, outputWidth, channels]`, each side
///
///     floor((n + before + after - pool) / strides) + 1        7, pool 2: 3; rounded up: 4
///
/// pixels; with `roundsUp` it is ceil instead of floor, except that no window starts beyond the image. Padding counts as minus
/// infinity. Among equals the gradient goes to the first, row by row.
public struct MaxPool2D: Layer {
  public let poolSize: Size2D
  public let strides: Size2D
  public let padding: Padding
  public let roundsUp: Bool
  public let kind = "maxPool2d"

  /// - Parameter strides: the size of the pool where none are given.
  public init(_ poolSize: Size2D = 2, strides: Size2D? = nil, padding: Padding = .valid, roundsUp: Bool = false) {
    self.poolSize = poolSize
    self.strides = strides ?? poolSize
    self.padding = padding
    self.roundsUp = roundsUp
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyImage(inputs)
    let shape = try Window(size: poolSize, strides: strides, padding: padding, name: "pool").pooling(x.shape, roundsUp)
    return try graph.add(MaxPooling(shape: shape), to: [x])
  }
}

/// The mean of each window, the sizes those of `MaxPool2D`. Padding is not part of the mean unless `countsPadding`.
public struct AvgPool2D: Layer {
  public let poolSize: Size2D
  public let strides: Size2D
  public let padding: Padding
  public let roundsUp: Bool
  public let countsPadding: Bool
  public let kind = "avgPool2d"

  /// - Parameters:
  ///   - strides: the size of the pool where none are given.
  ///   - countsPadding: whether zeros of the padding count, as PyTorch's default has it.
  public init(
    _ poolSize: Size2D = 2, strides: Size2D? = nil, padding: Padding = .valid, roundsUp: Bool = false,
    countsPadding: Bool = false
  ) {
    self.poolSize = poolSize
    self.strides = strides ?? poolSize
    self.padding = padding
    self.roundsUp = roundsUp
    self.countsPadding = countsPadding
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyImage(inputs)
    let shape = try Window(size: poolSize, strides: strides, padding: padding, name: "pool").pooling(x.shape, roundsUp)
    return try graph.add(AveragePooling(shape: shape, countsPadding: countsPadding), to: [x])
  }
}

/// The mean of each channel over the image: `[height, width, channels]` to `[channels]`.
public struct GlobalAvgPool2D: Layer {
  public let kind = "globalAvgPool2d"

  public init() {}

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyImage(inputs)
    return try graph.add(GlobalAveragePooling(positions: x.shape[0] * x.shape[1], channels: x.shape[2]), to: [x])
  }
}

extension Window {
  /// One example of a pooling.
  func pooling(_ image: [Int], _ roundsUp: Bool) throws -> Pool2DShape {
    let padding = try padding(height: image[0], width: image[1])
    // Otherwise a window may hold padding only, which has no maximum and no mean.
    guard max(padding.top, padding.bottom) < size.height, max(padding.left, padding.right) < size.width else {
      throw NetError(
        "padding \(padding.top), \(padding.bottom), \(padding.left), \(padding.right) (top, bottom, left, right); "
          + "expected less than the pool \(size)")
    }
    // Maxima are remembered by the number of their pixel.
    guard image[0] <= Int(Int32.max) / image[1] else {
      throw NetError("an image of \(image[0])x\(image[1]) pixels; expected at most \(Int32.max)")
    }
    return Pool2DShape(
      batch: 1, height: image[0], width: image[1], channels: image[2], poolHeight: size.height, poolWidth: size.width,
      strideHeight: strides.height, strideWidth: strides.width, padding: padding, roundsUp: roundsUp)
  }
}
