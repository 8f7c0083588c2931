import Kernels
import Net
import Reference
import Testing

/// Layers that make noise while training.
@Suite struct NoiseTests {
  static let layers: [any Layer] = [
    Dropout(rate: 0.3), Dropout(keep: 0.7), SpatialDropout2D(rate: 0.3), GaussianNoise(standardDeviation: 0.5),
    GaussianDropout(rate: 0.3), AlphaDropout(rate: 0.3),
  ]

  private func model(_ layer: any Layer, input: [Int]) throws -> Model {
    let model = try Model(Sequential([layer]), input: input, seed: 2)
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    return model
  }

  /// The outputs of a training pass and the input's gradient, for targets of 0: the loss is their mean square, and its
  /// gradient 2 f y / n with the factor f on the way back.
  private func pass(_ layer: any Layer, _ x: Tensor) throws -> Gradients {
    try model(layer, input: Array(x.shape.dropFirst())).gradients(
      Dataset(inputs: x, targets: .values(Tensor(zeros: x.shape))))
  }

  @Test func inferenceIsTheIdentity() throws {
    let x = randomTensor([2, 3, 3, 4], seed: 1)
    for layer in Self.layers where layer.kind != "dropout" {
      let model = try model(layer, input: [3, 3, 4])
      #expect(try model.predict(x) == x, "\(layer.kind)")
      // Nothing is computed: the plan has no calls.
      #expect(!model.plan.description.contains(layer.kind), "\(layer.kind)")
    }
  }

  /// Two passes at the same place are the same, a step later the noise is another.
  @Test func noiseFollowsFromThePlaceInTraining() throws {
    let x = randomTensor([8, 3, 3, 4], seed: 1), data = try Dataset(inputs: x, targets: .values(Tensor(zeros: x.shape)))
    for layer in Self.layers {
      let model = try model(layer, input: [3, 3, 4])
      let first = try model.gradients(data)
      #expect(try model.gradients(data).inputs == first.inputs, "\(layer.kind)")
      try model.trainOnBatch(data)
      #expect(try model.gradients(data).loss != first.loss, "\(layer.kind)")
    }
  }

  /// The gradient against central differences of the loss under the same noise.
  @Test func gradients() throws {
    for layer in Self.layers {
      let model = try model(layer, input: [2, 2, 3])
      let x = randomTensor([2, 2, 2, 3], seed: 3), targets = Dataset.Targets.values(randomTensor([2, 2, 2, 3], seed: 4))
      let gradient = try model.gradients(Dataset(inputs: x, targets: targets)).inputs.values
      for i in x.values.indices {
        func loss(_ step: Float) throws -> Double {
          var values = x.values
          values[i] += step
          return Double(
            try model.gradients(Dataset(inputs: Tensor(shape: x.shape, values), targets: targets)).loss)
        }
        // The loss is a square: differences are exact but for rounding.
        #expect(abs(try (loss(0.25) - loss(-0.25)) / 0.5 - Double(gradient[i])) < 1e-5, "\(layer.kind), element \(i)")
      }
    }
  }

  /// With every input 1 and no target, the loss is the mean square of the factors.
  @Test func spatialDropoutDropsWholeChannels() throws {
    for (layer, shape): (any Layer, [Int]) in [
      (SpatialDropout2D(rate: 0.5), [5, 4, 64]), (SpatialDropout1D(rate: 0.5), [20, 64]),
    ] {
      let x = try Tensor(shape: [4] + shape, [Float](repeating: 1, count: 4 * 20 * 64))
      let found = try pass(layer, x).inputs.values
      for example in 0..<4 {
        for channel in 0..<64 {
          let values = Set((0..<20).map { found[(example * 20 + $0) * 64 + channel] })
          #expect(values.count == 1)
        }
      }
      let kept = Double(found.filter { $0 != 0 }.count) / Double(found.count)
      #expect(abs(kept - 0.5) < 0.12)
    }
  }

  @Test func momentsOfTheNoise() throws {
    let n = 1 << 16
    let ones = try Tensor(shape: [4, n / 4], [Float](repeating: 1, count: n))
    func meanSquare(_ layer: any Layer) throws -> Float { try pass(layer, ones).loss }
    #expect(abs(try meanSquare(GaussianNoise(standardDeviation: 0.5)) - 1.25) < 0.02)
    // 1 + rate / (1 - rate), as dropout.
    #expect(abs(try meanSquare(GaussianDropout(rate: 0.2)) - 1.25) < 0.02)
    #expect(abs(try meanSquare(Dropout(rate: 0.2)) - 1.25) < 0.02)
  }

  /// Both forms of dropout give the same expectation, of the training pass and of inference relative to it.
  @Test func bothFormsOfDropoutHaveTheSameExpectation() throws {
    let n = 1 << 16
    let ones = try Tensor(shape: [4, n / 4], [Float](repeating: 1, count: n))
    for keep: Float in [0.2, 0.5, 0.9] {
      for layer in [Dropout(rate: 1 - keep), Dropout(keep: keep, scaling: .atTest)] {
        let atTest = try model(layer, input: [n / 4]).predict(ones).values[0]
        // The gradient of the mean square is 2 f^2 / n with factors f of 0 and s: its root is the factor.
        let factors = try pass(layer, ones).inputs.values.map { ($0 * Float(n) / 2).squareRoot() }
        #expect(abs(mean(factors, count: n) - atTest) < 0.015 * atTest, "keep \(keep), \(layer.scaling)")
      }
    }
  }

  @Test func refused() {
    func problem(_ layer: any Layer, input: [Int] = [4]) -> String? {
      message { _ = try Model(Sequential([layer]), input: input) }
    }
    let rate = "drop rate 1.0; expected at least 0 and less than 1"
    #expect(problem(SpatialDropout1D(rate: 1), input: [2, 2]) == "spatialDropout1d_1: \(rate)")
    #expect(problem(SpatialDropout2D(rate: 1), input: [2, 2, 2]) == "spatialDropout2d_1: \(rate)")
    #expect(problem(GaussianDropout(rate: 1)) == "gaussianDropout_1: \(rate)")
    #expect(problem(AlphaDropout(rate: 1)) == "alphaDropout_1: \(rate)")
    #expect(
      problem(SpatialDropout1D(rate: 0.5)) == "spatialDropout1d_1: input of shape [4]; expected a sequence [steps, channels]")
    #expect(
      problem(GaussianNoise(standardDeviation: -1))
        == "gaussianNoise_1: standard deviation -1.0; expected a finite number of at least 0")
  }
}
