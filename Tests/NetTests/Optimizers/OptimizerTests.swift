import Kernels
import Reference
import Testing

@testable import Net

/// Puts given gradients before an optimizer: the weights of one linear unit without bias are the parameters, its input is 1, and
/// the loss's gradient by its outputs is the gradient.
private final class GivenGradients: Loss, @unchecked Sendable {
  let name = "givenGradients"
  private let gradients: [[Float]]
  private var next = 0

  init(_ gradients: [[Float]]) { self.gradients = gradients }

  func check(_ targets: Dataset.Targets, output shape: [Int]) throws {}

  func evaluate(_ context: LossContext) {
    context.losses[0] = 0
    guard let gradient = context.gradient else { return }
    for i in 0..<context.outputCount { gradient[i] = gradients[next % gradients.count][i] }
    next += 1
  }
}

private let one = try! Dataset(inputs: Tensor(shape: [1, 1], [1]), targets: .values(Tensor(zeros: [1, 7])))

/// A model whose parameters are seven weights.
private func sevenWeights(_ start: [Float] = OptimizerGoldens.start) throws -> Model {
  let model = try Model(Dense(7, useBias: false), input: [1])
  try model.setParameter("dense_1/kernel", to: Tensor(shape: [1, 7], start))
  return model
}

extension Model {
  fileprivate var weights: [Float] { get throws { try parameter("dense_1/kernel").values } }
}

@Suite struct OptimizerTests {
  /// Trajectories over 40 steps.
  @Test(arguments: OptimizerGoldens.optimizers) func agreesWithPyTorch(name: String, optimizer: any Optimizer) throws {
    let golden = OptimizerGoldens.weights[name]!
    let model = try sevenWeights()
    try model.compile(loss: GivenGradients(OptimizerGoldens.gradients), optimizer: optimizer)
    for step in 1...40 {
      try model.trainOnBatch(one)
      guard let i = OptimizerGoldens.steps.firstIndex(of: step) else { continue }
      // 1e-5 of where a weight is or came from: some pass through 0.
      let bound = zip(golden[i], OptimizerGoldens.start).map { 1e-5 * Double(max($0.magnitude, $1.magnitude)) }
      #expect(boundMismatch(try model.weights, golden[i].map(Double.init), bound: bound) == nil, "after \(step) steps")
    }
  }

  /// Every golden is compared, and every optimizer of Net has one.
  @Test func goldensAreComplete() {
    #expect(Set(OptimizerGoldens.optimizers.map(\.0)) == Set(OptimizerGoldens.weights.keys))
    let found = Set(OptimizerGoldens.optimizers.map { "\(type(of: $0.1))" })
    #expect(SourceTypes.net.conforming(to: "Optimizer") == found)
  }

