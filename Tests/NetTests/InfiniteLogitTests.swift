import Net
import Testing

/// Networks that hold an answer for impossible, or for certain: losses as mathematics has them, and gradients that are finite.
@Suite struct InfiniteLogitTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let loss: any Loss
    let targets: Dataset.Targets
    let expected: Float

    var testDescription: String { "\(loss)" }
  }

  private static let rows = Dataset.Targets.values(try! Tensor(shape: [2, 3], [0, 1, 0, 0, 1, 0]))
  private static let labels = Dataset.Targets.classes([1, 1], count: 3)

  /// Of the logits -infinity, 0 and 1.
  static let cases = [
    Case(loss: .categoricalCrossEntropy(), targets: rows, expected: 1.3132617),
    Case(loss: .kullbackLeibler, targets: rows, expected: 1.3132617),
    Case(loss: .sparseCategoricalCrossEntropy(), targets: labels, expected: 1.3132617),
    Case(loss: .sparseCategoricalCrossEntropy(classWeights: [3, 2, 1]), targets: labels, expected: 1.3132617),
    Case(loss: .distillation(temperature: 1, studentWeight: 1), targets: labels, expected: 1.3132617),
    Case(loss: .distillation(temperature: 1, studentWeight: 0), targets: .classes([0, 0], count: 3), expected: .infinity),
    Case(loss: .categoricalCrossEntropy(labelSmoothing: 0.1), targets: rows, expected: .infinity),
    Case(loss: .sparseCategoricalCrossEntropy(labelSmoothing: 0.1), targets: labels, expected: .infinity),
    // With a weight of 0 the smoothed target of the impossible class is 0: (0.9 + 0.1 / 3) 1.3133 + (0.1 / 3) 0.3133.
    Case(
      loss: .sparseCategoricalCrossEntropy(labelSmoothing: 0.1, classWeights: [0, 1, 1]), targets: labels, expected: 1.236153),
    Case(loss: .sparseCategoricalCrossEntropy(), targets: .classes([0, 0], count: 3), expected: .infinity),
  ]

  /// A network that answers these logits.
  private func model(_ logits: [Float], _ loss: any Loss) throws -> Model {
    let model = try Model(Dense(logits.count, kernelInitializer: .zeros), input: [2])
    try model.setParameter("dense_1/bias", to: Tensor(shape: [logits.count], logits))
    try model.compile(loss: loss, optimizer: SGD())
    return model
  }

  private func check(_ model: Model, _ targets: Dataset.Targets, _ expected: Float) throws {
    let teacher = try Tensor(shape: [2, 3], [0, 0, 1, 0, 0, 1])
    let data = try Dataset(inputs: randomTensor([2, 2], seed: 1), targets: targets, teacher: teacher)
    let loss = try model.evaluate(data).loss
    #expect(loss == expected || (loss - expected).magnitude < 1e-6, "\(loss)")
    #expect(try model.gradients(data).parameters.allSatisfy { $0.gradient.values.allSatisfy(\.isFinite) })
  }

  @Test(arguments: cases) func impossible(_ c: Case) throws {
    try check(model([-.infinity, 0, 1], c.loss), c.targets, c.expected)
  }

  @Test func certain() throws {
    func problem(_ logit: Float, _ yes: Int32, _ expected: Float) throws {
      try check(model([logit], .binaryCrossEntropy()), .classes([yes, yes], count: 2), expected)
    }
    try problem(.infinity, 1, 0)
    try problem(-.infinity, 0, 0)
    try problem(.infinity, 0, .infinity)
    try problem(-.infinity, 1, .infinity)
  }

  @Test func cosines() throws {
    func loss(_ outputs: [Float], _ targets: [Float]) throws -> Float {
      let data = try Dataset(inputs: Tensor(zeros: [1, 2]), targets: .values(Tensor(shape: [1, 2], targets)))
      return try model(outputs, .cosineSimilarity).evaluate(data).loss
    }
    #expect((try loss([1e20, 1e20], [1, 1]) + 1).magnitude < 1e-6)
    #expect((try loss([2e38, 3e38], [1, 1]) + 0.98058068).magnitude < 1e-6)
    #expect(try loss([0, 0], [1, 1]) == 0)
  }
}
