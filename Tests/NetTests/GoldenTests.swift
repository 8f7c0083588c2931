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
  static let otherFamilies: Set<String> = []

  @Test func everyFileHasItsCases() throws {
    #expect(try Set(Goldens.families()) == Set(goldenCases.keys).union(Self.otherFamilies))
  }

  private func expect(_ golden: GoldenCase, _ record: Goldens.Record) throws {
    let model = try Model { graph in try golden.build(graph, try graph.input(Array(record.input.shape.dropFirst()))) }
    #expect(Set(model.parameters.map(\.name)) == Set(record.parameters.keys), "\(golden.name)")
    for (name, values) in record.parameters { try model.setParameter(name, to: values) }
    try model.compile(loss: golden.loss, optimizer: SGD(learningRate: 0.1, momentum: 0.9))

    func check(_ what: String, _ actual: Tensor, _ expected: Tensor, _ bound: Double) {
      #expect(actual.shape == expected.shape, "\(golden.name): \(what)")
      #expect(mismatch(actual, expected, bound) == nil, "\(golden.name): \(what)")
    }
    check("output", try model.predict(record.input), record.output, Self.forwardBound)
    let data = try record.data
    let gradients = try model.gradients(data)
    check("loss", try Tensor(shape: [], [gradients.loss]), try Tensor(shape: [], [record.loss]), Self.forwardBound)
    check("gradient by the input", gradients.inputs, record.inputGradient, Self.gradientBound)
    #expect(Set(gradients.parameters.map(\.name)) == Set(record.gradients.keys), "\(golden.name)")
    for (name, gradient) in gradients.parameters {
      check("gradient by \(name)", gradient, try #require(record.gradients[name]), Self.gradientBound)
    }
    if record.steps.isEmpty { return }
    for _ in 0..<3 { try model.trainOnBatch(data) }
    for (name, expected) in record.steps.sorted(by: { $0.key < $1.key }) {
      check("\(name) after three steps", try model.parameter(name), expected, Self.gradientBound)
    }
  }

  /// Relative to the element, or to a tenth of the largest where it is smaller than that: what cancels has the error of its
  /// terms.
  private func mismatch(_ actual: Tensor, _ expected: Tensor, _ bound: Double) -> String? {
    let values = expected.values.map(Double.init)
    let floor = 0.1 * (values.map(abs).max() ?? 0)
    return boundMismatch(actual.values, values, bound: values.map { bound * max(abs($0), floor) })
  }
}