  /// Over all parameters of a model, gaps included, an optimizer step is its kernel: the bits are those of the kernel.
  @Test func stepsAreKernels() throws {
    let model = try Model(Sequential([Dense(5, activation: .tanh), Dense(3)]), input: [4], seed: 1)
    try model.compile(
      loss: .meanSquaredError, optimizer: Adam(learningRate: 0.01, beta1: 0.8, beta2: 0.99, epsilon: 1e-6, l2: 0.02))
    let data = try Dataset(inputs: randomTensor([6, 4], seed: 1), targets: .values(randomTensor([6, 3], seed: 2)))
    var weights = try model.parameters.map { try model.parameter($0.name).values }
    var m = weights.map { [Float](repeating: 0, count: $0.count) }
    var v = m
    for step in 1...5 {
      let gradients = try model.gradients(data).parameters
      try model.trainOnBatch(data)
      for i in weights.indices {
        adamUpdate(
          count: weights[i].count, UpdateSettings(learningRate: 0.01, l2: 0.02), beta1: 0.8, beta2: 0.99, epsilon: 1e-6,
          step: step, &weights[i], gradient: gradients[i].gradient.values, m: &m[i], v: &v[i])
        #expect(
          bitMismatch(try model.parameter(gradients[i].name).values, weights[i]) == nil, "step \(step), \(gradients[i].name)")
      }
    }
  }

  /// Adagrad forgets its sums every so many epochs, and then steps as in the beginning.
  @Test func adagradForgets() throws {
    let data = rings()
    func course(_ optimizer: Adagrad, _ epochs: Int, reset: Int? = nil) throws -> UInt64 {
      let model = try ringModel(optimizer: optimizer)
      for epoch in 0..<epochs {
        try model.fit(data, batchSize: 16)
        if epoch + 1 == reset { try model.resetOptimizer() }
      }
      return model.weightsHash
    }
    #expect(try course(Adagrad(resetEveryEpochs: 2), 3) == course(Adagrad(), 3, reset: 2))
    #expect(try course(Adagrad(resetEveryEpochs: 2), 3) != course(Adagrad(), 3))
  }

  /// Adam first, then SGD: compile changes the optimizer and leaves the weights alone.
  @Test func adamFirstThenSGD() throws {
    let model = try ringModel(optimizer: Adam(learningRate: 0.02))
    try model.fit(rings(), batchSize: 16, epochs: 2)
    let hash = model.weightsHash
    let weights = try model.parameters.map { try model.parameter($0.name) }
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: SGD(learningRate: 0.01, momentum: 0.9))
    #expect(model.weightsHash == hash)
    try model.fit(rings(), batchSize: 16, epochs: 2)
    // What follows is what SGD makes of these weights, with nothing of Adam left.
    let other = try ringModel(optimizer: Adam(learningRate: 0.02))
    try other.fit(rings(), batchSize: 16, epochs: 2)
    for (parameter, value) in zip(model.parameters, weights) { try other.setParameter(parameter.name, to: value) }
    try other.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: SGD(learningRate: 0.01, momentum: 0.9))
    try other.fit(rings(), batchSize: 16, epochs: 2)
    #expect(model.weightsHash == other.weightsHash && model.weightsHash != hash)
  }

  @Test(
    arguments: [
      (SGD(momentum: 0.9, dampening: 0.1, nesterov: true), "sgd: nesterov takes no dampening, got 0.1"),
      (SGD(weightDecay: -1), "sgd: weightDecay is -1.0; expected at least 0.0 and finite"),
      (Adagrad(epsilon: -1), "adagrad: epsilon is -1.0; expected at least 0.0 and finite"),
      (Adagrad(resetEveryEpochs: 0), "adagrad: resetEveryEpochs is 0; expected at least 1"),
      (RMSprop(rho: 1), "rmsprop: rho is 1.0; expected at least 0.0 and less than 1.0"),
      (RMSprop(momentum: -0.5), "rmsprop: momentum is -0.5; expected at least 0.0 and less than 1.0"),
      (Adadelta(rho: .nan), "adadelta: rho is nan; expected at least 0.0 and less than 1.0"),
      (Adam(l2: .infinity), "adam: l2 is inf; expected at least 0.0 and finite"),
      (Adamax(beta1: 1), "adamax: beta1 is 1.0; expected at least 0.0 and less than 1.0"),
      (NAdam(momentumDecay: -1), "nadam: momentumDecay is -1.0; expected at least 0.0 and finite"),
      (RAdam(learningRate: -1), "radam: learningRate is -1.0; expected at least 0.0 and finite"),
    ] as [(any Optimizer, String)])
  func badSettings(optimizer: any Optimizer, expected: String) throws {
    let model = try ringModel()
    #expect(throws: NetError(expected)) {
      try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: optimizer)
    }
  }
}

@Suite struct UpdateOptionsTests {
  /// A step of plain descent at rate 1 shows what was made of a gradient; from zeros, the weights are its opposite.
  private func step(
    _ gradients: [[Float]], _ options: UpdateOptions, batches: Int = 1, optimizer: any Optimizer = SGD(learningRate: 1)
  ) throws -> [Float] {
    let model = try sevenWeights([Float](repeating: 0, count: 7))
    try model.compile(loss: GivenGradients(gradients), optimizer: optimizer, update: options)
    for _ in 0..<batches { try model.trainOnBatch(one) }
    return try model.weights.map { 0 - $0 }
  }

  private let gradient: [Float] = [3, -4, 0, 0.5, 0, 0, 0]

