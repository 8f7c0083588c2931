import Kernels

/// y = x with each element kept with probability 1 - rate and zero otherwise, times `trainingScale`; in inference
/// y = x times `inferenceScale`. The mask is a function of the position of the example in training, so it is drawn again
/// for the gradient and never stored.
struct Drop: Op {
  let rate: Float
  let trainingScale: Float
  let inferenceScale: Float
  /// Elements of one example.
  let count: Int
  let stream: RandomStream

  let name = "dropout"

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func isView(in purpose: Plan.Purpose) -> Bool {
    purpose == .training ? rate == 0 && trainingScale == 1 : inferenceScale == 1
  }

  func forward(_ c: OpContext) {
    if c.isTraining {
      drop(c.input(), into: c.output, c)
    } else {
      scale(inferenceScale, c.input(), into: c.output, count: c.batch * count)
    }
  }

  /// dx = dy under the same mask and scale.
  func backward(_ c: OpContext) {
    guard let dx = c.inputGradient() else { return }
    drop(c.outputGradient, into: dx, c)
  }

  private func drop(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, _ c: OpContext) {
    stream.dropout(
      rate: rate, scale: trainingScale, from: c.examplesSeen &* UInt64(count), x, into: y, count: c.batch * count)
  }
}
