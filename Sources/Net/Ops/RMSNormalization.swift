import Kernels

/// y = x / sqrt(mean(x^2) + epsilon) gamma by row.
struct RMSNormalization: Op {
  /// Rows of one example.
  let rows: Int
  let columns: Int
  let epsilon: Float

  let name = "rmsNorm"
  let backwardReads: BackwardReads = .inputs

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  /// The inverse root mean square of each row.
  func savedCount(batch: Int) -> Int { batch * rows }

  func forward(_ c: OpContext) {
    rmsNorm(
      rows: c.batch * rows, columns: columns, c.input(), gamma: c.parameter(0), epsilon: epsilon, into: c.output,
      inverseRMS: c.isTraining ? c.saved : nil)
  }

  func backward(_ c: OpContext) {
    rmsNormGradient(
      rows: c.batch * rows, columns: columns, x: c.input(), dy: c.outputGradient, gamma: c.parameter(0), inverseRMS: c.saved,
      into: c.inputGradient() ?? c.outputGradient, gammaGradient: c.parameterGradient(0))
  }
}
