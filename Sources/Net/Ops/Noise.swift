import Kernels

/// While training y = x + noise, or x times noise, the noise normally distributed; a function of the position of the example in
/// training, so it is drawn again for the gradient.
struct Noise: Op {
  let isFactor: Bool
  let deviation: Float
  /// Elements of one example.
  let count: Int
  let stream: RandomStream

  var name: String { isFactor ? "gaussianDropout" : "gaussianNoise" }

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func isView(in purpose: Plan.Purpose) -> Bool { purpose != .training || deviation == 0 }

  func forward(_ c: OpContext) {
    if isFactor {
      multiply(c.input(), into: c.output, c)
    } else {
      draw(mean: 0, into: c.output, c)
      add(c.input(), c.output, into: c.output, count: c.batch * count)
    }
  }

  /// dx = dy, times the same factors.
  func backward(_ c: OpContext) {
    guard let dx = c.inputGradient() else { return }
    if isFactor {
      multiply(c.outputGradient, into: dx, c)
    } else {
      dx.update(from: c.outputGradient, count: c.batch * count)
    }
  }

  private func draw(mean: Float, into y: UnsafeMutablePointer<Float>, _ c: OpContext) {
    stream.normal(
      mean: mean, standardDeviation: deviation, from: c.examplesSeen &* UInt64(count), into: y, count: c.batch * count)
  }

  private func multiply(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, _ c: OpContext) {
    draw(mean: 1, into: y, c)
    Kernels.multiply(x, y, into: y, count: c.batch * count)
  }
}
