import Kernels

/// y = (x - mean) / sqrt(variance + epsilon) by group of channels of an example, times gamma plus beta by channel.
struct GroupNormalization: Op {
  let positions: Int
  let channels: Int
  let groups: Int
  let epsilon: Float

  let name = "groupNorm"
  let backwardReads: BackwardReads = .inputs

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  /// Mean and inverse deviation of each group.
  func savedCount(batch: Int) -> Int { 2 * batch * groups }

  func forward(_ c: OpContext) {
    groupNorm(
      batch: c.batch, positions: positions, channels: channels, groups: groups, c.input(), gamma: c.parameter(0),
      beta: c.parameter(1), epsilon: epsilon, into: c.output, mean: c.isTraining ? c.saved : nil,
      inverseDeviation: c.isTraining ? c.saved + c.batch * groups : nil)
  }

  func backward(_ c: OpContext) {
    groupNormGradient(
      batch: c.batch, positions: positions, channels: channels, groups: groups, x: c.input(), dy: c.outputGradient,
      gamma: c.parameter(0), mean: c.saved, inverseDeviation: c.saved + c.batch * groups,
      into: c.inputGradient() ?? c.outputGradient, gammaGradient: c.parameterGradient(0), betaGradient: c.parameterGradient(1))
  }
}
