import Kernels

/// eta(s) = eta0 factor^(s / k), with whole powers only as a staircase. Keras's `ExponentialDecay`; with `steps: 1` PyTorch's
/// `ExponentialLR`.
public struct ExponentialDecay: Schedule {
  public let learningRate: Float
  /// k
  public let steps: Int
  public let factor: Float
  public let staircase: Bool

  public init(_ learningRate: Float, steps: Int, factor: Float, staircase: Bool = false) {
    self.learningRate = learningRate
    self.steps = steps
    self.factor = factor
    self.staircase = staircase
  }

  public func rate(step: Int) -> Float {
    let power = periods(step, steps, staircase: staircase)
    return Float(Double(learningRate) * PortableMath.power(Double(factor), power))
  }

  public func check() throws {
    try checkRate(learningRate, of: "exponentialDecay")
    try checkSetting(steps, "steps", of: "exponentialDecay", atLeast: 1)
    try checkSetting(factor, "factor", of: "exponentialDecay", in: 0 ..< .infinity)
  }
}

/// eta(s) = eta0 / (1 + decay s / k), with whole s / k only as a staircase: the 1/t decay of convergence proofs (Robbins, Monro
/// 1951). Keras's `InverseTimeDecay`.
public struct InverseTimeDecay: Schedule {
  public let learningRate: Float
  /// k
  public let steps: Int
  public let decay: Float
  public let staircase: Bool

  public init(_ learningRate: Float, steps: Int, decay: Float, staircase: Bool = false) {
    self.learningRate = learningRate
    self.steps = steps
    self.decay = decay
    self.staircase = staircase
  }

  public func rate(step: Int) -> Float {
    Float(Double(learningRate) / (1 + Double(decay) * periods(step, steps, staircase: staircase)))
  }

  public func check() throws {
    try checkRate(learningRate, of: "inverseTimeDecay")
    try checkSetting(steps, "steps", of: "inverseTimeDecay", atLeast: 1)
    try checkSetting(decay, "decay", of: "inverseTimeDecay", in: 0 ..< .infinity)
  }
}

/// eta(s) = (eta0 - end) (1 - s / n)^power + end for s < n, then `end`: at power 1 a straight line. Keras's `PolynomialDecay`
/// with an end of 0, PyTorch's `PolynomialLR`.
///
/// With `cycles`, instead of staying at the end, n grows to the next multiple that is not below s, and the rate rises again.
public struct PolynomialDecay: Schedule {
  public let learningRate: Float
  /// n
  public let steps: Int
  public let end: Float
  public let power: Float
  public let cycles: Bool

  public init(_ learningRate: Float, steps: Int, to end: Float = 0, power: Float = 1, cycles: Bool = false) {
    self.learningRate = learningRate
    self.steps = steps
    self.end = end
    self.power = power
    self.cycles = cycles
  }

  public func rate(step: Int) -> Float {
    let cycle = max(1, step / steps + (step % steps > 0 ? 1 : 0))
    let length = cycles ? Double(cycle) * Double(steps) : Double(steps)
    let left = 1 - min(Double(step), length) / length
    return Float(Double(learningRate - end) * PortableMath.power(left, Double(power)) + Double(end))
  }

  public func check() throws {
    try checkRate(learningRate, of: "polynomialDecay")
    try checkSetting(steps, "steps", of: "polynomialDecay", atLeast: 1)
    try checkRate(end, "end", of: "polynomialDecay")
    try checkSetting(power, "power", of: "polynomialDecay", in: 0 ..< .infinity)
  }
}

/// step / length, or its whole part.
private func periods(_ step: Int, _ length: Int, staircase: Bool) -> Double {
  staircase ? Double(step / length) : Double(step) / Double(length)
}
