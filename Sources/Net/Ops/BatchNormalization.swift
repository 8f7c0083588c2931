import Kernels

/// y = f((x - mean) / sqrt(variance + epsilon) gamma + beta + residual) by channel, with f ReLU or nothing. The plan fuses the
/// sum and the ReLU into the pass.
///
/// Training uses the statistics of the batch, and works out the running ones that follow; they become the model's when the
/// step counts.
struct BatchNormalization: Op {
  /// Rows of one example: the product of all its dimensions but the last.
  let rows: Int
  let channels: Int
  let epsilon: Float
  /// How much of the running statistics a step keeps.
  let momentum: Float
  var hasResidual = false
  var hasReLU = false

  /// Nothing is fused into it yet.
  var isPlain: Bool { !hasResidual && !hasReLU }

  var name: String { "batchNorm" + (hasResidual ? "+add" : "") + (hasReLU ? "+relu" : "") }

  let isInPlace = true

  var backwardReads: BackwardReads { hasReLU && hasResidual ? [.inputs, .output] : .inputs }

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func checkTraining(batch: Int) throws {
    guard batch * rows > 1 else {
      throw NetError(
        "a batch of \(batch) has one value per channel, of which there is no variance; expected more than one in training")
    }
  }

  /// Mean and inverse deviation of the batch, and the running statistics after the step.
  func savedCount(batch: Int) -> Int { 4 * channels }

  func forward(_ c: OpContext) {
    let residual = hasResidual ? c.input(1) : nil
    guard c.isTraining else {
      return batchNormInference(
        rows: c.batch * rows, channels: channels, c.input(), gamma: c.parameter(0), beta: c.parameter(1), mean: c.parameter(2),
        variance: c.parameter(3), epsilon: epsilon, residual: residual, relu: hasReLU, into: c.output)
    }
    let (runningMean, runningVariance) = (c.saved + 2 * channels, c.saved + 3 * channels)
    runningMean.update(from: c.parameter(2), count: channels)
    runningVariance.update(from: c.parameter(3), count: channels)
    batchNormTraining(
      rows: c.batch * rows, channels: channels, c.input(), gamma: c.parameter(0), beta: c.parameter(1), epsilon: epsilon,
      momentum: momentum, runningMean: runningMean, runningVariance: runningVariance, residual: residual, relu: hasReLU,
      into: c.output, mean: c.saved, inverseDeviation: c.saved + channels)
  }

  let finishesStep = true

  func finishStep(_ c: OpContext) {
    c.parameter(2).update(from: c.saved + 2 * channels, count: channels)
    c.parameter(3).update(from: c.saved + 3 * channels, count: channels)
  }

  func backward(_ c: OpContext) {
    batchNormGradient(
      rows: c.batch * rows, channels: channels, x: c.input(), y: hasReLU && hasResidual ? UnsafePointer(c.output) : nil,
      dy: c.outputGradient, gamma: c.parameter(0), beta: c.parameter(1), mean: c.saved, inverseDeviation: c.saved + channels,
      relu: hasReLU, into: c.inputGradient(), gammaGradient: c.parameterGradient(0)!, betaGradient: c.parameterGradient(1)!,
      residualGradient: hasResidual ? c.inputGradient(1) : nil)
  }

  func fused(with next: any Op, for purpose: Plan.Purpose) -> (any Op)? {
    guard !hasReLU else { return nil }
    var fused = self
    switch next {
    case let sum as Sum where sum.inputs == 2 && !hasResidual:
      fused.hasResidual = true
    case let activate as Activate where activate.activation == .relu:
      fused.hasReLU = true
    default:
      return nil
    }
    return fused
  }
}
