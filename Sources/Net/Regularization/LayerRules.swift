/// What a layer wants of its weights and its output beyond being right.
public struct LayerRules: Hashable, Sendable {
  public var kernelRegularizer: Regularizer?
  public var biasRegularizer: Regularizer?
  public var activityRegularizer: Regularizer?
  public var kernelConstraint: Constraint?
  public var biasConstraint: Constraint?

  public init(
    kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, biasConstraint: Constraint? = nil
  ) {
    self.kernelRegularizer = kernelRegularizer
    self.biasRegularizer = biasRegularizer
    self.activityRegularizer = activityRegularizer
    self.kernelConstraint = kernelConstraint
    self.biasConstraint = biasConstraint
  }
}
