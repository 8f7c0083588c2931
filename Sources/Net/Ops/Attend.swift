import Kernels

/// y = softmax(q k^T / sqrt(keySize)) v by head; the inputs are q, k, v and, where there is one, the mask of the keys.
struct Attend: Op {
  /// One example.
  let shape: AttentionShape
  let isMasked: Bool

  var name: String { "attention" + (shape.isCausal ? "+causal" : "") + (isMasked ? "+mask" : "") }
  let backwardReads: BackwardReads = .inputs
  var multiplyAdds: Int { shape.multiplyAdds }

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { [shape.queries, shape.heads * shape.valueSize] }

  /// The probabilities.
  func savedCount(batch: Int) -> Int { batch * shape.probabilityCount }

  func forward(_ c: OpContext) {
    attention(
      shape.with(batch: c.batch), q: c.input(0), k: c.input(1), v: c.input(2), mask: isMasked ? c.input(3) : nil,
      into: c.output, probabilities: c.saved)
  }

  /// What nobody wants goes to the workspace: with one pass over the probabilities all three come at nearly the price of one.
  func workspaceCount(batch: Int) -> Int {
    let shape = shape.with(batch: batch)
    return shape.queryCount + shape.keyCount + shape.valueCount
  }

  func backward(_ c: OpContext) {
    let shape = shape.with(batch: c.batch)
    let spare = c.workspace
    attentionGradient(
      shape, q: c.input(0), k: c.input(1), v: c.input(2), mask: isMasked ? c.input(3) : nil, probabilities: c.saved,
      dy: c.outputGradient, into: c.inputGradient(0) ?? spare, dk: c.inputGradient(1) ?? spare + shape.queryCount,
      dv: c.inputGradient(2) ?? spare + shape.queryCount + shape.keyCount)
    if isMasked { c.inputGradient(3)?.update(repeating: 0, count: c.batch * shape.keys) }
  }
}

extension AttentionShape {
  fileprivate func with(batch: Int) -> AttentionShape {
    var shape = self
    shape.batch = batch
    return shape
  }
}
