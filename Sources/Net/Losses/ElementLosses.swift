import Kernels

/// A loss that is the mean over all elements of a loss of one.
public protocol ElementwiseLoss: Loss {
  /// What an element loses.
  var element: ElementLoss { get }
}

extension ElementwiseLoss {
  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    try checkValues(targets, output: shape, for: name, hint: "; expected .values")
  }

  public func lossesPerExample(_ output: [Int]) -> Int { output.reduce(1, *) }

  public func evaluate(_ c: LossContext) {
    elementLoss(
      element, count: c.batch * c.outputCount, predictions: c.outputs, targets: c.targets!, gradientScale: c.scale,
      losses: c.losses, gradient: c.gradient)
  }
}

/// mean (y - t)^2 over all elements of all outputs.
public struct MeanSquaredError: ElementwiseLoss {
  public let name = "meanSquaredError"
  public let element = ElementLoss.squaredError

  public init() {}
}

/// mean |y - t| over all elements: outliers count no more than others. The derivative at 0 is 0.
public struct MeanAbsoluteError: ElementwiseLoss {
  public let name = "meanAbsoluteError"
  public let element = ElementLoss.absoluteError

  public init() {}
}

/// The mean over all elements of (y - t)^2 / 2 up to a distance of delta and delta (|y - t| - delta / 2) beyond (Huber 1964).
public struct Huber: ElementwiseLoss {
  public let delta: Float
  public let name = "huber"

  public init(delta: Float = 1) { self.delta = delta }

  public var element: ElementLoss { .huber(delta: delta) }

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    guard delta > 0, delta.isFinite else { throw NetError("huber: delta \(delta); expected a finite number above 0") }
    try checkValues(targets, output: shape, for: name, hint: "; expected .values")
  }
}

/// mean max(0, 1 - t y) over all elements, for targets of -1 and 1, or class labels 0 and 1 for one output. A yes is an output
/// above 0.
public struct Hinge: ElementwiseLoss {
  public let name = "hinge"
  public let element = ElementLoss.hinge

  public init() {}

  public var classValues: [Float]? { [-1, 1] }
  public var decisionThreshold: Float { 0 }

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws { try checkSigns(targets, output: shape, for: name) }
}

/// mean max(0, 1 - t y)^2 over all elements, targets as for `Hinge`.
public struct SquaredHinge: ElementwiseLoss {
  public let name = "squaredHinge"
  public let element = ElementLoss.squaredHinge

  public init() {}

  public var classValues: [Float]? { [-1, 1] }
  public var decisionThreshold: Float { 0 }

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws { try checkSigns(targets, output: shape, for: name) }
}

/// Throws unless values are -1 and 1: a network trained on 0 and 1 would learn that no answer is right.
private func checkSigns(_ targets: Dataset.Targets, output shape: [Int], for loss: String) throws {
  try checkBinary(targets, output: shape, for: loss)
  guard case .values(let values) = targets, let wrong = values.values.first(where: { $0.magnitude != 1 }) else { return }
  throw NetError("\(loss) takes targets of -1 and 1, got \(plain(wrong))")
}

extension Loss where Self == MeanSquaredError {
  /// mean (y - t)^2 over all elements.
  public static var meanSquaredError: MeanSquaredError { MeanSquaredError() }
}

extension Loss where Self == MeanAbsoluteError {
  /// mean |y - t| over all elements.
  public static var meanAbsoluteError: MeanAbsoluteError { MeanAbsoluteError() }
}

extension Loss where Self == Huber {
  /// Squares near, distances far away.
  public static func huber(delta: Float = 1) -> Huber { Huber(delta: delta) }
}

extension Loss where Self == Hinge {
  /// mean max(0, 1 - t y).
  public static var hinge: Hinge { Hinge() }
}

extension Loss where Self == SquaredHinge {
  /// mean max(0, 1 - t y)^2.
  public static var squaredHinge: SquaredHinge { SquaredHinge() }
}
