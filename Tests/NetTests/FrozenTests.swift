import Kernels
import Testing

@testable import Net

/// A parameter of rate 0 keeps its bits, whatever else a training is told to do to parameters.
@Suite struct FrozenTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    var optimizer: any Optimizer = SGD(learningRate: 0.1)
    var rules = LayerRules()
    var options = UpdateOptions()

    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "maxNorm", rules: LayerRules(kernelConstraint: .maxNorm(1), biasConstraint: .maxNorm(0.1))),
    Case(name: "unitNorm", rules: LayerRules(kernelConstraint: .unitNorm, biasConstraint: .unitNorm)),
    Case(name: "minMaxNorm", rules: LayerRules(kernelConstraint: .minMaxNorm(minimum: 0.1, maximum: 1, rate: 0.5))),
    Case(name: "nonNegative", rules: LayerRules(kernelConstraint: .nonNegative, biasConstraint: .nonNegative)),
    Case(name: "penalties", rules: LayerRules(kernelRegularizer: .l1l2(l1: 0.1, l2: 0.1), biasRegularizer: .lp(3, 0.1))),
    Case(name: "coupled decay", optimizer: SGD(learningRate: 0.1, momentum: 0.9, l2: 0.1)),
    Case(name: "decoupled decay", optimizer: AdamW(weightDecay: 0.5)),
    Case(name: "clipNorm", options: UpdateOptions(clipNorm: 0.01)),
    Case(name: "clipValue", options: UpdateOptions(clipValue: 0.01)),
    Case(name: "globalClipNorm", options: UpdateOptions(globalClipNorm: 0.01)),
    Case(name: "accumulation", options: UpdateOptions(gradientAccumulationSteps: 2)),
    Case(
      name: "all", optimizer: AdamW(weightDecay: 0.5),
      rules: LayerRules(kernelRegularizer: .l2(0.1), kernelConstraint: .maxNorm(1), biasConstraint: .nonNegative),
      options: UpdateOptions(globalClipNorm: 0.01, gradientAccumulationSteps: 2)),
  ]

  private static func layer(_ rules: LayerRules) -> Dense {
    Dense(
      2, biasInitializer: .constant(-0.7), kernelRegularizer: rules.kernelRegularizer, biasRegularizer: rules.biasRegularizer,
      kernelConstraint: rules.kernelConstraint, biasConstraint: rules.biasConstraint)
  }

  /// Layer by layer and parameter by parameter, beside one that learns, with and without a running mean.
  @Test(arguments: cases, [["dense_1"], ["dense_2"], ["kernel"], ["bias"], ["dense_1", "dense_2/bias"]])
  func keepsItsBits(_ c: Case, frozen: [String]) throws {
    let kernel = try Tensor(shape: [3, 2], [3, 2, 1, 0, -1, -2]), data = try Self.data()
    for useEMA in [false, true] {
      let model = try Model(Sequential([Self.layer(c.rules), Self.layer(c.rules)]), input: [3], seed: 1)
      try model.setParameter("dense_1/kernel", to: kernel)
      let before = try Self.weights(model)
      var options = c.options
      (options.groups, options.useEMA, options.emaMomentum) = (frozen.map { ParameterGroup($0, rate: 0) }, useEMA, 0.9)
      try model.compile(loss: .meanSquaredError, optimizer: c.optimizer, update: options)
      try model.fit(data, batchSize: 2, epochs: 3)
      func check(_ what: String) throws {
        for (name, values) in try Self.weights(model) {
          let parts = [name] + name.split(separator: "/").map(String.init)
          #expect((before[name] == values) == frozen.contains(where: parts.contains), "\(what): \(name)")
        }
      }
      try check("after training")
      guard useEMA else { continue }
      try model.withAveragedWeights { try check("averaged") }
      try model.adoptAveragedWeights()
      try check("adopted")
    }
  }

  private static func data() throws -> Dataset {
    try Dataset(inputs: randomTensor([6, 3], seed: 1), targets: .values(randomTensor([6, 2], seed: 2)))
  }

  private static func weights(_ model: Model) throws -> [String: [UInt32]] {
    var found: [String: [UInt32]] = [:]
    for parameter in model.parameters { found[parameter.name] = try model.parameter(parameter.name).values.map(\.bitPattern) }
    return found
  }

  /// What is frozen takes no part in the norm that the others are clipped by, though its gradient, or its penalty's, be infinite.
  @Test func hasNoGradient() throws {
    func trained(_ penalty: Regularizer?) throws -> [UInt32] {
      let model = try Model(
        Sequential([Dense(2, kernelInitializer: .constant(1), biasRegularizer: penalty), Dense(2)]), input: [3], seed: 1)
      try model.setParameter("dense_1/bias", to: Tensor(shape: [2], [1, 2]))
      try model.compile(
        loss: .meanSquaredError, optimizer: SGD(learningRate: 0.1),
        update: UpdateOptions(globalClipNorm: 0.01, groups: [ParameterGroup("dense_1", rate: 0)]))
      try model.trainOnBatch(Self.data())
      return try model.parameter("dense_2/kernel").values.map(\.bitPattern)
    }
    #expect(try trained(nil) == trained(.l2(1e20)))
  }

  /// Its penalty is part of the loss all the same: what is reported does not depend on what learns.
  @Test func penaltyStaysPartOfTheLoss() throws {
    func loss(_ groups: [ParameterGroup]) throws -> [Float] {
      let model = try Model(Dense(2, kernelRegularizer: .l2(0.1)), input: [3], seed: 1)
      try model.compile(loss: .meanSquaredError, optimizer: SGD(), update: UpdateOptions(groups: groups))
      return [try model.evaluate(Self.data()).loss, try model.trainOnBatch(Self.data()).loss]
    }
    #expect(try loss([]) == loss([ParameterGroup("dense_1", rate: 0)]))
  }
}
