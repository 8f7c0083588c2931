// Noise while training: other forms than `Dropout`. In inference all of them are the identity and cost nothing.

/// Zeroes whole channels of sequences `[steps, channels]` while training, and multiplies the others by 1 / (1 - rate) (Tompson et
/// al. 2015). Neighbouring steps are alike, so dropping single ones would hide nothing.
public struct SpatialDropout1D: Layer {
  public let rate: Float
  public let kind = "spatialDropout1d"

  /// - Parameter rate: the probability that a channel is dropped, in 0..<1.
  public init(rate: Float) { self.rate = rate }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    guard x.shape.count == 2 else { throw NetError("input of shape \(x.shape); expected a sequence [steps, channels]") }
    return try graph.addSpatialDrop(rate, to: x)
  }
}

/// Zeroes whole channels of images `[height, width, channels]` while training, and multiplies the others by 1 / (1 - rate).
public struct SpatialDropout2D: Layer {
  public let rate: Float
  public let kind = "spatialDropout2d"

  /// - Parameter rate: the probability that a channel is dropped, in 0..<1.
  public init(rate: Float) { self.rate = rate }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    try graph.addSpatialDrop(rate, to: onlyImage(inputs))
  }
}

/// Adds normally distributed noise while training, any shape.
public struct GaussianNoise: Layer {
  public let standardDeviation: Float
  public let kind = "gaussianNoise"

  /// - Parameter standardDeviation: of the noise, at least 0.
  public init(standardDeviation: Float) { self.standardDeviation = standardDeviation }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    guard standardDeviation >= 0, standardDeviation.isFinite else {
      throw NetError("standard deviation \(plain(standardDeviation)); expected a finite number of at least 0")
    }
    return try graph.add(
      Noise(
        isFactor: false, deviation: standardDeviation, count: x.shape.reduce(1, *), stream: graph.randomStream()), to: [x])
  }
}

/// Multiplies by normally distributed noise of mean 1 and variance rate / (1 - rate) while training, the variance of `Dropout`'s
/// factors (Srivastava et al. 2014, section 10); any shape.
public struct GaussianDropout: Layer {
  public let rate: Float
  public let kind = "gaussianDropout"

  /// - Parameter rate: in 0..<1.
  public init(rate: Float) { self.rate = rate }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    try checkRate(rate)
    return try graph.add(
      Noise(
        isFactor: true, deviation: (rate / (1 - rate)).squareRoot(), count: x.shape.reduce(1, *),
        stream: graph.randomStream()), to: [x])
  }
}

/// Dropout for SELU (Klambauer et al. 2017): drops to the lowest value of SELU, then scales and shifts so that mean 0 and variance 1
/// stay; any shape. The formula stands at `RandomStream.alphaDropout`.
public struct AlphaDropout: Layer {
  public let rate: Float
  public let kind = "alphaDropout"

  /// - Parameter rate: the probability that an element is dropped, in 0..<1.
  public init(rate: Float) { self.rate = rate }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    try checkRate(rate)
    return try graph.add(
      AlphaDrop(rate: rate, count: x.shape.reduce(1, *), stream: graph.randomStream()), to: [x])
  }
}

/// Throws unless a share of what is dropped makes sense.
func checkRate(_ rate: Float) throws {
  guard rate >= 0, rate < 1 else { throw NetError("drop rate \(rate); expected at least 0 and less than 1") }
}

extension GraphBuilder {
  fileprivate func addSpatialDrop(_ rate: Float, to x: Node) throws -> Node {
    try checkRate(rate)
    let channels = try x.columns
    return try add(
      SpatialDrop(
        rate: rate, positions: x.shape.dropLast().reduce(1, *), channels: channels, stream: randomStream()), to: [x])
  }
}
