import Reference
import Testing

@testable import Net

/// A mean over data is one number, however the data are cut into batches.
@Suite struct BatchSizeTests {
  private static let count = 7
  private static let sizes = [1, 2, 3, count]

  /// What a loss is tried on: 7 outputs of the shape of its case in `lossCases`, whose targets come again and again.
  private static func data(_ c: LossCase, sampleWeights: [Float]? = nil) throws -> Dataset {
    let shape = Array(c.outputs.shape.dropFirst()), examples = c.outputs.shape[0]
    func again<T>(_ values: [T]) -> [T] {
      let perExample = values.count / examples
      return (0..<count * perExample).map { values[$0 % values.count] }
    }
    let targets: Dataset.Targets =
      switch c.targets {
      case .classes(let labels, let classes): .classes(again(labels), count: classes)
      case .values(let values): .values(try Tensor(shape: [count] + values.shape.dropFirst(), again(values.values)))
      }
    return try Dataset(
      inputs: Tensor(shape: [count] + shape, randomValues(count * shape.reduce(1, *), seed: 3, in: -3...3)), targets: targets,
      sampleWeights: sampleWeights, teacher: c.teacher.map { _ in randomTensor([count] + shape, seed: 4) })
  }

  /// The losses of `evaluate` and of an epoch of training at rate 0 in batches of each size.
  private static func losses(_ loss: any Loss, _ data: Dataset, options: UpdateOptions = UpdateOptions()) throws -> [Float] {
    try sizes.flatMap { size in
      let model = try Model(
        Sequential([
          ActivityRegularization(.l2(0.01)), PReLU(slopeInitializer: .constant(1), slopeRegularizer: .l1(0.2)),
        ]), input: Array(data.inputs.shape.dropFirst()))
      try model.compile(loss: loss, optimizer: SGD(learningRate: 0), update: options)
      return [try model.evaluate(data, batchSize: size).loss, try model.fit(data, batchSize: size).loss[0]]
    }
  }

  private static func agree(_ losses: [Float]) -> Bool {
    losses.allSatisfy { ($0 - losses[0]).magnitude <= 2e-6 * max(1, losses[0].magnitude) }
  }

  @Test(arguments: lossCases) func losses(_ c: LossCase) throws {
    for weights in [nil, [1, 0, 0.5, 2, 0, 0, 3]] as [[Float]?] {
      let found = try Self.losses(c.loss, Self.data(c, sampleWeights: weights))
      #expect(Self.agree(found), "\(found)")
    }
    let accumulated = try Self.losses(
      c.loss, Self.data(c), options: UpdateOptions(gradientAccumulationSteps: 2))
    #expect(Self.agree(accumulated), "\(accumulated)")
  }

  /// Numbers by hand: log(1 + e^-3) three times and 10 times (2 + log(1 + e^-2)), divided by 13.
  @Test func classWeights() throws {
    let data = try Dataset(
      inputs: Tensor(shape: [4, 2], [3, 0, 3, 0, 3, 0, 2, 0]), targets: .classes([0, 0, 0, 1], count: 2))
    let model = try Model(ActivationLayer(.linear), input: [2])
    try model.compile(loss: .sparseCategoricalCrossEntropy(classWeights: [1, 10]), optimizer: SGD())
    for size in 1...4 {
      #expect((try model.evaluate(data, batchSize: size).loss - 1.647311).magnitude < 1e-6)
      let history = try model.fit(data, batchSize: size, validationData: data)
      #expect((history["loss"][0] - 1.647311).magnitude < 1e-6 && (history["val_loss"][0] - 1.647311).magnitude < 1e-6)
    }
    #expect((try model.trainOnBatch(data).loss - 1.647311).magnitude < 1e-6)
  }

  /// A label for each of three steps.
  @Test func classWeightsOfRows() throws {
    let labels = (0..<21).map { Int32($0 * $0 % 4) }
    let data = try Dataset(inputs: randomTensor([7, 3, 4], seed: 1), targets: .classes(labels, count: 4))
    let found = try Self.losses(.sparseCategoricalCrossEntropy(labelSmoothing: 0.1, classWeights: [1, 0, 0.5, 3]), data)
    #expect(Self.agree(found), "\(found)")
  }

