import Kernels

/// y = x, or slope x where x is not positive: a slope a column.
struct LearnedSlope: Op {
  /// Rows of one example.
  let rows: Int
  let columns: Int

  let name = "prelu"
  let backwardReads: BackwardReads = .inputs

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func forward(_ c: OpContext) {
    prelu(rows: c.batch * rows, columns: columns, c.input(), slope: c.parameter(0), into: c.output)
  }

  func backward(_ c: OpContext) {
    preluGradient(
      rows: c.batch * rows, columns: columns, x: c.input(), slope: c.parameter(0), dy: c.outputGradient, into: c.inputGradient(),
      slopeGradient: c.parameterGradient(0))
  }
}
