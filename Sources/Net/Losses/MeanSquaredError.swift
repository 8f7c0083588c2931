import Kernels

/// mean (y - t)^2 over all elements of all outputs.
public struct MeanSquaredError: Loss {
  public let name = "meanSquaredError"

  public init() {}

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    try checkValues(targets, output: shape, for: name, hint: "; expected .values")
  }

  public func lossesPerExample(_ output: [Int]) -> Int { output.reduce(1, *) }

  public func evaluate(_ c: LossContext) {
    squaredError(
      count: c.batch * c.outputCount, predictions: c.outputs, targets: c.targets!, gradientScale: c.scale, losses: c.losses,
      gradient: c.gradient)
  }
}

extension Loss where Self == MeanSquaredError {
  /// mean (y - t)^2 over all elements.
  public static var meanSquaredError: MeanSquaredError { MeanSquaredError() }
}
