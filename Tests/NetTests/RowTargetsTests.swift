import Net
import Testing

/// Losses and metrics of outputs with several rows, as of a sequence: each row is an example of its own.
@Suite struct RowTargetsTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let loss: any Loss
    let hasLabels: Bool

    var testDescription: String { loss.name }
  }

  static let cases = [
    Case(loss: .sparseCategoricalCrossEntropy(), hasLabels: true),
    Case(loss: .sparseCategoricalCrossEntropy(labelSmoothing: 0.1, classWeights: [1, 2, 0.5, 3]), hasLabels: true),
    Case(loss: .distillation(temperature: 2), hasLabels: true),
    Case(loss: .categoricalCrossEntropy(labelSmoothing: 0.1), hasLabels: false),
    Case(loss: .kullbackLeibler, hasLabels: false),
    Case(loss: .cosineSimilarity, hasLabels: false),
  ]

  private static let labels: [Int32] = [0, 3, 1, 2, 2, 0]
  private static let probabilities: [Float] = (0..<6).flatMap { $0 % 2 == 0 ? [0, 0.25, 0.5, 0.25] : [1, 0, 0, 0] }

  /// Two examples of three rows, or the same rows as six examples: equal losses, gradients and metrics, bit for bit.
  @Test(arguments: cases) func rowsAreExamples(_ c: Case) throws {
    func results(_ examples: Int, _ row: [Int]) throws -> (Gradients, Metrics) {
      let model = try Model(ActivationLayer(.linear), input: row)
      try model.compile(
        loss: c.loss, optimizer: SGD(), metrics: [.accuracy, .topKAccuracy(k: 2), .f1Score])
      let shape = [examples] + row
      let targets: Dataset.Targets =
        c.hasLabels ? .classes(Self.labels, count: 4) : .values(try Tensor(shape: shape, Self.probabilities))
      let teacher = try Tensor(shape: shape, randomTensor([6, 4], seed: 9).values)
      let data = try Dataset(
        inputs: Tensor(shape: shape, randomTensor([6, 4], seed: 1).values), targets: targets, teacher: teacher)
      return (try model.gradients(data), try model.evaluate(data))
    }
    let (several, metrics) = try results(2, [3, 4]), (single, expected) = try results(6, [4])
    #expect(several.loss == single.loss && several.inputs.values == single.inputs.values)
    #expect(metrics.values == expected.values)
  }

  /// Batches that are shuffled, halved and cut keep each example's labels together.
  @Test func learnsALabelForEachStep() throws {
    let tokens = (0..<40).map { Float(($0 * 7 + $0 / 5) % 6) }
    let model = try Model(
      Sequential {
        Embedding(6, 8)
        SimpleRNN(12, returnSequences: true)
        Dense(6)
      }, input: [5], seed: 2)
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: Adam(learningRate: 0.02), metrics: [.accuracy])
    // The token before, and 0 before the first.
    let before = (0..<40).map { $0 % 5 == 0 ? Int32(0) : Int32(tokens[$0 - 1]) }
    let data = try Dataset(inputs: Tensor(shape: [8, 5], tokens), targets: .classes(before, count: 6))
    let history = try model.fit(data, batchSize: 3, epochs: 150, validationSplit: 0.25)
    #expect(history["accuracy"].last == 1)
  }

  @Test func refused() throws {
    func problem(_ targets: Dataset.Targets, _ loss: any Loss, classWeight: [Float]? = nil) -> String? {
      message {
        let model = try Model(ActivationLayer(.linear), input: [3, 4])
        try model.compile(loss: loss, optimizer: SGD())
        try model.fit(Dataset(inputs: Tensor(zeros: [2, 3, 4]), targets: targets), classWeight: classWeight)
      }
    }
    let labels = Dataset.Targets.classes(Self.labels, count: 4)
    #expect(
      problem(.classes([0, 1], count: 4), .sparseCategoricalCrossEntropy())
        == "fit: 2 labels for 2 examples; expected 3 an example, one for each row of the output [3, 4]")
    #expect(problem(labels, .meanSquaredError) == "fit: 6 labels for 2 examples; expected one an example")
    #expect(
      problem(labels, .sparseCategoricalCrossEntropy(), classWeight: [1, 1, 1, 1])
        == "fit: classWeight needs one label an example, got 3; give the loss classWeights instead")
    #expect(
      problem(.values(Tensor(zeros: [2, 4])), .categoricalCrossEntropy())
        == "categoricalCrossEntropy needs targets of the network's output shape [3, 4], got [4] an example")
    #expect(
      problem(.classes([0, 1, 2], count: 4), .sparseCategoricalCrossEntropy()) == "dataset: 2 inputs but 3 labels")
  }
}
