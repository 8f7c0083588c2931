import Kernels

/// y = x + b, one b a column.
struct AddBias: Op {
  /// Rows of one example.
  let rows: Int
  let columns: Int

  let name = "bias"
  let isInPlace = true

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func forward(_ c: OpContext) {
    addRow(
      rows: c.batch * rows, columns: columns, c.input(), ldx: columns, row: c.parameter(0), into: c.output, ldy: columns)
  }

  /// db = column sums of dy; dx = dy.
  func backward(_ c: OpContext) {
    if let db = c.parameterGradient(0) {
      reduce(.sum, outer: 1, n: c.batch * rows, inner: columns, c.outputGradient, into: db)
    }
    if let dx = c.inputGradient(), dx != c.outputGradient {
      dx.update(from: c.outputGradient, count: c.batch * rows * columns)
    }
  }
}
