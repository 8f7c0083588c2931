import Kernels

/// Adamax (Kingma, Ba 2015, section 7.1), as PyTorch computes it: m = beta1 m + (1 - beta1) g; u = max(beta2 u, |g| + epsilon);
/// w -= eta / (1 - beta1^t) m / u.
public struct Adamax: FusedOptimizer {
  public var learningRate: any Schedule
  public let beta1: Float
  public let beta2: Float
  public let epsilon: Float
  public let weightDecay: Float
  public let l2: Float
  public let name = "adamax"

  public init(
    learningRate: Float = 0.002, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0,
    l2: Float = 0
  ) {
    self.init(
      schedule: ConstantRate(learningRate), beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, l2: l2)
  }

  public init(
    schedule: any Schedule, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0, l2: Float = 0
  ) {
    learningRate = schedule
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.l2 = l2
  }

  public var stateCount: Int { 2 }

  func checkRule() throws {
    try checkMeans(beta1, beta2, epsilon)
  }

  public func update(_ c: UpdateContext) {
    adamaxUpdate(
      count: c.count, settings(c), beta1: c.momentum ?? beta1, beta2: beta2, epsilon: epsilon, step: c.step, c.weights,
      gradient: c.gradient, m: c.state(0), u: c.state(1))
  }
}

/// NAdam (Dozat 2016), Adam with Nesterov's look-ahead, as PyTorch computes it: with m and v of Adam,
/// mu(t) = beta1 (1 - 0.96^(t momentumDecay) / 2) and P(t) = mu(1) ... mu(t),
/// w -= eta ((1 - mu(t)) / (1 - P(t)) g + mu(t+1) / (1 - P(t+1)) m) / (sqrt(v) / sqrt(1 - beta2^t) + epsilon).
public struct NAdam: FusedOptimizer {
  public var learningRate: any Schedule
  public let beta1: Float
  public let beta2: Float
  public let epsilon: Float
  public let momentumDecay: Float
  public let weightDecay: Float
  public let l2: Float
  public let name = "nadam"

  public init(
    learningRate: Float = 0.002, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, momentumDecay: Float = 0.004,
    weightDecay: Float = 0, l2: Float = 0
  ) {
    self.init(
      schedule: ConstantRate(learningRate), beta1: beta1, beta2: beta2, epsilon: epsilon, momentumDecay: momentumDecay,
      weightDecay: weightDecay, l2: l2)
  }

  public init(
    schedule: any Schedule, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, momentumDecay: Float = 0.004,
    weightDecay: Float = 0, l2: Float = 0
  ) {
    learningRate = schedule
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.momentumDecay = momentumDecay
    self.weightDecay = weightDecay
    self.l2 = l2
  }

  public var stateCount: Int { 2 }

  func checkRule() throws {
    try checkMeans(beta1, beta2, epsilon)
    try checkSetting(momentumDecay, "momentumDecay", of: name, in: 0 ..< .infinity)
  }

  public func update(_ c: UpdateContext) {
    nadamUpdate(
      count: c.count, settings(c), beta1: c.momentum ?? beta1, beta2: beta2, epsilon: epsilon, momentumDecay: momentumDecay,
      step: c.step, c.weights,
      gradient: c.gradient, m: c.state(0), v: c.state(1))
  }
}

/// RAdam (Liu et al. 2020), as PyTorch computes it: Adam whose rate grows as v becomes trustworthy, and momentum alone in the first
/// steps. With m and v of Adam, rho(inf) = 2 / (1 - beta2) - 1 and rho = rho(inf) - 2 t beta2^t / (1 - beta2^t): where rho > 5,
/// w -= eta r / (1 - beta1^t) m sqrt(1 - beta2^t) / (sqrt(v) + epsilon) with
/// r^2 = (rho - 4)(rho - 2) rho(inf) / ((rho(inf) - 4)(rho(inf) - 2) rho); else w -= eta / (1 - beta1^t) m.
public struct RAdam: FusedOptimizer {
  public var learningRate: any Schedule
  public let beta1: Float
  public let beta2: Float
  public let epsilon: Float
  public let weightDecay: Float
  public let l2: Float
  public let name = "radam"

  public init(
    learningRate: Float = 0.001, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0,
    l2: Float = 0
  ) {
    self.init(
      schedule: ConstantRate(learningRate), beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, l2: l2)
  }

  public init(
    schedule: any Schedule, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0, l2: Float = 0
  ) {
    learningRate = schedule
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.l2 = l2
  }

  public var stateCount: Int { 2 }

  func checkRule() throws {
    try checkMeans(beta1, beta2, epsilon)
  }

  public func update(_ c: UpdateContext) {
    radamUpdate(
      count: c.count, settings(c), beta1: c.momentum ?? beta1, beta2: beta2, epsilon: epsilon, step: c.step, c.weights,
      gradient: c.gradient, m: c.state(0), v: c.state(1))
  }
}
