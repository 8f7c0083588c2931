import Kernels

/// Stochastic gradient descent, with momentum if wanted.
///
/// w -= eta g; with momentum mu: v = mu v + (1 - dampening) g (v = g in the first step), w -= eta v; Nesterov: w -= eta (g + mu v).
/// In this form, PyTorch's, a change of eta takes effect at once; at a constant eta Keras's is the same.
/// `weightDecay` is decoupled, `l2` coupled: see `AdamW`, `Adam`.
public struct SGD: FusedOptimizer {
  public var learningRate: any Schedule
  public let momentum: Float
  public let dampening: Float
  public let nesterov: Bool
  public let weightDecay: Float
  public let l2: Float
  public let name = "sgd"

  public init(
    learningRate: Float = 0.01, momentum: Float = 0, dampening: Float = 0, nesterov: Bool = false, weightDecay: Float = 0,
    l2: Float = 0
  ) {
    self.init(
      schedule: ConstantRate(learningRate), momentum: momentum, dampening: dampening, nesterov: nesterov,
      weightDecay: weightDecay, l2: l2)
  }

  public init(
    schedule: any Schedule, momentum: Float = 0, dampening: Float = 0, nesterov: Bool = false, weightDecay: Float = 0,
    l2: Float = 0
  ) {
    learningRate = schedule
    self.momentum = momentum
    self.dampening = dampening
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    self.l2 = l2
  }

  public var stateCount: Int { momentum == 0 ? 0 : 1 }

  func checkRule() throws {
    try checkSetting(momentum, "momentum", of: name, in: 0..<1)
    try checkSetting(dampening, "dampening", of: name, in: 0..<1)
    guard !nesterov || momentum > 0 else { throw NetError("sgd: nesterov needs a momentum above 0") }
    guard !nesterov || dampening == 0 else { throw NetError("sgd: nesterov takes no dampening, got \(dampening)") }
  }

  public func update(_ c: UpdateContext) {
    guard momentum > 0 else { return sgdUpdate(count: c.count, settings(c), c.weights, gradient: c.gradient) }
    momentumUpdate(
      count: c.count, settings(c), momentum: c.momentum ?? momentum, dampening: dampening, nesterov: nesterov,
      isFirstStep: c.step == 1, c.weights, gradient: c.gradient, velocity: c.state(0))
  }
}
