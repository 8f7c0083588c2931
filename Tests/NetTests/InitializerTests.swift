import Kernels
import Net
import Reference
import Testing

@Suite struct InitializerTests {
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
    Anchor("lecunUniform", .lecunUniform, 0.05, 0.0867),
    Anchor("lecunNormal", .lecunNormal(), 0.05, 0.1138),
    Anchor("varianceScaling", .varianceScaling(scale: 3, fan: .fanOut, distribution: .uniform), 0.1, 0.1733),
    Anchor("orthogonal", .orthogonal(), 0.05, 0.3),
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

  /// The Gram matrix of the fewer of rows and columns is gain^2 times the identity.
  @Test(arguments: [[1, 1], [3, 3], [2, 7], [7, 2], [3, 5, 4], [96, 96], [64, 256]]) func orthogonal(_ shape: [Int]) {
    let (rows, columns) = (shape.dropLast().reduce(1, *), shape.last!)
    var w = [Float](repeating: .nan, count: rows * columns)
    w.withUnsafeMutableBufferPointer {
      OrthogonalInitializer(gain: 2).fill(
        $0, shape: shape, fanIn: rows, fanOut: columns, random: RandomStream(seed: 3, stream: 1))
    }
    let (vectors, length) = (min(rows, columns), max(rows, columns))
    for a in 0..<vectors {
      for b in 0...a {
        var product = 0.0
        for e in 0..<length {
          let (i, j) = rows >= columns ? (e * columns + a, e * columns + b) : (a * columns + e, b * columns + e)
          product += Double(w[i]) * Double(w[j])
        }
        #expect(abs(product - (a == b ? 4 : 0)) < 2e-6)
      }
    }
  }

  /// Uniform over the orthogonal matrices: of many 2 x 2 ones half are reflections, and the first element is as often negative.
  @Test func orthogonalIsFair() {
    var (reflections, negative) = (0, 0)
    for stream in 0..<400 {
      var w = [Float](repeating: 0, count: 4)
      w.withUnsafeMutableBufferPointer {
        OrthogonalInitializer().fill(
          $0, shape: [2, 2], fanIn: 2, fanOut: 2, random: RandomStream(seed: 9, stream: UInt64(stream)))
      }
      if w[0] * w[3] - w[1] * w[2] < 0 { reflections += 1 }
      if w[0] < 0 { negative += 1 }
    }
    #expect((160...240).contains(reflections))
    #expect((160...240).contains(negative))
  }

  @Test func auto() throws {
    func kernel(_ activation: Activation, _ initializer: any Initializer) throws -> [Float] {
      let model = try Model(
        Sequential { Dense(5, activation: activation, kernelInitializer: initializer) }, input: [7], seed: 1)
      return try model.parameter("dense_1/kernel").values
    }
    for activation: Activation in [.relu, .leakyReLU(), .elu(), .gelu, .geluTanh, .silu, .relu6, .hardSwish, .mish] {
      #expect(try kernel(activation, .auto) == kernel(activation, .heNormal()))
    }
    for activation: Activation in [.linear, .sigmoid, .tanh, .softplus, .softsign, .hardSigmoid] {
      #expect(try kernel(activation, .auto) == kernel(activation, .glorotUniform))
    }
    #expect(try kernel(.selu, .auto) == kernel(.selu, .lecunNormal()))
    let convolution = try Model(
      Sequential { Conv2D(3, kernelSize: 3, activation: .relu, kernelInitializer: .auto) }, input: [5, 5, 2])
    let he = try Model(
      Sequential { Conv2D(3, kernelSize: 3, activation: .relu, kernelInitializer: .heNormal()) }, input: [5, 5, 2])
    #expect(convolution.weightsHash == he.weightsHash)
  }

  @Test func values() throws {
    let w = try Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6])
    let model = try Model(
      Sequential { Dense(3, kernelInitializer: .values(w), biasInitializer: .smallPositive()) }, input: [2])
    #expect(try model.parameter("dense_1/kernel") == w)
    #expect(try model.parameter("dense_1/bias").values.allSatisfy { $0 >= 0 && $0 < 0.1 })
  }

  @Test(arguments: [
    (TensorInitializer(Tensor(zeros: [3, 2])) as any Initializer, "the values to begin with have shape [3, 2]; expected [2, 3]"),
    (.uniform(low: 1, high: 0), "uniform: low 1.0 and high 0.0; expected finite numbers, low <= high"),
    (
      .normal(standardDeviation: -1),
      "normal: mean 0.0 and standard deviation -1.0; expected finite numbers, the deviation at least 0"
    ),
    (.varianceScaling(scale: 0), "variance scaling: scale 0.0; expected a finite number above 0"),
    (.orthogonal(gain: .infinity), "orthogonal: gain inf; expected a finite number"),
  ]) func badSettings(_ initializer: any Initializer, _ message: String) {
    #expect(throws: NetError("dense_1/kernel: " + message)) {
      try Model(Sequential { Dense(3, kernelInitializer: initializer) }, input: [2])
    }
  }

  @Test func orthogonalNeedsMatrix() {
    #expect(throws: NetError("dense_1/bias: orthogonal: shape [3]; expected at least two dimensions")) {
      try Model(Sequential { Dense(3, biasInitializer: .orthogonal()) }, input: [2])
    }
  }
}
