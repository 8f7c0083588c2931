import Kernels

/// y = x0 + x1 + ..., element by element, added in the order of the inputs.
struct Sum: Op {
  let inputs: Int
  /// Elements of one example.
  let count: Int

  let name = "add"
  let isInPlace = true

  func outputShape(_ shapes: [[Int]]) throws -> [Int] {
    for shape in shapes where shape != shapes[0] {
      throw NetError("cannot add shapes \(shapes[0]) and \(shape)")
    }
    return shapes[0]
  }

  func forward(_ c: OpContext) {
    add(c.input(0), c.input(1), into: c.output, count: c.batch * count)
    for i in 2..<max(inputs, 2) { add(c.output, c.input(i), into: c.output, count: c.batch * count) }
  }

  /// dx_i = dy.
  func backward(_ c: OpContext) {
    for i in 0..<inputs {
      if let dx = c.inputGradient(i), dx != c.outputGradient {
        dx.update(from: c.outputGradient, count: c.batch * count)
      }
    }
  }
}
