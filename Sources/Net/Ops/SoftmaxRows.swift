import Kernels

/// y = softmax(x) over the last dimension.
struct SoftmaxRows: Op {
  /// Rows of one example.
  let rows: Int
  let columns: Int

  let name = "softmax"
  let backwardReads: BackwardReads = .output
  let outputFunction: OutputFunction? = .softmax

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func forward(_ c: OpContext) {
    softmax(rows: c.batch * rows, columns: columns, c.input(), ldx: columns, into: c.output, ldy: columns)
  }

  /// dx = y (dy - sum(dy y)).
  func backward(_ c: OpContext) {
    guard let dx = c.inputGradient() else { return }
    softmaxGradient(
      rows: c.batch * rows, columns: columns, y: c.output, ldy: columns, dy: c.outputGradient, lddy: columns, into: dx,
      lddx: columns)
  }
}
