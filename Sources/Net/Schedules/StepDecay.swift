import Kernels

/// A fixed factor after every so many steps: eta(s) = eta0 factor^floor(s / k). PyTorch's `StepLR`, Keras's
/// `ExponentialDecay(staircase: true)`.
public struct StepDecay: Schedule {
  public let learningRate: Float
  /// k
  public let every: Int
  public let factor: Float

  public init(_ learningRate: Float, every steps: Int, factor: Float = 0.1) {
    self.learningRate = learningRate
    self.every = steps
    self.factor = factor
  }

  public func rate(step: Int) -> Float { dropped(learningRate, factor, times: step / every) }

  public func check() throws {
    try checkRate(learningRate, of: "stepDecay")
    try checkSetting(every, "every", of: "stepDecay", atLeast: 1)
    try checkSetting(factor, "factor", of: "stepDecay", in: 0 ..< .infinity)
  }
}

/// A fixed factor at each of the given steps: eta(s) = eta0 factor^(number of milestones <= s). PyTorch's `MultiStepLR`: the
/// rate drops at the milestone itself, where Keras's `PiecewiseConstantDecay` still has the old one.
public struct MultiStepDecay: Schedule {
  public let learningRate: Float
  /// Steps, ascending.
  public let milestones: [Int]
  public let factor: Float

  public init(_ learningRate: Float, at milestones: [Int], factor: Float = 0.1) {
    self.learningRate = learningRate
    self.milestones = milestones
    self.factor = factor
  }

  public func rate(step: Int) -> Float {
    var passed = 0
    while passed < milestones.count, milestones[passed] <= step { passed += 1 }
    return dropped(learningRate, factor, times: passed)
  }

  public func check() throws {
    try checkRate(learningRate, of: "multiStepDecay")
    try checkAscending(milestones, "milestones", of: "multiStepDecay")
    try checkSetting(factor, "factor", of: "multiStepDecay", in: 0 ..< .infinity)
  }
}

private func dropped(_ rate: Float, _ factor: Float, times: Int) -> Float {
  Float(Double(rate) * PortableMath.power(Double(factor), times))
}

/// Throws unless `steps` are at least 0, each greater than the one before.
func checkAscending(_ steps: [Int], _ name: String, of schedule: String) throws {
  guard steps.first ?? 0 >= 0, zip(steps, steps.dropFirst()).allSatisfy({ $0 < $1 }) else {
    throw NetError("\(schedule): \(name) are \(steps); expected steps of at least 0, each greater than the one before")
  }
}
