import Kernels

/// y = x0, x1, ... side by side in each row.
struct Join: Op {
  /// Rows of one example.
  let rows: Int
  /// The columns of each input.
  let columns: [Int]

  let name = "concatenate"

  func outputShape(_ inputs: [[Int]]) throws -> [Int] {
    for shape in inputs where shape.isEmpty || shape.dropLast() != inputs[0].dropLast() {
      throw NetError("cannot join shapes \(inputs[0]) and \(shape); expected all dimensions but the last to agree")
    }
    return inputs[0].dropLast() + [columns.reduce(0, +)]
  }

  func forward(_ c: OpContext) {
    let width = columns.reduce(0, +)
    var start = 0
    for (i, count) in columns.enumerated() {
      copyRows(rows: c.batch * rows, columns: count, c.input(i), ldx: count, into: c.output + start, ldy: width)
      start += count
    }
  }

  /// dx_i = its columns of dy.
  func backward(_ c: OpContext) {
    let width = columns.reduce(0, +)
    var start = 0
    for (i, count) in columns.enumerated() {
      if let dx = c.inputGradient(i) {
        copyRows(rows: c.batch * rows, columns: count, c.outputGradient + start, ldx: width, into: dx, ldy: count)
      }
      start += count
    }
  }
}