  @Test(arguments: [SGD(learningRate: 1), Descent()] as [any Optimizer]) func clipping(optimizer: any Optimizer) throws {
    func clipped(_ options: UpdateOptions) throws -> [Float] { try step([gradient], options, optimizer: optimizer) }
    #expect(try clipped(UpdateOptions()) == gradient)
    #expect(try clipped(UpdateOptions(clipValue: 1)) == [1, -1, 0, 0.5, 0, 0, 0])
    let norm = norm2(gradient, count: 7)
    let half = gradient.map { $0 * (0.5 * norm / norm) }
    #expect(try clipped(UpdateOptions(clipNorm: 0.5 * norm)) == half)
    #expect(try clipped(UpdateOptions(globalClipNorm: 0.5 * norm)) == half)
    #expect(try clipped(UpdateOptions(globalClipNorm: 2 * norm)) == gradient)
  }

  /// clipNorm looks at each parameter on its own, globalClipNorm at all, but not at what is frozen.
  @Test func normsOfSeveralParameters() throws {
    let data = try Dataset(inputs: randomTensor([6, 4], seed: 1), targets: .values(randomTensor([6, 3], seed: 2)))
    func changes(_ options: UpdateOptions) throws -> (changes: [[Float]], gradients: [[Float]]) {
      let model = try Model(Sequential([Dense(5, activation: .tanh), Dense(3)]), input: [4], seed: 1)
      try model.compile(loss: .meanSquaredError, optimizer: SGD(learningRate: 1), update: options)
      let gradients = try model.gradients(data).parameters.map(\.gradient.values)
      let before = try model.parameters.map { try model.parameter($0.name).values }
      try model.trainOnBatch(data)
      let after = try model.parameters.map { try model.parameter($0.name).values }
      return (zip(before, after).map { zip($0, $1).map(-) }, gradients)
    }
    func norm(_ x: [[Float]]) -> Float { x.joined().reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let each = try changes(UpdateOptions(clipNorm: 0.05))
    for (change, gradient) in zip(each.changes, each.gradients) {
      #expect((norm([change]) - min(0.05, norm([gradient]))).magnitude < 1e-5)
    }
    let all = try changes(UpdateOptions(globalClipNorm: 0.05))
    #expect(norm(all.gradients) > 0.05 && (norm(all.changes) - 0.05).magnitude < 1e-5)
    let frozen = try changes(UpdateOptions(globalClipNorm: 0.01, groups: [ParameterGroup("dense_1", rate: 0)]))
    #expect(norm(Array(frozen.changes[..<2])) == 0 && (norm(frozen.changes) - 0.01).magnitude < 1e-5)
  }

  /// The gradients of four batches are averaged, then clipped; the step comes with the fourth.
  @Test func accumulation() throws {
    let gradients: [[Float]] = (0..<4).map { batch in (0..<7).map { Float(batch * $0) } }
    let mean = (0..<7).map { 1.5 * Float($0) }
    let four = UpdateOptions(gradientAccumulationSteps: 4)
    #expect(try step(gradients, four, batches: 3) == [Float](repeating: 0, count: 7))
    #expect(try step(gradients, four, batches: 4) == mean)
    #expect(try step(gradients, four, batches: 8) == mean.map { 2 * $0 })
    #expect(try step(gradients, four, batches: 4, optimizer: Descent()) == mean)
    let clipped = UpdateOptions(clipValue: 4, gradientAccumulationSteps: 4)
    #expect(try step(gradients, clipped, batches: 4) == mean.map { min(4, $0) })
    // Four batches of a quarter are one of the whole, and a schedule counts steps, not batches.
    #expect(
      try step(gradients, four, batches: 12, optimizer: SGD(schedule: StepDecay(1, every: 2, factor: 0.5)))
        == mean.map { 2.5 * $0 })
  }