  /// Batches whose labels have no weight count for nothing; without any weight the loss is 0, as it is in a single batch.
  @Test func weightsOfZero() throws {
    func losses(_ weights: [Float], smoothing: Float = 0) throws -> [Float] {
      let data = try Dataset(inputs: randomTensor([7, 2], seed: 1), targets: .classes([0, 0, 1, 0, 0, 0, 1], count: 2))
      let model = try Model(ActivationLayer(.linear), input: [2])
      try model.compile(
        loss: .sparseCategoricalCrossEntropy(labelSmoothing: smoothing, classWeights: weights), optimizer: SGD())
      return try Self.sizes.map { try model.evaluate(data, batchSize: $0).loss }
    }
    let found = try losses([0, 2])
    #expect(found[0] > 0 && Self.agree(found), "\(found)")
    #expect(try losses([0, 0]) == [0, 0, 0, 0])
    #expect(try losses([0, 0], smoothing: 0.1) == [0, 0, 0, 0])
    // With smoothing, an example whose label has no weight still loses something.
    let smoothed = try losses([0, 2], smoothing: 0.1)
    #expect(smoothed[0] > 0 && Self.agree(smoothed), "\(smoothed)")
  }

  /// A loss of the user's own that knows of no weights counts by examples.
  private struct First: Loss {
    let name = "first"

    func check(_ targets: Dataset.Targets, output shape: [Int]) throws {}

    func evaluate(_ c: LossContext) {
      for i in 0..<c.batch {
        c.losses[i] = c.outputs[i * c.outputCount]
        for j in 0..<c.outputCount { c.gradient?[i * c.outputCount + j] = j == 0 ? c.scale : 0 }
      }
    }
  }

  @Test func lossOfYourOwn() throws {
    let x = randomTensor([7, 2], seed: 1), data = try Dataset(inputs: x, targets: .values(x))
    let found = try Self.losses(First(), data)
    #expect(Self.agree(found), "\(found)")
    let model = try Model(ActivationLayer(.linear), input: [2])
    try model.compile(loss: First(), optimizer: SGD())
    let mean = (0..<7).reduce(0) { $0 + x.values[2 * $1] } / 7
    #expect((try model.evaluate(data, batchSize: 3).loss - mean).magnitude < 1e-6)
  }

  /// What is not a number in one batch is not in the mean.
  @Test func notANumber() throws {
    var values = [Float](repeating: 1, count: 14)
    values[8] = -1
    let x = try Tensor(shape: [7, 2], values), data = try Dataset(inputs: x, targets: .values(x))
    let model = try Model(PReLU(slopeInitializer: .constant(.nan)), input: [2])
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    for size in Self.sizes { #expect(try model.evaluate(data, batchSize: size).loss.isNaN) }
  }

  // MARK: Metrics

  /// All metrics of the package: of rows of classes, and of single yes-no outputs.
  private static let ofClasses: [any Metric] = [
    .accuracy, .topKAccuracy(k: 2), .precision, .recall, .f1Score, .precision(ofClass: 1), .recall(ofClass: 2),
    .f1Score(ofClass: 0),
  ]
  private static let ofYesAndNo: [any Metric] = [.accuracy, .binaryAccuracy, .auc, .precision, .recall, .f1Score]

  @Test func metricsAreComplete() {
    #expect(Set((Self.ofClasses + Self.ofYesAndNo).map { "\(type(of: $0))" }) == SourceTypes.net.conforming(to: "Metric"))
  }

  @Test(arguments: [4, 1]) func metrics(_ outputs: Int) throws {
    let labels = (0..<Self.count).map { Int32($0 * $0 % max(2, outputs)) }
    let data = try Dataset(
      inputs: randomTensor([Self.count, outputs], seed: 1), targets: .classes(labels, count: max(2, outputs)))
    let loss: any Loss = outputs == 1 ? BinaryCrossEntropy() : SparseCategoricalCrossEntropy()
    let all = try Self.sizes.flatMap { size in
      let model = try Model(ActivationLayer(.linear), input: [outputs])
      try model.compile(loss: loss, optimizer: SGD(), metrics: outputs == 1 ? Self.ofYesAndNo : Self.ofClasses)
      return [try model.evaluate(data, batchSize: size), try model.fit(data, batchSize: size).epochs[0].metrics]
    }
    for found in all { #expect(found.values.dropFirst() == all[0].values.dropFirst()) }
  }
}
