import Kernels

/// y = x; what x is adds to the loss: the penalty's mean over the batch.
struct ActivityPenalty: Op {
  let regularizer: Regularizer
  /// Elements of one example.
  let count: Int

  let name = "activityPenalty"
  let isInPlace = true
  let backwardReads: BackwardReads = .inputs
  let addsPenalty = true

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func isView(in purpose: Plan.Purpose) -> Bool { purpose == .inference }

  func forward(_ c: OpContext) {
    if c.input() != UnsafePointer(c.output) { c.output.update(from: c.input(), count: c.batch * count) }
  }

  func penalty(_ c: OpContext) -> Float { regularizer.penalty(c.output, count: c.batch * count) / Float(c.batch) }

  /// dx = dy + the penalty's gradient / batch.
  func backward(_ c: OpContext) {
    guard let dx = c.inputGradient() else { return }
    regularizer.addGradient(
      c.input(), count: c.batch * count, share: 1 / Float(c.batch), to: c.outputGradient, into: dx)
  }
}
