import Kernels

/// Dropout that keeps mean 0 and variance 1: `RandomStream.alphaDropout` while training.
struct AlphaDrop: Op {
  let rate: Float
  /// Elements of one example.
  let count: Int
  let stream: RandomStream

  let name = "alphaDropout"

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func isView(in purpose: Plan.Purpose) -> Bool { purpose != .training || rate == 0 }

  func forward(_ c: OpContext) {
    stream.alphaDropout(
      rate: rate, from: c.examplesSeen &* UInt64(count), c.input(), into: c.output, count: c.batch * count)
  }

  /// dx = a dy where x was kept.
  func backward(_ c: OpContext) {
    guard let dx = c.inputGradient() else { return }
    stream.dropout(
      rate: rate, scale: RandomStream.alphaDropoutScale(rate: rate), from: c.examplesSeen &* UInt64(count), c.outputGradient,
      into: dx, count: c.batch * count)
  }
}
