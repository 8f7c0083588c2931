import Kernels

/// y = (x - mean) / sqrt(variance + epsilon) gamma + beta by row.
struct LayerNormalization: Op {
  /// Rows of one example.
  let rows: Int
  let columns: Int
  let epsilon: Float

  let name = "layerNorm"
  let backwardReads: BackwardReads = .inputs

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  /// Mean and inverse deviation of each row.
  func savedCount(batch: Int) -> Int { 2 * batch * rows }

  func forward(_ c: OpContext) {
    let rows = c.batch * rows
    layerNorm(
      rows: rows, columns: columns, c.input(), gamma: c.parameter(0), beta: c.parameter(1), epsilon: epsilon, into: c.output,
      mean: c.isTraining ? c.saved : nil, inverseDeviation: c.isTraining ? c.saved + rows : nil)
  }

  func backward(_ c: OpContext) {
    let rows = c.batch * rows
    layerNormGradient(
      rows: rows, columns: columns, x: c.input(), dy: c.outputGradient, gamma: c.parameter(0), mean: c.saved,
      inverseDeviation: c.saved + rows, into: c.inputGradient() ?? c.outputGradient, gammaGradient: c.parameterGradient(0),
      betaGradient: c.parameterGradient(1))
  }
}
