import Kernels
import Net
import Reference
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Penalties and constraints on weights, biases and outputs.
@Suite struct RegularizationTests {
  static func penalty(_ r: Regularizer, _ x: [Double]) -> Double {
    x.reduce(0) {
      $0 + Double(r.l1) * abs($1) + Double(r.l2) * $1 * $1 + Double(r.strength) * pow(abs($1), Double(r.p))
    }
  }

  @Test(arguments: [Regularizer.l1(0.05), .l2(0.05), .l1l2(l1: 0.02, l2: 0.03), .lp(3, 0.05), .lp(1, 0.1), .lp(1.5)])
  func gradients(_ r: Regularizer) throws {
    let model = try Model(
      Sequential {
        Dense(
          5, activation: .tanh, biasInitializer: .uniform(low: -0.5, high: 0.5), kernelRegularizer: r, biasRegularizer: .l2(0.1),
          activityRegularizer: r)
        Dense(2)
        ActivityRegularization(.l2(0.1))
      }, input: [4], seed: 7)
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let targets = randomTensor([6, 2], seed: 2)
    let data = try Dataset(inputs: randomTensor([6, 4], seed: 1), targets: .values(targets))
    func loss(_ x: [Double], _ p: [[Double]]) -> Double {
      let h = naiveDense64(x, fanIn: 4, p[0], p[1]).map { tanh($0) }, y = naiveDense64(h, fanIn: 5, p[2], p[3])
      let activity = (Self.penalty(r, h) + Self.penalty(.l2(0.1), y)) / 6
      return naiveSquaredError64(y, targets: targets.values.map(Double.init)) + Self.penalty(r, p[0])
        + Self.penalty(.l2(0.1), p[1]) + activity
    }
    #expect(try gradCheck(model, data, loss: loss) == nil)
    // Evaluation reports the same loss, in any batches.
    let p = try model.parameters.map { try model.parameter($0.name).values.map(Double.init) }
    let expected = loss(data.inputs.values.map(Double.init), p)
    for batch in [6, 2, 4] { #expect(abs(Double(try model.evaluate(data, batchSize: batch).loss) - expected) < 1e-5) }
  }

  @Test func convolutionsToo() throws {
    let layers: [any Layer] = [
      Conv2D(3, kernelSize: 2, kernelRegularizer: .l2(0.5), biasRegularizer: .l1(0.1)),
      DepthwiseConv2D(kernelSize: 2, kernelRegularizer: .l2(0.5), biasRegularizer: .l1(0.1)),
      Conv2DTranspose(3, kernelSize: 2, kernelRegularizer: .l2(0.5), biasRegularizer: .l1(0.1)),
    ]
    for layer in layers {
      let model = try Model(Sequential([layer, Flatten(), Dense(1, kernelInitializer: .zeros)]), input: [4, 4, 2], seed: 1)
      try model.compile(loss: .meanSquaredError, optimizer: SGD())
      let data = try Dataset(inputs: randomTensor([2, 4, 4, 2], seed: 1), targets: .values(Tensor(zeros: [2, 1])))
      let found = try model.gradients(data), kernel = try model.parameter(model.parameters[0].name).values
      #expect(abs(found.loss - 0.5 * dot(kernel, kernel, count: kernel.count)) < 1e-6)
      #expect(zip(found.parameters[0].gradient.values, kernel).allSatisfy { abs($0 - $1) < 1e-6 }, "\(layer.kind)")
    }
  }

  /// Each parameter of the layers that have several, or others than a kernel, adds what it should, and obeys its constraint.
  @Test func everyParameter() throws {
    let layers: [(any Layer, [Int], penalized: [Float])] = [
      (
        SeparableConv2D(
          3, kernelSize: 2, biasInitializer: .ones, depthwiseRegularizer: .l2(0.5), pointwiseRegularizer: .l2(0.25),
          biasRegularizer: .l2(0.125), depthwiseConstraint: .maxNorm(0.25), pointwiseConstraint: .maxNorm(0.25),
          biasConstraint: .maxNorm(0.25)), [3, 3, 2], [0.5, 0.25, 0.125]
      ),
      (Embedding(4, 3, embeddingsRegularizer: .l2(0.5), embeddingsConstraint: .maxNorm(0.25)), [2], [0.5]),
      (
        LSTM(
          2, kernelRegularizer: .l2(0.5), recurrentRegularizer: .l2(0.25), biasRegularizer: .l2(0.125),
          kernelConstraint: .maxNorm(0.25), recurrentConstraint: .maxNorm(0.25), biasConstraint: .maxNorm(0.25)), [4, 3],
        [0.5, 0.25, 0.125]
      ),
      (
        GRU(2, recurrentRegularizer: .l2(0.25), kernelConstraint: .maxNorm(0.25), recurrentConstraint: .maxNorm(0.25)), [4, 3],
        [0, 0.25, 0]
      ),
      (
        SimpleRNN(2, kernelRegularizer: .l2(0.5), kernelConstraint: .maxNorm(0.25), recurrentConstraint: .maxNorm(0.25)), [4, 3],
        [0.5, 0, 0]
      ),
      (
        BatchNorm(
          gammaRegularizer: .l2(0.5), betaRegularizer: .l2(0.25), gammaConstraint: .maxNorm(0.25), betaConstraint: .maxNorm(0.25)),
        [3, 2], [0.5, 0.25]
      ),
      (LayerNorm(gammaRegularizer: .l2(0.5), betaRegularizer: .l2(0.25), gammaConstraint: .maxNorm(0.25)), [3, 2], [0.5, 0.25]),
      (
        GroupNorm(groups: 1, gammaRegularizer: .l2(0.5), betaRegularizer: .l2(0.25), gammaConstraint: .maxNorm(0.25)), [3, 2],
        [0.5, 0.25]
      ),
      (RMSNorm(gammaRegularizer: .l2(0.5), gammaConstraint: .maxNorm(0.25)), [3, 2], [0.5]),
      (PReLU(slopeRegularizer: .l2(0.5), slopeConstraint: .maxNorm(0.25)), [3, 2], [0.5]),
      (
        MultiHeadAttention(
          heads: 1, keyDim: 2, biasInitializer: .ones, kernelRegularizer: .l2(0.5), biasRegularizer: .l2(0.25),
          kernelConstraint: .maxNorm(0.25), biasConstraint: .maxNorm(0.25)), [3, 2],
        [0.5, 0.25, 0.5, 0.25, 0.5, 0.25, 0.5, 0.25]
      ),
    ]
    for (layer, input, factors) in layers {
      let model = try Model(Sequential([layer, Flatten(), Dense(1, kernelInitializer: .zeros)]), input: input, seed: 1)
      try model.compile(loss: .meanSquaredError, optimizer: SGD(learningRate: 0))
      let data = try Dataset(inputs: Tensor(zeros: [2] + input), targets: .values(Tensor(zeros: [2, 1])))
      let gradients = try model.gradients(data)
      var expected: Float = 0
      for (i, factor) in factors.enumerated() {
        let w = try model.parameter(model.parameters[i].name).values
        expected += factor * dot(w, w, count: w.count)
        #expect(zip(gradients.parameters[i].gradient.values, w).allSatisfy { abs($0 - 2 * factor * $1) < 1e-6 }, "\(layer.kind)")
      }
      #expect(abs(gradients.loss - expected) < 1e-5, "\(layer.kind)")
      try model.trainOnBatch(data)
      for (i, _) in factors.enumerated() where i < 2 || factors[i] > 0 {
        let parameter = try model.parameter(model.parameters[i].name), columns = parameter.shape.last!
        for j in 0..<(parameter.shape.count == 1 ? 1 : columns) {
          let w =
            parameter.shape.count == 1
            ? parameter.values : stride(from: j, to: parameter.count, by: columns).map { parameter.values[$0] }
          #expect(norm2(w, count: w.count) < 0.250001, "\(layer.kind)")
        }
      }
    }
  }

  /// An identity in inference: the plan has no call for it, and predictions stay as they are.
  @Test func activityCostsNothingInInference() throws {
    func model(_ regularizer: Regularizer?) throws -> Model {
      try Model(Sequential { Dense(3, activation: .relu, activityRegularizer: regularizer) }, input: [4], seed: 1)
    }
    #expect(try model(.l1()).plan.description == model(nil).plan.description)
  }

  /// A sparse code: more zeros with the penalty than without.
  @Test func sparseAutoencoder() throws {
    let x = randomTensor([64, 16], seed: 1)
    func silence(_ regularizer: Regularizer?) throws -> Int {
      let model = try Model(
        Sequential {
          Dense(24, activation: .relu, activityRegularizer: regularizer)
          Dense(16)
        }, input: [16], seed: 2)
      try model.compile(loss: .meanSquaredError, optimizer: Adam(learningRate: 0.01))
      try model.fit(Dataset(inputs: x, targets: .values(x)), batchSize: 16, epochs: 30)
      let code = try Model(Sequential { Dense(24, activation: .relu) }, input: [16])
      for name in ["dense_1/kernel", "dense_1/bias"] { try code.setParameter(name, to: model.parameter(name)) }
      return try code.predict(x).values.filter { $0 == 0 }.count
    }
    #expect(try silence(.l1(0.05)) > 2 * silence(nil))
  }

  // MARK: Constraints

  /// The constraint alone: a step of size 0.
  private func constrained(_ constraint: Constraint, _ kernel: [Float], _ shape: [Int]) throws -> [Float] {
    let w = try Tensor(shape: shape, kernel)
    let model = try Model(
      Sequential { Dense(shape[1], kernelInitializer: .values(w), kernelConstraint: constraint) }, input: [shape[0]])
    try model.compile(loss: .meanSquaredError, optimizer: SGD(learningRate: 0))
    try model.trainOnBatch(Dataset(inputs: Tensor(zeros: [1, shape[0]]), targets: .values(Tensor(zeros: [1, shape[1]]))))
    return try model.parameter("dense_1/kernel").values
  }

  @Test func norms() throws {
    func near(_ a: [Float], _ b: [Float]) -> Bool { zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 } }
    #expect(near(try constrained(.maxNorm(2), [3, 4], [2, 1]), [1.2, 1.6]))
    #expect(near(try constrained(.maxNorm(2), [3, 1, 4, 1], [2, 2]), [1.2, 1, 1.6, 1]))
    #expect(near(try constrained(.unitNorm, [3, 0, 4, 5], [2, 2]), [0.6, 0, 0.8, 1]))
    #expect(near(try constrained(.minMaxNorm(minimum: 10, maximum: 20, rate: 0.5), [3, 4], [2, 1]), [4.5, 6]))
    #expect(try constrained(.nonNegative, [3, -4], [2, 1]) == [3, 0])
  }

