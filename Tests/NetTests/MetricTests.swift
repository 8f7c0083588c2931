import Net
import Reference
import Testing

/// Metrics against counts by hand.
@Suite struct MetricTests {
  /// What an identity answers for inputs that are the outputs.
  private func metrics(
    _ outputs: [[Float]], _ targets: Dataset.Targets, _ metrics: [any Metric], loss: any Loss, batchSize: Int? = nil
  ) throws -> Metrics {
    let x = try Tensor(shape: [outputs.count, outputs[0].count], outputs.flatMap { $0 })
    let model = try Model(ActivationLayer(.linear), input: [outputs[0].count])
    try model.compile(loss: loss, optimizer: SGD(), metrics: metrics)
    return try model.evaluate(Dataset(inputs: x, targets: targets), batchSize: batchSize)
  }

  /// Rows whose largest value is at the answer.
  private let answers: [[Float]] = [0, 0, 1, 2, 2, 2, 1, 0].map { answer in (0..<3).map { $0 == answer ? 2 : 0.5 } }
  private let labels: [Int32] = [0, 1, 1, 2, 2, 0, 1, 0]

  @Test func confusion() throws {
    let x = try Tensor(shape: [8, 3], answers.flatMap { $0 })
    let matrix = try ConfusionMatrix(x, .classes(labels, count: 3))
    #expect(matrix.classes == 3 && matrix.count == 8)
    #expect([matrix[0, 0], matrix[0, 2], matrix[1, 0], matrix[1, 1], matrix[2, 2]] == [2, 1, 1, 2, 2])
    #expect(matrix.accuracy == 0.75)
    #expect((0..<3).map(matrix.precision) == [2.0 / 3, 1, 2.0 / 3])
    #expect((0..<3).map(matrix.recall) == [2.0 / 3, 2.0 / 3, 1])
    #expect((0..<3).map(matrix.f1) == [2.0 / 3, 0.8, 0.8])
    #expect(matrix.description == "     0  1  2\n  0  2  0  1\n  1  1  2  0\n  2  0  0  2")
    let oneHot = try Tensor(shape: [8, 3], labels.flatMap { label in (0..<3).map { $0 == label ? 1 : 0 as Float } })
    #expect(try ConfusionMatrix(x, .values(oneHot)) == matrix)
  }

  /// Of three classes the mean, or one; in any batches.
  @Test(arguments: [8, 3]) func severalClasses(_ batchSize: Int) throws {
    let found = try metrics(
      answers, .classes(labels, count: 3),
      [.precision, .recall, .f1Score, .precision(ofClass: 1), .recall(ofClass: 2), .accuracy],
      loss: .sparseCategoricalCrossEntropy(), batchSize: batchSize)
    for (name, expected) in [
      ("precision", 7.0 / 9), ("recall", 7.0 / 9), ("f1Score", (2.0 / 3 + 1.6) / 3), ("precision_1", 1), ("recall_2", 1),
      ("accuracy", 0.75),
    ] { #expect(abs(found[name]! - Float(expected)) < 1e-6, "\(name)") }
  }

  /// Of one output the yeses: logits above 0.
  @Test func yesAndNo() throws {
    let outputs: [[Float]] = [[-1], [0.5], [2], [0.1], [-3]]
    let found = try metrics(
      outputs, .classes([0, 1, 1, 0, 1], count: 2), [.precision, .recall, .f1Score, .precision(ofClass: 0), .auc],
      loss: .binaryCrossEntropy())
    #expect(found["precision"] == Float(2.0 / 3) && found["recall"] == Float(2.0 / 3) && found["precision_0"] == 0.5)
    // 0.5 and 2 are above both noes, -3 above none.
    #expect(found["auc"] == Float(4.0 / 6))
  }

  /// The example of scikit-learn's documentation; equals count half; one kind only.
  @Test func areaUnderTheCurve() throws {
    func auc(_ outputs: [Float], _ yes: [Float]) throws -> Float {
      try metrics(
        outputs.map { [$0] }, .values(Tensor(shape: [yes.count, 1], yes)), [.auc], loss: .meanSquaredError, batchSize: 3)["auc"]!
    }
    #expect(try auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) == 0.75)
    #expect(try auc([1, 1, 1, 1, 1], [0, 1, 1, 0, 1]) == 0.5)
    #expect(try auc([1, 2], [1, 1]) == 0)
    let outputs = randomValues(101, seed: 4).map { ($0 * 8).rounded() },
      yes = randomValues(101, seed: 5).map { $0 > 0 ? Float(1) : 0 }
    var (pairs, above) = (0.0, 0.0)
    for i in 0..<101 where yes[i] == 1 {
      for j in 0..<101 where yes[j] == 0 {
        pairs += 1
        above += outputs[i] > outputs[j] ? 1 : outputs[i] == outputs[j] ? 0.5 : 0
      }
    }
    #expect(try auc(outputs, yes) == Float(above / pairs))
  }

  @Test func topK() throws {
    let outputs: [[Float]] = [[3, 2, 1, 0], [1, 1, 1, 1], [0, 1, 2, 3]]
    func top(_ k: Int) throws -> Float {
      try metrics(
        outputs, .classes([1, 2, 0], count: 4), [.topKAccuracy(k: k)], loss: .sparseCategoricalCrossEntropy())["top\(k)Accuracy"]!
    }
    #expect(try [top(1), top(2), top(3), top(4)] == [0, Float(1.0 / 3), Float(2.0 / 3), 1])
  }

  @Test func refused() throws {
    func problem(_ metric: any Metric, _ targets: Dataset.Targets, outputs: Int = 3) -> String? {
      message {
        _ = try metrics(
          [[Float]](repeating: [Float](repeating: 0, count: outputs), count: 2), targets, [metric], loss: .meanSquaredError)
      }
    }
    let values = Dataset.Targets.values(Tensor(zeros: [2, 3])), one = Dataset.Targets.values(Tensor(zeros: [2, 1]))
    #expect(problem(.precision(ofClass: 3), values) == "precision_3: there is no class 3; expected 0..<3")
    #expect(problem(.topKAccuracy(k: 0), values) == "topKAccuracy: k is 0; expected at least 1")
    #expect(problem(.topKAccuracy(k: 2), one, outputs: 1) == "top2Accuracy: one output; expected one for each class")
    let x = Tensor(zeros: [2, 3])
    #expect(
      message { _ = try ConfusionMatrix(x, one) } == "confusionMatrix: targets of shape [1] an example; expected [3]")
    #expect(
      message { _ = try ConfusionMatrix(x, .classes([0, 3], count: 4)) }
        == "confusionMatrix: 4 classes; the output has shape [3]")
    #expect(
      message { _ = try ConfusionMatrix(Tensor(zeros: [2, 2, 2]), values) }
        == "confusionMatrix: output shape [2, 2]; expected one row of classes, or one output")
    #expect(message { _ = try ConfusionMatrix(x, .classes([0], count: 3)) } == "dataset: 2 inputs but 1 labels")
  }
}
