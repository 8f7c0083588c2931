import Kernels

/// y = f(x), element by element.
struct Activate: Op {
  let activation: Activation
  /// Elements of one example.
  let count: Int

  var name: String { "\(activation.kind)" }
  let isInPlace = true
  var backwardReads: BackwardReads { activation.gradientNeedsInput ? .inputs : .output }
  var outputFunction: OutputFunction? { activation == .sigmoid ? .sigmoid : nil }

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func isView(in purpose: Plan.Purpose) -> Bool { activation == .linear }

  func forward(_ c: OpContext) {
    activate(activation, c.input(), into: c.output, count: c.batch * count)
  }

  /// dx = dy f'.
  func backward(_ c: OpContext) {
    guard let dx = c.inputGradient() else { return }
    let x = activation.gradientNeedsInput ? c.input() : nil
    let y = activation.gradientNeedsInput ? nil : UnsafePointer(c.output)
    activationGradient(activation, x: x, y: y, dy: c.outputGradient, into: dx, count: c.batch * count)
  }
}
