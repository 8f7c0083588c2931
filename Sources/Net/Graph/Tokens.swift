import Kernels

/// What a layer that looks up tokens wants of the network's input: whole numbers in `0..<count`.
struct TokenInput: Sendable {
  let count: Int
  /// The layer that wants it.
  let layer: String
}

extension GraphBuilder {
  /// Says that `node`, which must be the network's input under any shape, holds tokens in `0..<count`.
  func takeTokens(from node: Node, count: Int) throws {
    var value = node.value
    while let call = graph.calls.first(where: { $0.output == value }) {
      guard call.op is View else {
        throw NetError("takes tokens, but its input is computed by \(call.layer); expected the network's input")
      }
      value = call.inputs[0]
    }
    if let other = graph.tokens, other.count <= count { return }
    graph.tokens = TokenInput(count: count, layer: currentLayer)
  }
}

extension Model {
  /// Throws where the network takes tokens and one of these values is none.
  func checkTokens(_ inputs: UnsafeBufferPointer<Float>, _ name: String) throws {
    guard let tokens = graph.tokens, let start = inputs.baseAddress,
      let at = firstInvalidToken(start, count: inputs.count, vocabulary: tokens.count)
    else { return }
    throw NetError(
      "\(name): \(inputs[at]) of example \(at / inputCount), element \(at % inputCount), is no token of \(tokens.layer); "
        + "expected whole numbers in 0..<\(tokens.count)")
  }
}
