import Kernels

/// Batch normalisation (Ioffe, Szegedy 2015): each channel, the last dimension, gets mean 0 and variance 1 over the batch and all
/// positions, and then its own scale and shift. Any shape.
///
///     y = gamma (x - mean) / sqrt(variance + epsilon) + beta
///
/// In training mean and variance are those of the batch, the biased variance, and the running statistics follow:
/// `running = momentum running + (1 - momentum) batch`, of the variance the unbiased one. Everywhere else the running statistics
/// take the place of the batch's.
///
/// The plan puts a residual sum and a ReLU that follow into the same pass; in inference all of it goes into a convolution right
/// before it, at no cost.
///
/// Parameters: `gamma`, `beta`; `runningMean`, `runningVariance`, which are not trainable: all `[channels]`.
public struct BatchNorm: Layer {
  public let momentum: Float
  public let epsilon: Float
  public let gammaInitializer: any Initializer
  public let betaInitializer: any Initializer
  public let rules: NormRules
  public let kind = "batchNorm"

  /// - Parameters:
  ///   - momentum: how much of the running statistics each step keeps, in 0..<1.
  ///   - epsilon: keeps the division from zero.
  ///   - gammaRegularizer: what gamma adds to the loss; likewise beta.
  ///   - gammaConstraint: what gamma has to obey after each step; likewise beta.
  public init(
    momentum: Float = 0.9, epsilon: Float = 1e-5, gammaInitializer: any Initializer = .ones,
    betaInitializer: any Initializer = .zeros, gammaRegularizer: Regularizer? = nil, betaRegularizer: Regularizer? = nil,
    gammaConstraint: Constraint? = nil, betaConstraint: Constraint? = nil
  ) {
    self.momentum = momentum
    self.epsilon = epsilon
    self.gammaInitializer = gammaInitializer
    self.betaInitializer = betaInitializer
    rules = NormRules(gammaRegularizer, betaRegularizer, gammaConstraint, betaConstraint)
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let (x, rows, channels) = try rowsAndColumns(inputs)
    guard momentum >= 0, momentum < 1 else { throw NetError("momentum \(momentum); expected at least 0 and less than 1") }
    try checkEpsilon(epsilon)
    func running(_ name: String, _ initializer: any Initializer) -> ParameterReference {
      graph.parameter(name, shape: [channels], initializer: initializer, fanIn: 1, fanOut: 1, isTrainable: false)
    }
    let parameters =
      graph.scaleAndShift(channels, rules, gamma: gammaInitializer, beta: betaInitializer)
      + [running("runningMean", .zeros), running("runningVariance", .ones)]
    let op = BatchNormalization(rows: rows, channels: channels, epsilon: epsilon, momentum: momentum)
    return try graph.add(op, to: [x], parameters: parameters)
  }
}

/// Layer normalisation (Ba et al. 2016) over the last dimension of any shape:
///
///     y = gamma (x - mean) / sqrt(variance + epsilon) + beta
///
/// with mean and biased variance of each row.
///
/// Parameters: `gamma`, `beta`, `[columns]`.
public struct LayerNorm: Layer {
  public let epsilon: Float
  public let rules: NormRules
  public let kind = "layerNorm"

  /// - Parameters: as those of ``BatchNorm``.
  public init(
    epsilon: Float = 1e-5, gammaRegularizer: Regularizer? = nil, betaRegularizer: Regularizer? = nil,
    gammaConstraint: Constraint? = nil, betaConstraint: Constraint? = nil
  ) {
    self.epsilon = epsilon
    rules = NormRules(gammaRegularizer, betaRegularizer, gammaConstraint, betaConstraint)
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let (x, rows, columns) = try rowsAndColumns(inputs)
    try checkEpsilon(epsilon)
    let parameters = graph.scaleAndShift(columns, rules)
    return try graph.add(LayerNormalization(rows: rows, columns: columns, epsilon: epsilon), to: [x], parameters: parameters)
  }
}

/// Root-mean-square normalisation (Zhang, Sennrich 2019) over the last dimension of any shape:
///
///     y = gamma x / sqrt(mean(x^2) + epsilon)
///
/// Parameters: `gamma`, `[columns]`.
public struct RMSNorm: Layer {
  public let epsilon: Float
  public let rules: NormRules
  public let kind = "rmsNorm"

