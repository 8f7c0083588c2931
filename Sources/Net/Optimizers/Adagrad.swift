import Kernels

/// Adagrad (Duchi, Hazan, Singer 2011), as PyTorch computes it: s = s + g^2, w -= eta g / (sqrt(s) + epsilon). Rare features get
/// large steps, frequent ones small.
///
/// The sums only grow, and the steps fall to nothing. If parameters stop moving, `resetEveryEpochs: n` sets the sums to zero after
/// every n epochs. PyTorch's `lr_decay` is `schedule: InverseTimeDecay(eta, steps: 1, decay:)`.
public struct Adagrad: FusedOptimizer {
  public var learningRate: any Schedule
  public let epsilon: Float
  public let resetEveryEpochs: Int?
  public let weightDecay: Float
  public let l2: Float
  public let name = "adagrad"

  public init(
    learningRate: Float = 0.01, epsilon: Float = 1e-10, resetEveryEpochs: Int? = nil, weightDecay: Float = 0, l2: Float = 0
  ) {
    self.init(
      schedule: ConstantRate(learningRate), epsilon: epsilon, resetEveryEpochs: resetEveryEpochs, weightDecay: weightDecay, l2: l2
    )
  }

  public init(schedule: any Schedule, epsilon: Float = 1e-10, resetEveryEpochs: Int? = nil, weightDecay: Float = 0, l2: Float = 0)
  {
    learningRate = schedule
    self.epsilon = epsilon
    self.resetEveryEpochs = resetEveryEpochs
    self.weightDecay = weightDecay
    self.l2 = l2
  }

  public var stateCount: Int { 1 }

  func checkRule() throws {
    try checkSetting(epsilon, "epsilon", of: name, in: 0 ..< .infinity)
    if let resetEveryEpochs { try checkSetting(resetEveryEpochs, "resetEveryEpochs", of: name, atLeast: 1) }
  }

  public func update(_ c: UpdateContext) {
    adagradUpdate(count: c.count, settings(c), epsilon: epsilon, c.weights, gradient: c.gradient, sums: c.state(0))
  }
}