  @Test func averages() throws {
    let model = try sevenWeights([Float](repeating: 0, count: 7))
    try model.compile(
      loss: GivenGradients([gradient]), optimizer: SGD(learningRate: 1), update: UpdateOptions(useEMA: true, emaMomentum: 0.75))
    #expect(throws: NetError.self) { try model.withAveragedWeights {} }
    try model.trainOnBatch(one)
    let first = try model.weights
    #expect(try model.withAveragedWeights { try model.weights } == first)
    try model.trainOnBatch(one)
    let second = try model.weights
    let average = zip(first, second).map { 0.75 * $0 + 0.25 * $1 }
    #expect(try model.withAveragedWeights { try model.weights } == average)
    #expect(try model.withAveragedWeights { try model.predict(one.inputs).values } == average)
    #expect(try model.weights == second && model.predict(one.inputs).values == second)
    try model.adoptAveragedWeights()
    #expect(try model.weights == average && model.predict(one.inputs).values == average)
  }

  /// The validation of `fit` looks at the averaged weights; training goes on with the others.
  @Test func validationSeesAverages() throws {
    let model = try ringModel()
    try model.compile(
      loss: .sparseCategoricalCrossEntropy(), optimizer: Adam(learningRate: 0.02), metrics: [.accuracy],
      update: UpdateOptions(useEMA: true))
    let history = try model.fit(rings(), batchSize: 16, epochs: 3, validationData: rings())
    let plain = try ringModel(optimizer: Adam(learningRate: 0.02))
    try plain.fit(rings(), batchSize: 16, epochs: 3)
    #expect(model.weightsHash == plain.weightsHash)
    #expect(try history["val_loss"].last == model.withAveragedWeights { try model.evaluate(rings()).loss })
    #expect(try history["val_loss"].last != model.evaluate(rings()).loss)
  }

  @Test func groupsAndExclusions() throws {
    let data = try Dataset(inputs: randomTensor([6, 4], seed: 1), targets: .values(randomTensor([6, 3], seed: 2)))
    func parameters(_ optimizer: any Optimizer, _ options: UpdateOptions) throws -> [String: [Float]] {
      let model = try Model(Sequential([Dense(5, activation: .tanh), Dense(3)]), input: [4], seed: 1)
      try model.compile(loss: .meanSquaredError, optimizer: optimizer, update: options)
      try model.trainOnBatch(data)
      return try Dictionary(uniqueKeysWithValues: model.parameters.map { ($0.name, try model.parameter($0.name).values) })
    }
    let groups = UpdateOptions(groups: [ParameterGroup("dense_1/bias", rate: 0), ParameterGroup("dense_1", rate: 0.5)])
    let grouped = try parameters(Adam(learningRate: 0.02), groups)
    let (half, whole) = try (
      parameters(Adam(learningRate: 0.01), UpdateOptions()), parameters(Adam(learningRate: 0.02), UpdateOptions())
    )
    #expect(grouped["dense_1/kernel"] == half["dense_1/kernel"])
    #expect(grouped["dense_1/bias"] == [Float](repeating: 0, count: 5))
    #expect(grouped["dense_2/kernel"] == whole["dense_2/kernel"] && grouped["dense_2/bias"] == whole["dense_2/bias"])

    for decaying in [SGD(learningRate: 0.1, weightDecay: 0.5), SGD(learningRate: 0.1, l2: 0.5)] {
      let (plain, decayed, excluded) = try (
        parameters(SGD(learningRate: 0.1), UpdateOptions()), parameters(decaying, UpdateOptions()),
        parameters(decaying, UpdateOptions(excludeFromWeightDecay: ["dense_2"]))
      )
      #expect(excluded["dense_1/kernel"] == decayed["dense_1/kernel"])
      #expect(excluded["dense_2/kernel"] == plain["dense_2/kernel"] && plain["dense_2/kernel"] != decayed["dense_2/kernel"])
    }
  }

