import Kernels
import Net
import Reference
import Testing

/// Layers and losses against PyTorch: forward within 1e-5, gradients and three optimizer steps within 1e-4.
@Suite struct GoldenTests {
  static let forwardBound = 1e-5
  static let gradientBound = 1e-4

  @Test(arguments: goldenCases.keys.sorted()) func agreesWithPyTorch(_ family: String) throws {
    let cases = try #require(goldenCases[family])
    let records = try Goldens.records(family)
    #expect(
      cases.map(\.name) == records.map(\.name),
      "goldenCases and Goldens/\(family).json hold other cases: see the top of scripts/make-goldens.py")
    for (golden, record) in zip(cases, records) { try expect(golden, record) }
  }

  /// Families with records of their own, such as optimizers, and so with tests of their own.
  static let otherFamilies: Set<String> = ["optimizers", "schedules"]

  @Test func everyFileHasItsCases() throws {
    #expect(try Set(Goldens.families()) == Set(goldenCases.keys).union(Self.otherFamilies))
  }

  @Test func everyLayerAndLossHasOne() {
    let layers = SourceTypes.net.conforming(to: "Layer").subtracting(goldenLayers).sorted()
    #expect(layers.isEmpty, "add cases for \(layers): see the top of scripts/make-goldens.py")
    let losses = SourceTypes.net.conforming(to: "Loss").subtracting(goldenLosses).sorted()
    #expect(losses.isEmpty, "add cases for \(losses): see the top of scripts/make-goldens.py")
  }

  private func expect(_ golden: GoldenCase, _ record: Goldens.Record) throws {
    let model = try Model { graph in try golden.build(graph, try graph.input(Array(record.input.shape.dropFirst()))) }
    #expect(Set(model.parameters.map(\.name)) == Set(record.parameters.keys), "\(golden.name)")
    for (name, values) in record.parameters { try model.setParameter(name, to: values) }
    try model.compile(loss: golden.loss, optimizer: SGD(learningRate: 0.1, momentum: 0.9))

    func check(_ what: String, _ actual: Tensor, _ expected: Tensor, _ bound: Double, atLeast floor: Double = 0) {
      #expect(actual.shape == expected.shape, "\(golden.name): \(what)")
      #expect(mismatch(actual, expected, bound, atLeast: floor) == nil, "\(golden.name): \(what)")
    }
    check("output", try model.predict(record.input), record.output, Self.forwardBound)
    let data = try record.data
    let gradients = try model.gradients(data)
    check("loss", try Tensor(shape: [], [gradients.loss]), try Tensor(shape: [], [record.loss]), Self.forwardBound)
    let floor = 0.01 * ([record.inputGradient] + record.gradients.values).map(largest).max()!
    check("gradient by the input", gradients.inputs, record.inputGradient, Self.gradientBound, atLeast: floor)
    #expect(Set(gradients.parameters.map(\.name)) == Set(record.gradients.keys), "\(golden.name)")
    for (name, gradient) in gradients.parameters {
      check("gradient by \(name)", gradient, try #require(record.gradients[name]), Self.gradientBound, atLeast: floor)
    }
    if record.steps.isEmpty { return }
    for _ in 0..<3 { try model.trainOnBatch(data) }
    for (name, expected) in record.steps.sorted(by: { $0.key < $1.key }) {
      check("\(name) after three steps", try model.parameter(name), expected, Self.gradientBound)
    }
  }

  private func largest(_ tensor: Tensor) -> Double { tensor.values.map { Double(abs($0)) }.max() ?? 0 }

  /// Relative to the element, or to a tenth of the largest where it is smaller than that, of gradients also to a hundredth of the
  /// largest of all: what cancels has the error of its terms.
  private func mismatch(_ actual: Tensor, _ expected: Tensor, _ bound: Double, atLeast floor: Double) -> String? {
    let floor = max(0.1 * largest(expected), floor)
    return boundMismatch(
      actual.values, expected.values.map(Double.init), bound: expected.values.map { bound * max(Double(abs($0)), floor) })
  }
}
