import Kernels
import Net
import Testing

/// How fast the layers of a deep network learn at first (Nielsen, Neural Networks and Deep Learning, chapter 5): the length of the
/// gradient by the biases of the last hidden layer over that of the first, on 1,000 digits, 784-30-30-30-30-10.
@Suite struct VanishingGradientTests {
  /// The median over 20 seeds.
  private func median(
    _ activation: Activation, _ kernel: any Initializer, _ bias: any Initializer
  ) throws -> Float {
    let digits = try Dataset.digits().train
    guard case .classes(let labels, _) = digits.targets else { return .nan }
    let x = try Tensor(shape: [1000, 28, 28, 1], Array(digits.inputs.values[..<(1000 * 784)]))
    let targets = try Tensor(shape: [1000, 10], labels[..<1000].flatMap { label in (0..<10).map { $0 == label ? 1 : 0 } })
    let data = try Dataset(inputs: x, targets: .values(targets))
    let ratios = try (0..<20).map { seed in
      let model = try Model(
        Sequential {
          Flatten()
          for _ in 0..<4 { Dense(30, activation: activation, kernelInitializer: kernel, biasInitializer: bias) }
          Dense(10, activation: .sigmoid, kernelInitializer: kernel, biasInitializer: bias)
        }, input: [28, 28, 1], seed: UInt64(seed))
      try model.compile(loss: .binaryCrossEntropy(), optimizer: SGD())
      let gradients = try model.gradients(data).parameters
      func speed(_ layer: Int) -> Float {
        let bias = gradients.first { $0.name == "dense_\(layer)/bias" }!.gradient.values
        return norm2(bias, count: bias.count)
      }
      return speed(4) / speed(1)
    }
    return ratios.sorted()[10]
  }

  @Test func sigmoidLayersFarFromTheLossLearnAHundredTimesSlower() throws {
    let found = try median(
      .sigmoid, .varianceScaling(scale: 1, fan: .fanIn, distribution: .normal), .normal(standardDeviation: 1))
    #expect((60...200).contains(found))
  }

  @Test func reluWithHeDoesNot() throws {
    #expect(try median(.relu, .heNormal(), .zeros) < 5)
  }
}
