/// A vector for each token: `[...]` to `[..., outputDim]`, y[i] = embeddings[token i].
///
/// Tokens are whole numbers in `0..<inputDim`, as floats like all inputs: `Tensor(shape: [examples, steps], ...)`. They must be the
/// network's input; `fit`, `predict` and the others check them before they compute anything, and name the first that is not one.
///
/// Parameters: `embeddings` `[inputDim, outputDim]`.
///
/// Equivalents: `nn.Embedding(inputDim, outputDim)`, whose first values are normal, and Keras `Embedding`.
public struct Embedding: Layer {
  public let inputDim: Int
  public let outputDim: Int
  public let embeddingsInitializer: any Initializer
  public let embeddingsRegularizer: Regularizer?
  public let embeddingsConstraint: Constraint?
  public let kind = "embedding"

  /// - Parameters:
  ///   - inputDim: how many tokens there are, at most 2^24.
  ///   - outputDim: the size of a vector.
  ///   - embeddingsInitializer: the first vectors, uniform in ±0.05.
  ///   - embeddingsRegularizer: what the table adds to the loss.
  ///   - embeddingsConstraint: what the table has to obey after each step.
  public init(
    _ inputDim: Int, _ outputDim: Int, embeddingsInitializer: any Initializer = .uniform(low: -0.05, high: 0.05),
    embeddingsRegularizer: Regularizer? = nil, embeddingsConstraint: Constraint? = nil
  ) {
    self.inputDim = inputDim
    self.outputDim = outputDim
    self.embeddingsInitializer = embeddingsInitializer
    self.embeddingsRegularizer = embeddingsRegularizer
    self.embeddingsConstraint = embeddingsConstraint
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    guard inputDim >= 1, inputDim <= 1 << 24 else { throw NetError("inputDim \(inputDim); expected 1 to 2^24 tokens") }
    guard outputDim >= 1 else { throw NetError("outputDim \(outputDim); expected at least 1") }
    guard Tensor.count(of: [inputDim, outputDim]) != nil else {
      throw NetError("a table of shape [\(inputDim), \(outputDim)] has more elements than an Int can count")
    }
    try graph.takeTokens(from: x, count: inputDim)
    let table = graph.parameter(
      "embeddings", shape: [inputDim, outputDim], initializer: embeddingsInitializer, fanIn: inputDim, fanOut: outputDim,
      regularizer: embeddingsRegularizer, constraint: embeddingsConstraint)
    let op = Lookup(count: x.shape.reduce(1, *), vocabulary: inputDim, columns: outputDim)
    return try graph.add(op, to: [x], parameters: [table])
  }
}
