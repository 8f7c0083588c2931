import Kernels

/// Adam (Kingma, Ba 2015, Algorithm 1), as PyTorch computes it: epsilon is added after the bias correction.
///
/// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// w -= eta / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon).
/// With `amsgrad` (Reddi, Kale, Kumar 2018) the largest v so far stands for v.
/// `l2` is added to the gradient as l2 w (PyTorch's `weight_decay` of Adam); `weightDecay` makes it `AdamW`.
public struct Adam: FusedOptimizer {
  public var learningRate: any Schedule
  public let beta1: Float
  public let beta2: Float
  public let epsilon: Float
  public let amsgrad: Bool
  public let weightDecay: Float
  public let l2: Float
  public let name = "adam"

  public init(
    learningRate: Float = 0.001, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, amsgrad: Bool = false,
    weightDecay: Float = 0, l2: Float = 0
  ) {
    self.init(
      schedule: ConstantRate(learningRate), beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad,
      weightDecay: weightDecay, l2: l2)
  }

  public init(
    schedule: any Schedule, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, amsgrad: Bool = false,
    weightDecay: Float = 0, l2: Float = 0
  ) {
    learningRate = schedule
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.amsgrad = amsgrad
    self.weightDecay = weightDecay
    self.l2 = l2
  }

  public var stateCount: Int { amsgrad ? 3 : 2 }

  func checkRule() throws {
    try checkMeans(beta1, beta2, epsilon)
  }

  public func update(_ c: UpdateContext) {
    adamUpdate(
      count: c.count, settings(c), beta1: c.momentum ?? beta1, beta2: beta2, epsilon: epsilon, step: c.step, c.weights,
      gradient: c.gradient, m: c.state(0), v: c.state(1), largest: amsgrad ? c.state(2) : nil)
  }
}

/// Adam with decoupled weight decay (Loshchilov, Hutter 2019): w -= eta weightDecay w, then the step of Adam. The same as
/// `Adam(weightDecay: 0.01)`.
public struct AdamW: FusedOptimizer {
  private var adam: Adam
  public let name = "adamW"

  public init(
    learningRate: Float = 0.001, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, amsgrad: Bool = false,
    weightDecay: Float = 0.01, l2: Float = 0
  ) {
    self.init(
      schedule: ConstantRate(learningRate), beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad,
      weightDecay: weightDecay, l2: l2)
  }

  public init(
    schedule: any Schedule, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, amsgrad: Bool = false,
    weightDecay: Float = 0.01, l2: Float = 0
  ) {
    adam = Adam(
      schedule: schedule, beta1: beta1, beta2: beta2, epsilon: epsilon, amsgrad: amsgrad, weightDecay: weightDecay, l2: l2)
  }

  public var learningRate: any Schedule {
    get { adam.learningRate }
    set { adam.learningRate = newValue }
  }
  public var beta1: Float { adam.beta1 }
  public var beta2: Float { adam.beta2 }
  public var epsilon: Float { adam.epsilon }
  public var amsgrad: Bool { adam.amsgrad }
  public var weightDecay: Float { adam.weightDecay }
  public var l2: Float { adam.l2 }
  public var stateCount: Int { adam.stateCount }

  func checkRule() throws {
    try checkMeans(beta1, beta2, epsilon)
  }

  public func update(_ c: UpdateContext) { adam.update(c) }
}

extension FusedOptimizer {
  /// Throws when the settings of running means are out of their ranges.
  func checkMeans(_ beta1: Float, _ beta2: Float, _ epsilon: Float) throws {
    try checkSetting(beta1, "beta1", of: name, in: 0..<1)
    try checkSetting(beta2, "beta2", of: name, in: 0..<1)
    try checkSetting(epsilon, "epsilon", of: name, in: 0 ..< .infinity)
  }
}
