/// The same values under another shape. Plans never run it: input and output share a buffer.
struct View: Op {
  let shape: [Int]

  let name = "view"

  func outputShape(_ inputs: [[Int]]) throws -> [Int] {
    guard inputs[0].reduce(1, *) == shape.reduce(1, *) else {
      throw NetError("cannot reshape \(inputs[0]) to \(shape): \(inputs[0].reduce(1, *)) elements are not \(shape.reduce(1, *))")
    }
    return shape
  }

  func isView(in purpose: Plan.Purpose) -> Bool { true }

  func forward(_ c: OpContext) { preconditionFailure("a view is not run") }

  func backward(_ c: OpContext) { preconditionFailure("a view is not run") }
}
