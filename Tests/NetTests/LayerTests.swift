import Kernels
import Net
import Reference
import Testing

@Suite struct LayerTests {
  /// Both forms of dropout have the expectation of no dropout, and predictions are their mean.
  @Test(arguments: [Dropout(rate: 0.3), Dropout(keep: 0.7), Dropout(keep: 0.7, scaling: .inTraining)])
  func dropoutExpectation(_ layer: Dropout) throws {
    let n = 4096
    let model = try Model(Sequential { layer }, input: [n], seed: 2)
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let ones = try Tensor(shape: [4, n], [Float](repeating: 1, count: 4 * n))
    let predicted = try model.predict(ones).values
    let expected: Float = layer.scaling == .atTest ? 0.7 : 1
    #expect(predicted.allSatisfy { abs($0 - expected) < 1e-6 })
    // The mean square of a training pass against zeros is that of the kept ones: keep * scale^2.
    let scale: Float = layer.scaling == .atTest ? 1 : 1 / 0.7
    let loss = try model.gradients(Dataset(inputs: ones, targets: .values(Tensor(zeros: [4, n])))).loss
    #expect(abs(loss - 0.7 * scale * scale) < 0.02 * scale * scale)
    // keep * scale, the mean of training, is what inference gives.
    #expect(abs(loss / scale - expected) < 0.02 * scale)
  }

  @Test func dropoutMasksDiffer() throws {
    let model = try Model(
      Sequential([Dropout(rate: 0.5), Dropout(rate: 0.5)]), input: [1000], seed: 2)
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let ones = try Tensor(shape: [2, 1000], [Float](repeating: 1, count: 2000))
    let data = try Dataset(inputs: ones, targets: .values(Tensor(zeros: [2, 1000])))
    let kept = try model.gradients(data).inputs.values.map { $0 != 0 }
    // Two layers of 0.5 keep a quarter: their masks are not the same. Two examples have two masks.
    #expect(abs(Double(kept.filter { $0 }.count) / 2000 - 0.25) < 0.05)
    #expect(kept[..<1000] != kept[1000...])
    try model.trainOnBatch(data)
    #expect(try model.gradients(data).inputs.values.map { $0 != 0 } != kept)
  }

  /// An initialiser, its standard deviation on 400 x 300, and the largest magnitude it may give.
  struct Anchor: CustomTestStringConvertible, Sendable {
    let name: String
    let initializer: any Initializer
    let deviation: Float
    let bound: Float

    init(_ name: String, _ initializer: any Initializer, _ deviation: Float, _ bound: Float) {
      (self.name, self.initializer, self.deviation, self.bound) = (name, initializer, deviation, bound)
    }

    var testDescription: String { name }
  }

  static let anchors = [
    Anchor("glorotUniform", .glorotUniform, 0.0535, 0.0926),
    Anchor("glorotNormal", .glorotNormal(), 0.0535, 0.1216),
    Anchor("glorotNormal, not truncated", .glorotNormal(truncated: false), 0.0535, 0.3),
    Anchor("heUniform", .heUniform, 0.0707, 0.1225),
    Anchor("heNormal", .heNormal(), 0.0707, 0.1608),
    Anchor("heNormal, not truncated", .heNormal(truncated: false), 0.0707, 0.4),
    Anchor("normal", .normal(), 0.05, 0.3),
    Anchor("truncatedNormal", .truncatedNormal(), 0.044, 0.1),
    Anchor("uniform", .uniform(), 0.0289, 0.05),
  ]

  @Test(arguments: anchors) func initializers(_ anchor: Anchor) throws {
    let (initializer, deviation, bound) = (anchor.initializer, anchor.deviation, anchor.bound)
    let model = try Model(Sequential { Dense(300, kernelInitializer: initializer) }, input: [400], seed: 5)
    let values = try model.parameter("dense_1/kernel").values
    let average = mean(values, count: values.count)
    let spread = variance(values, count: values.count).squareRoot()
    #expect(abs(average) < 0.001)
    #expect(abs(spread - deviation) < 0.01 * deviation)
    #expect(normInfinity(values, count: values.count) <= bound)
  }

  @Test func constantInitializers() throws {
    let model = try Model(Sequential { Dense(3, kernelInitializer: .ones, biasInitializer: .constant(0.1)) }, input: [2])
    #expect(try model.parameter("dense_1/kernel").values == [Float](repeating: 1, count: 6))
    #expect(try model.parameter("dense_1/bias").values == [0.1, 0.1, 0.1])
    #expect(try model.predict(Tensor(shape: [1, 2], [1, 2])).values == [3.1, 3.1, 3.1])
  }

  /// Parameters differ from each other, and follow from the seed.
  @Test func streams() throws {
    func kernels(_ seed: UInt64) throws -> [[Float]] {
      let model = try Model(
        Sequential([Dense(8), Dense(8), Dense(8)]), input: [8], seed: seed)
      return try (1...3).map { try model.parameter("dense_\($0)/kernel").values }
    }
    let a = try kernels(1)
    #expect(Set(a).count == 3)
    #expect(try kernels(1) == a)
    #expect(Set(a).isDisjoint(with: try kernels(2)))
  }
}