  /// - Parameters: as those of ``BatchNorm``.
  public init(epsilon: Float = 1e-6, gammaRegularizer: Regularizer? = nil, gammaConstraint: Constraint? = nil) {
    self.epsilon = epsilon
    rules = NormRules(gammaRegularizer, nil, gammaConstraint, nil)
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let (x, rows, columns) = try rowsAndColumns(inputs)
    try checkEpsilon(epsilon)
    let gamma = graph.scale(columns, rules)
    return try graph.add(RMSNormalization(rows: rows, columns: columns, epsilon: epsilon), to: [x], parameters: [gamma])
  }
}

/// Group normalisation (Wu, He 2018) of `[..., channels]`: each group of channels of an example, over all its positions, gets mean 0
/// and variance 1; then each channel its own scale and shift. One group is layer normalisation over the whole example, as
/// many as channels instance normalisation.
///
/// Parameters: `gamma`, `beta`, `[channels]`.
public struct GroupNorm: Layer {
  public let groups: Int
  public let epsilon: Float
  public let rules: NormRules
  public let kind = "groupNorm"

  /// - Parameters: as those of ``BatchNorm``, and
  ///   - groups: must divide the channels.
  public init(
    groups: Int = 32, epsilon: Float = 1e-5, gammaRegularizer: Regularizer? = nil, betaRegularizer: Regularizer? = nil,
    gammaConstraint: Constraint? = nil, betaConstraint: Constraint? = nil
  ) {
    self.groups = groups
    self.epsilon = epsilon
    rules = NormRules(gammaRegularizer, betaRegularizer, gammaConstraint, betaConstraint)
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let (x, positions, channels) = try rowsAndColumns(inputs)
    try checkEpsilon(epsilon)
    guard groups >= 1 else { throw NetError("\(groups) groups; expected at least 1") }
    guard channels % groups == 0 else { throw NetError("\(groups) groups do not divide \(channels) channels") }
    let parameters = graph.scaleAndShift(channels, rules)
    let op = GroupNormalization(positions: positions, channels: channels, groups: groups, epsilon: epsilon)
    return try graph.add(op, to: [x], parameters: parameters)
  }
}

/// What a normalising layer wants of its scale and its shift.
public struct NormRules: Hashable, Sendable {
  public var gammaRegularizer: Regularizer?
  public var betaRegularizer: Regularizer?
  public var gammaConstraint: Constraint?
  public var betaConstraint: Constraint?

  fileprivate init(_ gamma: Regularizer?, _ beta: Regularizer?, _ gammaConstraint: Constraint?, _ betaConstraint: Constraint?) {
    gammaRegularizer = gamma
    betaRegularizer = beta
    self.gammaConstraint = gammaConstraint
    self.betaConstraint = betaConstraint
  }
}

extension GraphBuilder {
  fileprivate func scale(_ count: Int, _ rules: NormRules, _ initializer: any Initializer = .ones) -> ParameterReference {
    parameter(
      "gamma", shape: [count], initializer: initializer, fanIn: 1, fanOut: 1, regularizer: rules.gammaRegularizer,
      constraint: rules.gammaConstraint)
  }

  fileprivate func scaleAndShift(
    _ count: Int, _ rules: NormRules, gamma: any Initializer = .ones, beta: any Initializer = .zeros
  ) -> [ParameterReference] {
    [
      scale(count, rules, gamma),
      parameter(
        "beta", shape: [count], initializer: beta, fanIn: 1, fanOut: 1, regularizer: rules.betaRegularizer,
        constraint: rules.betaConstraint),
    ]
  }
}

/// The only input as a matrix of one example: all dimensions but the last, and the last.
private func rowsAndColumns(_ inputs: [Node]) throws -> (x: Node, rows: Int, columns: Int) {
  let x = try onlyInput(inputs)
  guard let columns = x.shape.last else { throw NetError("the input has no dimensions; expected at least one") }
  return (x, x.shape.dropLast().reduce(1, *), columns)
}

private func checkEpsilon(_ epsilon: Float) throws {
  guard epsilon >= 0, epsilon.isFinite else { throw NetError("epsilon \(epsilon); expected at least 0 and finite") }
}
