import Kernels

/// y = x + a table that is the same for every example.
struct AddTable: Op {
  let table: [Float]

  let name = "positions"
  let isInPlace = true

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func forward(_ c: OpContext) {
    let count = table.count
    table.withUnsafeBufferPointer { table in
      guard let table = table.baseAddress else { return }
      addRow(rows: c.batch, columns: count, c.input(), ldx: count, row: table, into: c.output, ldy: count)
    }
  }

  /// dx = dy.
  func backward(_ c: OpContext) {
    guard let dx = c.inputGradient(), dx != c.outputGradient else { return }
    dx.update(from: c.outputGradient, count: c.batch * table.count)
  }
}
