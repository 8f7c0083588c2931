import Kernels

/// y = a b, element by element.
struct Multiply: Op {
  /// Elements of one example.
  let count: Int

  let name = "multiply"
  let backwardReads: BackwardReads = .inputs

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func forward(_ c: OpContext) { multiply(c.input(0), c.input(1), into: c.output, count: c.batch * count) }

  /// da = dy b, db = dy a.
  func backward(_ c: OpContext) {
    if let da = c.inputGradient(0) { multiply(c.outputGradient, c.input(1), into: da, count: c.batch * count) }
    if let db = c.inputGradient(1) { multiply(c.outputGradient, c.input(0), into: db, count: c.batch * count) }
  }
}

/// y = factor x.
struct Scale: Op {
  let factor: Float
  /// Elements of one example.
  let count: Int

  let name = "scale"
  let isInPlace = true

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func forward(_ c: OpContext) { scale(factor, c.input(), into: c.output, count: c.batch * count) }

  func backward(_ c: OpContext) {
    if let dx = c.inputGradient() { scale(factor, c.outputGradient, into: dx, count: c.batch * count) }
  }
}
