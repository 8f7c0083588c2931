import Kernels
import Net
import Reference
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Every op, layer and loss against central differences in float64.
@Suite struct GradientTests {
  static let activations: [Activation] = [
    .linear, .relu, .leakyReLU(slope: 0.1), .elu(alpha: 1.5), .sigmoid, .tanh, .softplus, .gelu, .geluTanh, .silu, .selu,
    .relu6, .hardSigmoid, .hardSwish, .mish, .softsign,
  ]

  /// Dense, then an activation, then Dense: the loss is the mean squared error.
  @Test(arguments: activations) func denseWithActivation(_ f: Activation) throws {
    let model = try Model(
      Sequential([Dense(5, activation: f, biasInitializer: .uniform(low: -0.5, high: 0.5)), Dense(3)]), input: [4], seed: 7)
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let targets = randomTensor([6, 3], seed: 2)
    let data = try Dataset(inputs: randomTensor([6, 4], seed: 1), targets: .values(targets))
    let found = try gradCheck(model, data) { x, p in
      let h = activation64(f, naiveDense64(x, fanIn: 4, p[0], p[1]))
      return naiveSquaredError64(naiveDense64(h, fanIn: 5, p[2], p[3]), targets: targets.values.map(Double.init))
    }
    #expect(found == nil)
  }

  @Test(arguments: activations) func activationLayer(_ f: Activation) throws {
    let model = try Model(
      Sequential([Dense(4, useBias: false), ActivationLayer(f), ActivationLayer(f)]), input: [3], seed: 3)
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let targets = randomTensor([5, 4], seed: 4)
    let data = try Dataset(inputs: randomTensor([5, 3], seed: 5), targets: .values(targets))
    let found = try gradCheck(model, data) { x, p in
      let y = activation64(f, activation64(f, naiveDense64(x, fanIn: 3, p[0], nil)))
      return naiveSquaredError64(y, targets: targets.values.map(Double.init))
    }
    #expect(found == nil)
  }

  /// Dense on the last of several dimensions, Reshape and Flatten.
  @Test func denseOnRows() throws {
    let model = try Model(
      Sequential([Reshape([2, -1]), Dense(3, activation: .tanh), Flatten(), Dense(2)]), input: [8], seed: 11)
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let targets = randomTensor([3, 2], seed: 6)
    let data = try Dataset(inputs: randomTensor([3, 8], seed: 7), targets: .values(targets))
    let found = try gradCheck(model, data) { x, p in
      let h = activation64(.tanh, naiveDense64(x, fanIn: 4, p[0], p[1]))
      return naiveSquaredError64(naiveDense64(h, fanIn: 6, p[2], p[3]), targets: targets.values.map(Double.init))
    }
    #expect(found == nil)
  }

  @Test func prelu() throws {
    let model = try Model(
      Sequential([Dense(4), PReLU(slopeInitializer: .uniform(low: -0.5, high: 1)), Dense(2)]), input: [2, 3], seed: 5)
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let targets = randomTensor([5, 2, 2], seed: 8)
    let data = try Dataset(inputs: randomTensor([5, 2, 3], seed: 9), targets: .values(targets))
    let found = try gradCheck(model, data) { x, p in
      let h = naiveDense64(x, fanIn: 3, p[0], p[1])
      let y = h.indices.map { h[$0] > 0 ? h[$0] : p[2][$0 % 4] * h[$0] }
      return naiveSquaredError64(naiveDense64(y, fanIn: 4, p[3], p[4]), targets: targets.values.map(Double.init))
    }
    #expect(found == nil)
    #expect(model.parameters.map(\.name).contains("prelu_1/slope"))
  }

  @Test func logSoftmax() throws {
    let model = try Model(Sequential([Dense(4), LogSoftmax()]), input: [3], seed: 5)
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let targets = randomTensor([5, 4], seed: 8)
    let data = try Dataset(inputs: randomTensor([5, 3], seed: 9), targets: .values(targets))
    let found = try gradCheck(model, data) { x, p in
      let y = naiveSoftmax64(naiveDense64(x, fanIn: 3, p[0], p[1]), columns: 4).map { log($0) }
      return naiveSquaredError64(y, targets: targets.values.map(Double.init))
    }
    #expect(found == nil)
  }

  /// A softmax in the middle, where no loss takes it over.
  @Test func softmaxInside() throws {
    let model = try Model(
      Sequential([Dense(4), Softmax(), Dense(2)]), input: [3], seed: 5)
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let targets = randomTensor([5, 2], seed: 8)
    let data = try Dataset(inputs: randomTensor([5, 3], seed: 9), targets: .values(targets))
    let found = try gradCheck(model, data) { x, p in
      let h = naiveSoftmax64(naiveDense64(x, fanIn: 3, p[0], p[1]), columns: 4)
      return naiveSquaredError64(naiveDense64(h, fanIn: 4, p[2], p[3]), targets: targets.values.map(Double.init))
    }
    #expect(found == nil)
  }

