import Kernels

/// How gradients change parameters. All trainable parameters of a model lie in one array, and so does each array of state,
/// so an update is one pass over memory.
///
/// To write your own, say how many arrays of state you need and update `context.weights` in place.
public protocol Optimizer: Sendable {
  /// Its name in messages: `adam`.
  var name: String { get }
  /// The step size as a function of the step; set a `ConstantRate` for one that stays.
  var learningRate: any Schedule { get set }
  /// How many numbers the optimizer remembers for each parameter; they start at zero.
  var stateCount: Int { get }
  /// After how many epochs of `fit` the state goes back to zeros, again and again; nil, the default, for never.
  var resetEveryEpochs: Int? { get }
  /// Throws when a setting is out of its range.
  func check() throws
  /// One step. It may be called several times in a step, each time with other parameters.
  func update(_ context: UpdateContext)
}

extension Optimizer {
  public var resetEveryEpochs: Int? { nil }
  public func check() throws {}
}

/// The arrays of one optimizer step.
public struct UpdateContext {
  /// The number of parameters in each array.
  public let count: Int
  /// The parameters, changed in place.
  public let weights: UnsafeMutablePointer<Float>
  /// The gradient of the loss by each parameter.
  public let gradient: UnsafePointer<Float>
  /// The step since the state was zeros: 1 in the first update.
  public let step: Int
  /// The step size of this step for these parameters.
  public let learningRate: Float
  /// The momentum of this step when the schedule sets it (see `OneCycle`); otherwise the optimizer's own holds.
  public let momentum: Float?
  /// Whether weight decay, coupled or not, is meant for these parameters.
  public let decays: Bool

  let gradientScale: Float
  let gradientLimit: Float
  let states: UnsafeMutablePointer<Float>
  let stride: Int

  /// The `i`-th array of state.
  public func state(_ i: Int) -> UnsafeMutablePointer<Float> { states + i * stride }

  /// What the update functions of the module Kernels take: the step size, and the decay if these parameters have any.
  ///
  /// - Parameters:
  ///   - weightDecay: decoupled, a share of the weights times the step size.
  ///   - l2: coupled, added to the gradient as l2 w.
  public func settings(weightDecay: Float = 0, l2: Float = 0) -> UpdateSettings {
    UpdateSettings(
      learningRate: learningRate, weightDecay: decays ? weightDecay : 0, l2: decays ? l2 : 0, gradientScale: gradientScale,
      gradientLimit: gradientLimit)
  }
}

/// The optimizers of this package. Their kernels clip and average gradients in the pass of the update, where for others that is
/// a pass of its own, before; and each has both kinds of weight decay.
protocol FusedOptimizer: Optimizer {
  /// Decoupled (Loshchilov, Hutter 2019): before the step w -= eta weightDecay w.
  var weightDecay: Float { get }
  /// Coupled: l2 w is added to the gradient. PyTorch's `weight_decay` except in AdamW.
  var l2: Float { get }
  /// Throws when a setting besides the decays is out of its range.
  func checkRule() throws
}

extension FusedOptimizer {
  public func check() throws {
    try checkSetting(weightDecay, "weightDecay", of: name, in: 0 ..< .infinity)
    try checkSetting(l2, "l2", of: name, in: 0 ..< .infinity)
    try checkRule()
  }

  func settings(_ context: UpdateContext) -> UpdateSettings { context.settings(weightDecay: weightDecay, l2: l2) }
}

/// Throws unless `value` is a number in `range`.
func checkSetting(_ value: Float, _ name: String, of owner: String, in range: Range<Float>) throws {
  guard range.contains(value) else {
    let end = range.upperBound == .infinity ? "finite" : "less than \(range.upperBound)"
    throw NetError("\(owner): \(name) is \(value); expected at least \(range.lowerBound) and \(end)")
  }
}

/// Throws unless `value` is at least `least`.
func checkSetting(_ value: Int, _ name: String, of owner: String, atLeast least: Int) throws {
  guard value >= least else { throw NetError("\(owner): \(name) is \(value); expected at least \(least)") }
}
