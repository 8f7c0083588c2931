import Kernels
import Net
import Reference
import Testing

/// Every layer, loss and op of the package against central differences in float64.
@Suite struct GradCheckTests {
  @Test(arguments: layerCases) func layer(_ c: LayerCase) throws {
    let report = try c.report()
    #expect(report.passed && report.inFloat32.isEmpty, "\(report)")
  }

  @Test(arguments: lossCases) func loss(_ c: LossCase) throws {
    let report = try c.report()
    #expect(report.passed && report.inFloat32.isEmpty, "\(report)")
  }

  // MARK: Enumeration

  @Test func everyLayerIsChecked() {
    let missing = SourceTypes.net.conforming(to: "Layer").subtracting(checkedLayers).sorted()
    #expect(missing.isEmpty, "add a LayerCase for \(missing) to layerCases in Tests/NetTests/GradCheckCases.swift")
  }

  @Test func everyLossIsChecked() {
    let missing = SourceTypes.net.conforming(to: "Loss").subtracting(checkedLosses).sorted()
    #expect(missing.isEmpty, "add a LossCase for \(missing) to lossCases in Tests/NetTests/GradCheckCases.swift")
  }

  @Test func everyOpIsChecked() throws {
    let checked = try layerCases.reduce(into: Set<String>()) { $0.formUnion(try $1.model().opTypes) }
    let missing = SourceTypes.net.conforming(to: "Op", isPublic: false).subtracting(checked).sorted()
    #expect(
      missing.isEmpty,
      "\(missing): write `reference` in Sources/Net/GradCheck/References and add a LayerCase whose layer uses the op")
  }

  // MARK: The tool itself

  /// The loss the model was compiled for, which takes over the network's last function.
  @Test func wholeModel() throws {
    let model = try Model(
      Sequential {
        Conv2D(4, kernelSize: 3)
        BatchNorm()
        ActivationLayer(.relu)
        Flatten()
        Dense(3)
        Softmax()
      }, input: [5, 5, 2], seed: 3)
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: SGD())
    let data = try Dataset(inputs: randomTensor([4, 5, 5, 2], seed: 1), targets: .classes([0, 2, 1, 1], count: 3))
    let hash = model.weightsHash
    let report = try model.gradCheck(data)
    #expect(report.passed && report.inFloat32.isEmpty, "\(report)")
    // 200 inputs, 72 + 4 of the convolution, 4 + 4 of the normalisation, 108 + 3 of the dense layer.
    #expect(report.count == 395)
    #expect(try model.gradCheck(data, elements: 20).count == 20 + 20 + 4 + 4 + 4 + 20 + 3)
    #expect(model.weightsHash == hash)
  }

  /// An op without reference: differences of float32, which the report says.
  @Test func ownOpWithoutReference() throws {
    let report = try gradCheck(Sequential([Dense(3), Cube()]), inputShape: [2])
    #expect(report.passed, "\(report)")
    #expect(report.inFloat32 == ["cube"])
    #expect(report.description.contains("differences in float32, as there is no reference of cube"))
    let model = try Model(Dense(3), input: [2])
    try model.compile(loss: SumOfOutputs(), optimizer: SGD())
    let data = try Dataset(inputs: randomTensor([4, 2], seed: 15), targets: .values(Tensor(zeros: [4, 3])))
    let own = try model.gradCheck(data)
    #expect(own.passed && own.inFloat32 == ["sumOfOutputs"], "\(own)")
  }

  /// A backward pass that is wrong in one place is found there.
  @Test func findsAMistake() throws {
    let report = try gradCheck(Cube(wrongElement: 4), inputShape: [2, 3], batch: 2)
    #expect(!report.passed)
    #expect(report.worst.name == "inputs" && report.worst.index == [0, 1, 1], "\(report)")
    #expect(report.description.hasPrefix("gradients DIFFER within 0.02 in 12 places"))
    #expect(abs(report.worst.analytic - 2 * report.worst.numeric) < 1e-3 * abs(report.worst.numeric))
  }

  @Test func errors() throws {
    let model = try Model(Dense(3), input: [2])
    let data = try Dataset(inputs: randomTensor([4, 2], seed: 1), targets: .values(Tensor(zeros: [4, 3])))
    #expect(
      message { _ = try model.gradCheck(data) } == "gradCheck: the model has no loss and optimizer yet; call compile first")
    #expect(message { _ = try model.gradCheck(batch: 0) } == "gradCheck: batch 0; expected at least 1")
    #expect(
      message { _ = try gradCheck(Conv2D(2, kernelSize: 3), inputShape: [2, 2, 1]) }
        == "conv2d_1: kernel 3x3 does not fit input 2x2 without padding")
    #expect(
      message { _ = try model.gradCheck(inputs: Tensor(zeros: [2, 3])) }
        == "gradCheck: inputs of shape [2, 3]; dense_1 expects [2] an example, with the count of examples in front")
  }
}

extension LayerCase {
  func model() throws -> Model { try Model(seed: seed) { graph in try build(graph, try graph.input(input)) } }

  func report() throws -> GradCheckReport {
    try Net.gradCheck(
      BuiltLayer(build: build), inputShape: input, inputs: inputs, seed: seed, elements: elements, tolerance: 2e-5)
  }

  /// A layer of the case's graph.
  private struct BuiltLayer: Layer {
    let kind = "case"
    let build: @Sendable (GraphBuilder, Node) throws -> Node

    func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node { try build(graph, inputs[0]) }
  }
}

extension LossCase {
  func report() throws -> GradCheckReport {
    try Net.gradCheck(loss, outputs: outputs, targets: targets, teacher: teacher, tolerance: 2e-5)
  }
}

/// y = x^3, with no float64 reference; the gradient of one element may be twice what it should be.
private struct Cube: Layer {
  var wrongElement: Int?
  let kind = "cube"

  func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    try graph.add(CubeOp(count: inputs[0].shape.reduce(1, *), wrongElement: wrongElement), to: inputs)
  }
}

private struct CubeOp: Op {
  let count: Int
  let wrongElement: Int?
  let name = "cube"
  let backwardReads: BackwardReads = .inputs

  func outputShape(_ inputs: [[Int]]) -> [Int] { inputs[0] }

  func forward(_ c: OpContext) {
    multiply(c.input(), c.input(), into: c.output, count: c.batch * count)
    multiply(c.output, c.input(), into: c.output, count: c.batch * count)
  }

  func backward(_ c: OpContext) {
    guard let dx = c.inputGradient() else { return }
    multiply(c.input(), c.input(), into: dx, count: c.batch * count)
    multiply(dx, c.outputGradient, into: dx, count: c.batch * count)
    scale(3, dx, into: dx, count: c.batch * count)
    if let wrongElement { dx[wrongElement] *= 2 }
  }
}

/// The sum of an example's outputs.
private struct SumOfOutputs: Loss {
  let name = "sumOfOutputs"

  func check(_ targets: Dataset.Targets, output shape: [Int]) throws {}

  func evaluate(_ c: LossContext) {
    for i in 0..<c.batch { c.losses[i] = sum(c.outputs + i * c.outputCount, count: c.outputCount) }
    for i in 0..<c.batch * c.outputCount { c.gradient?[i] = c.scale }
  }
}