  /// All weights of a filter together; a bias as one vector; and while training goes on.
  @Test func normsStayInBounds() throws {
    let model = try Model(
      Sequential {
        Conv2D(3, kernelSize: 2, kernelConstraint: .maxNorm(0.5), biasConstraint: .maxNorm(0.01))
        Flatten()
        Dense(4, kernelConstraint: .nonNegative)
      }, input: [4, 4, 2], seed: 1)
    try model.compile(loss: .meanSquaredError, optimizer: Adam(learningRate: 0.1))
    let data = try Dataset(inputs: randomTensor([8, 4, 4, 2], seed: 1), targets: .values(randomTensor([8, 4], seed: 2)))
    try model.fit(data, batchSize: 4, epochs: 3)
    let kernel = try model.parameter("conv2d_1/kernel").values, bias = try model.parameter("conv2d_1/bias").values
    for filter in 0..<3 {
      let weights = stride(from: filter, to: kernel.count, by: 3).map { kernel[$0] }
      #expect(norm2(weights, count: weights.count) < 0.5001)
    }
    #expect(norm2(bias, count: 3) < 0.010001 && norm2(bias, count: 3) > 0.005)
    #expect(try model.parameter("dense_1/kernel").values.allSatisfy { $0 >= 0 })
  }

  @Test func refused() {
    func problem(_ layer: any Layer) -> String? { message { _ = try Model(Sequential([layer]), input: [2]) } }
    #expect(
      problem(Dense(1, kernelRegularizer: .l1(-1)))
        == "dense_1/kernel: regularizer: l1 is -1.0; expected a finite number of at least 0")
    #expect(
      problem(Dense(1, biasRegularizer: .lp(0.5)))
        == "dense_1/bias: regularizer: p is 0.5; expected a finite number of at least 1")
    #expect(
      problem(Dense(1, activityRegularizer: .l2(.nan)))
        == "dense_1: regularizer: l2 is nan; expected a finite number of at least 0")
    #expect(
      problem(ActivityRegularization(.lp(3, -1)))
        == "activityRegularization_1: regularizer: strength is -1.0; expected a finite number of at least 0")
    #expect(
      problem(Dense(1, kernelConstraint: .minMaxNorm(minimum: 2, maximum: 1)))
        == "dense_1/kernel: constraint: norms from 2.0 to 1.0; expected 0 <= minimum <= maximum, finite")
    #expect(
      problem(Dense(1, biasConstraint: .minMaxNorm(rate: 2))) == "dense_1/bias: constraint: rate 2.0; expected 0 to 1")
  }
}