  @Test(
    arguments: [
      (
        UpdateOptions(clipValue: 1, globalClipNorm: 1),
        "clipValue and globalClipNorm are given; expected at most one kind of clipping"
      ),
      (UpdateOptions(clipNorm: 0), "clipNorm is 0.0; expected above 0 and finite"),
      (UpdateOptions(clipValue: .nan), "clipValue is nan; expected above 0 and finite"),
      (UpdateOptions(gradientAccumulationSteps: 0), "gradientAccumulationSteps is 0; expected at least 1"),
      (UpdateOptions(emaMomentum: 1), "emaMomentum is 1.0; expected at least 0.0 and less than 1.0"),
      (
        UpdateOptions(groups: [ParameterGroup("dense_1", rate: -1)]),
        "rate of group dense_1 is -1.0; expected at least 0.0 and finite"
      ),
      (UpdateOptions(groups: [ParameterGroup("dense", rate: 1)]), "dense names no trainable parameter; there are dense_1/kernel"),
      (UpdateOptions(excludeFromWeightDecay: ["bias"]), "bias names no trainable parameter; there are dense_1/kernel"),
    ] as [(UpdateOptions, String)])
  func badOptions(options: UpdateOptions, expected: String) throws {
    let model = try sevenWeights()
    #expect(throws: NetError("update: \(expected)")) {
      try model.compile(loss: .meanSquaredError, optimizer: SGD(), update: options)
    }
  }
}

@Suite struct ReduceLROnPlateauTests {
  /// The rates after epochs with these validation losses.
  private func rates(_ losses: [Float], _ callback: ReduceLROnPlateau, rate: Float = 1) throws -> [Float] {
    let model = try sevenWeights()
    try model.compile(loss: .meanSquaredError, optimizer: SGD(learningRate: rate))
    try callback.onTrainBegin(model: model)
    return try losses.enumerated().map { epoch, loss in
      try callback.onEpochEnd(epoch: epoch, logs: Metrics(names: ["loss", "val_loss"], values: [0, loss]))
      return model.learningRate
    }
  }

  @Test func countsAsKeras() throws {
    // The best in epoch 1, patience 2: lower after epoch 3, that is from epoch 4 on.
    #expect(try rates([1, 2, 2, 2, 2, 2], ReduceLROnPlateau(patience: 2)) == [1, 1, 0.5, 0.5, 0.25, 0.25])
    #expect(try rates([1, 2, 0.5, 1, 1, 1], ReduceLROnPlateau(patience: 2)) == [1, 1, 1, 1, 0.5, 0.5])
    #expect(try rates([1, 1, 1], ReduceLROnPlateau(patience: 0)) == [1, 0.5, 0.25])
    #expect(try rates([1, 1, 1], ReduceLROnPlateau(patience: 1)) == [1, 0.5, 0.25])
    #expect(try rates([1, 0.95, 0.9, 0.85], ReduceLROnPlateau(patience: 1, minDelta: 0.1)) == [1, 0.5, 0.25, 0.25])
    #expect(try rates([1, 1, 1, 1, 1], ReduceLROnPlateau(patience: 1, cooldown: 2)) == [1, 0.5, 0.5, 0.25, 0.25])
    #expect(try rates([1, 1, 1, 1], ReduceLROnPlateau(factor: 0.1, patience: 1, minLearningRate: 0.05)) == [1, 0.1, 0.05, 0.05])
    #expect(try rates([1, 2, 2], ReduceLROnPlateau(patience: 1, mode: .max)) == [1, 1, 0.5])
  }

  @Test func worksInFit() throws {
    let model = try ringModel(optimizer: SGD(learningRate: 0.5))
    try model.fit(
      rings(), batchSize: 16, epochs: 3, callbacks: [ReduceLROnPlateau(monitor: "loss", patience: 1, minDelta: 100)])
    #expect(model.learningRate == 0.125)
  }

  @Test func badSettings() throws {
    #expect(throws: NetError("reduceLROnPlateau: factor is 1.0; expected at least 0.0 and less than 1.0")) {
      try ReduceLROnPlateau(factor: 1)
    }
    #expect(throws: NetError("reduceLROnPlateau: patience is -1; expected at least 0")) { try ReduceLROnPlateau(patience: -1) }
    let model = try ringModel(optimizer: Adam(schedule: CosineDecay(0.1, steps: 10)))
    #expect(throws: NetError("reduceLROnPlateau: the learning rate follows a schedule; expected a constant one")) {
      try model.fit(rings(), callbacks: [ReduceLROnPlateau()])
    }
    let other = try ringModel()
    #expect(throws: NetError("reduceLROnPlateau: there is no val_loss; there are loss, accuracy")) {
      try other.fit(rings(), callbacks: [ReduceLROnPlateau()])
    }
  }
}
