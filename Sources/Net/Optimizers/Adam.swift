import Kernels

/// Adam (Kingma, Ba 2015, Algorithm 1), as PyTorch computes it: epsilon is added after the bias correction.
///
/// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// w -= eta / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon).
/// `l2` is added to the gradient as l2 w (PyTorch's `weight_decay` of Adam).
public struct Adam: AdamRule {
  public var learningRate: any Schedule
  public let beta1: Float
  public let beta2: Float
  public let epsilon: Float
  public let l2: Float
  public let name = "adam"

  public init(learningRate: Float = 0.001, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, l2: Float = 0) {
    self.init(schedule: ConstantRate(learningRate), beta1: beta1, beta2: beta2, epsilon: epsilon, l2: l2)
  }

  public init(schedule: any Schedule, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, l2: Float = 0) {
    self.learningRate = schedule
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.l2 = l2
  }

  var weightDecay: Float { 0 }
}

/// Adam with decoupled weight decay (Loshchilov, Hutter 2019): w -= eta decay w, then the step of Adam.
public struct AdamW: AdamRule {
  public var learningRate: any Schedule
  public let beta1: Float
  public let beta2: Float
  public let epsilon: Float
  public let weightDecay: Float
  public let name = "adamW"

  public init(
    learningRate: Float = 0.001, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0.01
  ) {
    self.init(
      schedule: ConstantRate(learningRate), beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
  }

  public init(
    schedule: any Schedule, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0.01
  ) {
    self.learningRate = schedule
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  var l2: Float { 0 }
}

/// What Adam and AdamW share: everything but where the weights' decay enters.
protocol AdamRule: Optimizer {
  var beta1: Float { get }
  var beta2: Float { get }
  var epsilon: Float { get }
  /// Added to the gradient as l2 w.
  var l2: Float { get }
  /// Taken from the weights before the step.
  var weightDecay: Float { get }
}

extension AdamRule {
  public var stateCount: Int { 2 }

  public func check() throws {
    try checkSetting(beta1, "beta1", of: name, in: 0..<1)
    try checkSetting(beta2, "beta2", of: name, in: 0..<1)
    try checkSetting(epsilon, "epsilon", of: name, in: 0 ..< .infinity)
    try checkSetting(l2, "l2", of: name, in: 0 ..< .infinity)
    try checkSetting(weightDecay, "weightDecay", of: name, in: 0 ..< .infinity)
  }

  public func update(_ c: UpdateContext) {
    adamUpdate(
      count: c.count, learningRate: c.learningRate, beta1: c.momentum ?? beta1, beta2: beta2, epsilon: epsilon, step: c.step,
      l2: l2, weightDecay: weightDecay, c.weights, gradient: c.gradient, m: c.state(0), v: c.state(1))
  }
}
