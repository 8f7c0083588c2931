/// Zeroes random elements while training (Srivastava et al. 2014), any shape.
///
/// Two forms with the same expectation: `Dropout(rate:)` scales what it keeps by 1 / (1 - rate) while training and does
/// nothing afterwards; `Dropout(keep:scaling: .atTest)` keeps elements with probability `keep` as they are and multiplies
/// by `keep` afterwards.
public struct Dropout: Layer {
  /// When the outputs are scaled so that both modes agree in expectation.
  public enum Scaling: Sendable {
    case inTraining, atTest
  }

  /// The probability that an element is dropped.
  public let rate: Float
  public let scaling: Scaling
  public let kind = "dropout"

  /// - Parameter rate: the probability that an element is dropped, in 0..<1.
  public init(rate: Float) {
    self.rate = rate
    self.scaling = .inTraining
  }

  /// - Parameter keep: the probability that an element stays, in 0...1 and not 0.
  public init(keep: Float, scaling: Scaling = .atTest) {
    self.rate = 1 - keep
    self.scaling = scaling
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    try checkRate(rate)
    let keep = 1 - rate
    let drop = Drop(
      rate: rate, trainingScale: scaling == .inTraining ? 1 / keep : 1, inferenceScale: scaling == .atTest ? keep : 1,
      count: x.shape.reduce(1, *), stream: graph.randomStream())
    return try graph.add(drop, to: [x])
  }
}
