import Kernels

/// Adadelta (Zeiler 2012), with PyTorch's defaults: v = rho v + (1 - rho) g^2, d = sqrt(u + epsilon) / sqrt(v + epsilon) g,
/// u = rho u + (1 - rho) d^2, w -= eta d. At eta = 1 there is no learning rate to choose.
public struct Adadelta: FusedOptimizer {
  public var learningRate: any Schedule
  public let rho: Float
  public let epsilon: Float
  public let weightDecay: Float
  public let l2: Float
  public let name = "adadelta"

  public init(learningRate: Float = 1, rho: Float = 0.9, epsilon: Float = 1e-6, weightDecay: Float = 0, l2: Float = 0) {
    self.init(schedule: ConstantRate(learningRate), rho: rho, epsilon: epsilon, weightDecay: weightDecay, l2: l2)
  }

  public init(schedule: any Schedule, rho: Float = 0.9, epsilon: Float = 1e-6, weightDecay: Float = 0, l2: Float = 0) {
    learningRate = schedule
    self.rho = rho
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.l2 = l2
  }

  public var stateCount: Int { 2 }

  func checkRule() throws {
    try checkSetting(rho, "rho", of: name, in: 0..<1)
    try checkSetting(epsilon, "epsilon", of: name, in: 0 ..< .infinity)
  }

  public func update(_ c: UpdateContext) {
    adadeltaUpdate(
      count: c.count, settings(c), rho: rho, epsilon: epsilon, c.weights, gradient: c.gradient, squares: c.state(0),
      updates: c.state(1))
  }
}
