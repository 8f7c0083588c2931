import Kernels

/// RMSprop (Hinton 2012), with the defaults of Keras and epsilon inside the root, as in Ruder, arXiv:1609.04747:
/// v = rho v + (1 - rho) g^2, w -= eta g / sqrt(v + epsilon).
///
/// `centered` divides by the variance instead: v - m^2 with m = rho m + (1 - rho) g. With momentum mu, in PyTorch's form:
/// b = mu b + g / sqrt(v + epsilon), w -= eta b.
public struct RMSprop: FusedOptimizer {
  public var learningRate: any Schedule
  public let rho: Float
  public let momentum: Float
  public let centered: Bool
  public let epsilon: Float
  public let weightDecay: Float
  public let l2: Float
  public let name = "rmsprop"

  public init(
    learningRate: Float = 0.001, rho: Float = 0.9, momentum: Float = 0, centered: Bool = false, epsilon: Float = 1e-7,
    weightDecay: Float = 0, l2: Float = 0
  ) {
    self.init(
      schedule: ConstantRate(learningRate), rho: rho, momentum: momentum, centered: centered, epsilon: epsilon,
      weightDecay: weightDecay, l2: l2)
  }

  public init(
    schedule: any Schedule, rho: Float = 0.9, momentum: Float = 0, centered: Bool = false, epsilon: Float = 1e-7,
    weightDecay: Float = 0, l2: Float = 0
  ) {
    learningRate = schedule
    self.rho = rho
    self.momentum = momentum
    self.centered = centered
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.l2 = l2
  }

  public var stateCount: Int { 1 + (centered ? 1 : 0) + (momentum > 0 ? 1 : 0) }

  func checkRule() throws {
    try checkSetting(rho, "rho", of: name, in: 0..<1)
    try checkSetting(momentum, "momentum", of: name, in: 0..<1)
    try checkSetting(epsilon, "epsilon", of: name, in: 0 ..< .infinity)
  }

  public func update(_ c: UpdateContext) {
    rmspropUpdate(
      count: c.count, settings(c), rho: rho, momentum: momentum > 0 ? c.momentum ?? momentum : 0, epsilon: epsilon, c.weights,
      gradient: c.gradient, squares: c.state(0), means: centered ? c.state(1) : nil,
      velocity: momentum > 0 ? c.state(stateCount - 1) : nil)
  }
}
