import Kernels

/// Stochastic gradient descent, with momentum if wanted.
///
/// w -= eta g; with momentum mu: v = mu v + g (v = g in the first step), w -= eta v; Nesterov: w -= eta (g + mu v).
/// Weight decay is decoupled: w -= eta decay w before the step.
public struct SGD: Optimizer {
  public var learningRate: any Schedule
  public let momentum: Float
  public let nesterov: Bool
  public let weightDecay: Float
  public let name = "sgd"

  public init(learningRate: Float = 0.01, momentum: Float = 0, nesterov: Bool = false, weightDecay: Float = 0) {
    self.init(schedule: ConstantRate(learningRate), momentum: momentum, nesterov: nesterov, weightDecay: weightDecay)
  }

  public init(schedule: any Schedule, momentum: Float = 0, nesterov: Bool = false, weightDecay: Float = 0) {
    self.learningRate = schedule
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
  }

  public var stateCount: Int { momentum == 0 ? 0 : 1 }

  public func check() throws {
    try checkSetting(momentum, "momentum", of: name, in: 0..<1)
    try checkSetting(weightDecay, "weightDecay", of: name, in: 0 ..< .infinity)
    guard !nesterov || momentum > 0 else { throw NetError("sgd: nesterov needs a momentum above 0") }
  }

  public func update(_ c: UpdateContext) {
    if momentum == 0 {
      sgdUpdate(count: c.count, learningRate: c.learningRate, weightDecay: weightDecay, c.weights, gradient: c.gradient)
    } else {
      momentumUpdate(
        count: c.count, learningRate: c.learningRate, momentum: c.momentum ?? momentum, nesterov: nesterov,
        weightDecay: weightDecay, isFirstStep: c.step == 1, c.weights, gradient: c.gradient, velocity: c.state(0))
    }
  }
}
