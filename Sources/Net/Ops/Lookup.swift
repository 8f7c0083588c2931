import Kernels

/// y = the table's row of each token.
struct Lookup: Op {
  /// Tokens of one example.
  let count: Int
  let vocabulary: Int
  let columns: Int

  let name = "embedding"
  let backwardReads: BackwardReads = .inputs

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] + [columns] }

  func forward(_ c: OpContext) {
    embedding(
      count: c.batch * count, columns: columns, vocabulary: vocabulary, tokens: c.input(), table: c.parameter(0), into: c.output)
  }

  /// The gradient of row r: the sum of dy over the places of token r. A token has no derivative.
  func backward(_ c: OpContext) {
    if let gradient = c.parameterGradient(0) {
      embeddingGradient(
        count: c.batch * count, columns: columns, vocabulary: vocabulary, tokens: c.input(), dy: c.outputGradient, into: gradient)
    }
    c.inputGradient()?.update(repeating: 0, count: c.batch * count)
  }
}
