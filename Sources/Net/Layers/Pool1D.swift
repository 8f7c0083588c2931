import Kernels

/// The largest value in each window of steps: `[steps, channels]` to `[outputSteps, channels]`, otherwise as `MaxPool2D`.
public struct MaxPool1D: Layer {
  public let poolSize: Int
  public let stride: Int
  public let padding: Padding
  public let roundsUp: Bool
  public let kind = "maxPool1d"

  /// - Parameter stride: the size of the pool where none is given.
  public init(_ poolSize: Int = 2, stride: Int? = nil, padding: Padding = .valid, roundsUp: Bool = false) {
    self.poolSize = poolSize
    self.stride = stride ?? poolSize
    self.padding = padding
    self.roundsUp = roundsUp
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    try graph.addAlongSteps(inputs, Window(steps: poolSize, stride, padding), roundsUp) { MaxPooling(shape: $0) }
  }
}

/// The mean of each window of steps, otherwise as `AvgPool2D`.
public struct AvgPool1D: Layer {
  public let poolSize: Int
  public let stride: Int
  public let padding: Padding
  public let roundsUp: Bool
  public let countsPadding: Bool
  public let kind = "avgPool1d"

  /// - Parameters:
  ///   - stride: the size of the pool where none is given.
  ///   - countsPadding: whether zeros of the padding count, as PyTorch's default has it.
  public init(
    _ poolSize: Int = 2, stride: Int? = nil, padding: Padding = .valid, roundsUp: Bool = false, countsPadding: Bool = false
  ) {
    self.poolSize = poolSize
    self.stride = stride ?? poolSize
    self.padding = padding
    self.roundsUp = roundsUp
    self.countsPadding = countsPadding
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    try graph.addAlongSteps(inputs, Window(steps: poolSize, stride, padding), roundsUp) {
      AveragePooling(shape: $0, countsPadding: countsPadding)
    }
  }
}

extension Window {
  /// The pool of a layer along one dimension, on images of height 1.
  fileprivate init(steps: Int, _ stride: Int, _ padding: Padding) {
    self.init(
      size: Size2D(height: 1, width: steps), strides: Size2D(height: 1, width: stride), padding: padding.alongSteps, name: "pool")
  }
}

extension GraphBuilder {
  /// A pooling of a sequence as of an image of height 1.
  fileprivate func addAlongSteps(
    _ inputs: [Node], _ window: Window, _ roundsUp: Bool, _ op: (Pool2DShape) -> any Op
  ) throws -> Node {
    let x = try onlyInput(inputs)
    guard x.shape.count == 2 else { throw NetError("input of shape \(x.shape); expected a sequence [steps, channels]") }
    let shape = try window.pooling([1] + x.shape, roundsUp)
    let y = try add(op(shape), to: [add(View(shape: [1] + x.shape), to: [x])])
    return try add(View(shape: Array(y.shape.dropFirst())), to: [y])
  }
}
