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
  /// Throws when a setting is out of its range.
  func check() throws
  /// One step.
  func update(_ context: UpdateContext)
}

extension Optimizer {
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
  /// The step: 1 in the first update.
  public let step: Int
  /// The step size of this step.
  public let learningRate: Float
  /// The momentum of this step when the schedule sets it (see `OneCycle`); otherwise the optimizer's own holds.
  public let momentum: Float?

  let states: UnsafeMutablePointer<Float>
  let stride: Int

  /// The `i`-th array of state.
  public func state(_ i: Int) -> UnsafeMutablePointer<Float> { states + i * stride }
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