  /// A value that three ops read, a sum of three, and a value added to itself.
  @Test func residual() throws {
    let model = try Model(seed: 4) { graph in
      let x = try Dense(4, activation: .tanh)(graph.input([4]))
      let a = try Dense(4, activation: .silu)(x)
      let sum = try Add()(x, a, x)
      return try Add()(sum, Dense(4)(sum))
    }
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let targets = randomTensor([5, 4], seed: 10)
    let data = try Dataset(inputs: randomTensor([5, 4], seed: 11), targets: .values(targets))
    let found = try gradCheck(model, data) { input, p in
      let x = activation64(.tanh, naiveDense64(input, fanIn: 4, p[0], p[1]))
      let a = activation64(.silu, naiveDense64(x, fanIn: 4, p[2], p[3]))
      let sum = x.indices.map { x[$0] + a[$0] + x[$0] }
      let dense = naiveDense64(sum, fanIn: 4, p[4], p[5])
      return naiveSquaredError64(sum.indices.map { sum[$0] + dense[$0] }, targets: targets.values.map(Double.init))
    }
    #expect(found == nil)
  }

  /// The mask of dropout is that of the forward pass: the loss is linear in each input, with slope 0 where it was dropped.
  @Test(arguments: [Dropout(rate: 0.4), Dropout(keep: 0.6)]) func dropout(_ layer: Dropout) throws {
    let model = try Model(Sequential { layer }, input: [50], seed: 9)
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let data = try Dataset(
      inputs: Tensor(shape: [2, 50], [Float](repeating: 1, count: 100)), targets: .values(Tensor(zeros: [2, 50])))
    let gradients = try model.gradients(data)
    let kept: Float = layer.scaling == .inTraining ? 1 / (1 - layer.rate) : 1
    let expected = 2 * kept * kept / 100
    #expect(gradients.inputs.values.allSatisfy { $0 == 0 || abs($0 - expected) < 1e-6 })
    let count = gradients.inputs.values.filter { $0 != 0 }.count
    #expect((40...80).contains(count))
    #expect(abs(gradients.loss - Float(count) * kept * kept / 100) < 1e-5)
  }

  @Test(arguments: [0, 0.1]) func sparseCategoricalCrossEntropy(_ smoothing: Float) throws {
    for endsInSoftmax in [false, true] {
      let model = try Model(
        Sequential {
          Dense(4)
          if endsInSoftmax { Softmax() }
        }, input: [3], seed: 2)
      try model.compile(loss: .sparseCategoricalCrossEntropy(labelSmoothing: smoothing), optimizer: SGD())
      let labels: [Int32] = [3, 0, 1, 1, 2]
      let data = try Dataset(inputs: randomTensor([5, 3], seed: 12), targets: .classes(labels, count: 4))
      let oneHot: [Double] = labels.flatMap { label in (0..<4).map { Int32($0) == label ? 1.0 : 0.0 } }
      let found = try gradCheck(model, data) { x, p in
        naiveCrossEntropy64(
          naiveDense64(x, fanIn: 3, p[0], p[1]), columns: 4, targets: oneHot, labelSmoothing: Double(smoothing))
      }
      #expect(found == nil)
    }
  }

  @Test(arguments: [0, 0.1]) func categoricalCrossEntropy(_ smoothing: Float) throws {
    let model = try Model(Sequential { Dense(3) }, input: [3], seed: 2)
    try model.compile(loss: .categoricalCrossEntropy(labelSmoothing: smoothing), optimizer: SGD())
    let targets: [Float] = [0.5, 0.25, 0.25, 0, 1, 0, 0.125, 0, 0.875]
    let data = try Dataset(
      inputs: randomTensor([3, 3], seed: 13), targets: .values(Tensor(shape: [3, 3], targets)))
    let found = try gradCheck(model, data) { x, p in
      naiveCrossEntropy64(
        naiveDense64(x, fanIn: 3, p[0], p[1]), columns: 3, targets: targets.map(Double.init), labelSmoothing: Double(smoothing))
    }
    #expect(found == nil)
  }

  @Test(arguments: [0, 0.2]) func binaryCrossEntropy(_ smoothing: Float) throws {
    for endsInSigmoid in [false, true] {
      let model = try Model(Sequential { Dense(2, activation: endsInSigmoid ? .sigmoid : .linear) }, input: [3], seed: 2)
      try model.compile(loss: .binaryCrossEntropy(labelSmoothing: smoothing), optimizer: SGD())
      let targets: [Float] = [0, 1, 1, 1, 0.25, 0]
      let data = try Dataset(
        inputs: randomTensor([3, 3], seed: 14), targets: .values(Tensor(shape: [3, 2], targets)))
      let found = try gradCheck(model, data) { x, p in
        naiveBinaryCrossEntropy64(
          naiveDense64(x, fanIn: 3, p[0], p[1]), targets: targets.map(Double.init), labelSmoothing: Double(smoothing))
      }
      #expect(found == nil)
    }
  }

  /// A user's own op, layer and loss, through the public protocols alone.
  @Test func customParts() throws {
    let model = try Model(
      Sequential([Dense(3), Cube()]), input: [2], seed: 6)
    try model.compile(loss: SumOfOutputs(), optimizer: SGD())
    let data = try Dataset(inputs: randomTensor([4, 2], seed: 15), targets: .values(Tensor(zeros: [4, 3])))
    let found = try gradCheck(model, data) { x, p in
      naiveDense64(x, fanIn: 2, p[0], p[1]).reduce(0) { $0 + $1 * $1 * $1 } / 4
    }
    #expect(found == nil)
  }
}

/// y = x^3.
private struct Cube: Layer {
  let kind = "cube"

  func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    try graph.add(CubeOp(count: inputs[0].shape.reduce(1, *)), to: inputs)
  }
}

private struct CubeOp: Op {
  let name = "cube"
  let count: Int
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
