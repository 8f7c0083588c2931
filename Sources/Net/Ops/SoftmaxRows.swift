import Kernels

/// y = softmax(x), or its logarithm, over the last dimension.
struct SoftmaxRows: Op {
  /// Rows of one example.
  let rows: Int
  let columns: Int
  var isLogarithm = false

  var name: String { isLogarithm ? "logSoftmax" : "softmax" }
  let backwardReads: BackwardReads = .output
  var outputFunction: OutputFunction? { isLogarithm ? nil : .softmax }

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func forward(_ c: OpContext) {
    let rows = c.batch * rows
    if isLogarithm {
      logSoftmax(rows: rows, columns: columns, c.input(), ldx: columns, into: c.output, ldy: columns)
    } else {
      softmax(rows: rows, columns: columns, c.input(), ldx: columns, into: c.output, ldy: columns)
    }
  }

  /// dx = y (dy - sum(dy y)), or dy - exp(y) sum(dy).
  func backward(_ c: OpContext) {
    guard let dx = c.inputGradient() else { return }
    let (rows, y, dy) = (c.batch * rows, UnsafePointer(c.output), UnsafePointer(c.outputGradient))
    if isLogarithm {
      logSoftmaxGradient(
        rows: rows, columns: columns, y: y, ldy: columns, dy: dy, lddy: columns, into: dx, lddx: columns)
    } else {
      softmaxGradient(rows: rows, columns: columns, y: y, ldy: columns, dy: dy, lddy: columns, into: dx, lddx: columns)
    }
  }
}
