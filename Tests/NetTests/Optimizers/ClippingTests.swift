import Testing

@testable import Net

/// Clipping by norm of gradients that are too large to be squared, and of those that are none.
@Suite struct ClippingTests {
  /// Gradients of the outputs as given, which of a linear unit with input 1 are those of its weights.
  private struct Given: Loss {
    let name = "given"
    let gradient: [Float]

    func check(_ targets: Dataset.Targets, output shape: [Int]) throws {}

    func evaluate(_ c: LossContext) {
      c.losses[0] = 0
      for i in gradient.indices { c.gradient?[i] = gradient[i] }
    }
  }

  /// What a step at rate 1 takes from weights of 0.
  private func step(_ gradient: [Float], _ options: UpdateOptions, _ optimizer: any Optimizer) throws -> [Float] {
    let model = try Model(Dense(gradient.count, useBias: false, kernelInitializer: .zeros), input: [1])
    try model.compile(loss: Given(gradient: gradient), optimizer: optimizer, update: options)
    let data = try Dataset(inputs: Tensor(shape: [1, 1], [1]), targets: .values(Tensor(zeros: [1, gradient.count])))
    for _ in 0..<options.gradientAccumulationSteps { try model.trainOnBatch(data) }
    return try model.parameter("dense_1/kernel").values.map { 0 - $0 }
  }

  private static let optimizers: [any Optimizer] = [SGD(learningRate: 1), Descent()]
  private static let options = [
    UpdateOptions(clipNorm: 1), UpdateOptions(globalClipNorm: 1), UpdateOptions(globalClipNorm: 1, gradientAccumulationSteps: 2),
  ]

  @Test func meanAbsoluteError() throws {
    for options in [UpdateOptions(clipNorm: 1), UpdateOptions(globalClipNorm: 1)] {
      let model = try Model(Dense(1, useBias: false, kernelInitializer: .zeros), input: [1])
      try model.compile(loss: .meanAbsoluteError, optimizer: SGD(learningRate: 0.5), update: options)
      try model.trainOnBatch(
        Dataset(inputs: Tensor(shape: [1, 1], [1e20]), targets: .values(Tensor(shape: [1, 1], [1]))))
      #expect((try model.parameter("dense_1/kernel").values[0] - 0.5).magnitude < 1e-7)
    }
  }

  /// The direction stays, the length becomes 1: also where the norm itself is beyond Float.
  @Test(
    arguments: [
      [1e20], [1e20, -1e20], [3e19, 4e19, 0], [2e38, 3e38], [3e38, -3e38, 3e38, 3e38, 0], [1e20, 1e-20], [1e10, 2e10],
    ] as [[Float]]) func largeGradients(_ gradient: [Float]) throws
  {
    let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    for (optimizer, options) in Self.optimizers.flatMap({ o in Self.options.map { (o, $0) } }) {
      // What two of the largest add up to is beyond Float before any clipping.
      if options.gradientAccumulationSteps > 1, gradient.contains(where: { $0.magnitude > 1.7e38 }) { continue }
      for (found, g) in zip(try step(gradient, options, optimizer), gradient) {
        #expect((Double(found) - Double(g) / norm).magnitude < 2e-6, "\(options), \(optimizer.name)")
      }
    }
  }

  /// Small ones are left alone, those too small to be squared as well.
  @Test func smallGradients() throws {
    for gradient: [Float] in [[1e-30, 2e-30], [0, 0], [0.25, -0.5]] {
      for options in Self.options.prefix(2) { #expect(try step(gradient, options, SGD(learningRate: 1)) == gradient) }
    }
    // A limit below them is kept.
    let found = try step([3e-30, 4e-30], UpdateOptions(globalClipNorm: 1e-30), SGD(learningRate: 1))
    #expect((found[0] / 1e-30 - 0.6).magnitude < 1e-6 && (found[1] / 1e-30 - 0.8).magnitude < 1e-6)
  }

  /// As `clip_grad_norm_` of PyTorch: an infinity leaves nothing of the others, and a NaN makes all of them one.
  @Test(arguments: options) func notFinite(_ options: UpdateOptions) throws {
    for optimizer in Self.optimizers {
      let infinite = try step([.infinity, 2, -3], options, optimizer)
      #expect(infinite[0].isNaN && infinite[1] == 0 && infinite[2] == 0)
      #expect(try step([.nan, 2, -3], options, optimizer).allSatisfy(\.isNaN))
    }
  }
}
