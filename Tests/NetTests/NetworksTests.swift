import Net
import Testing

/// The ready networks against what is known of them.
@Suite struct NetworksTests {
  struct Known: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let network: Sequential
    let input: [Int]
    let output: [Int]
    let trainable: Int
    let fixed: Int

    init(_ name: String, _ network: Sequential, _ input: [Int], _ output: [Int], trainable: Int, fixed: Int = 0) {
      (testDescription, self.network, self.input, self.output) = (name, network, input, output)
      (self.trainable, self.fixed) = (trainable, fixed)
    }
  }

  /// ResNet-18's number is that of the common implementations. The others follow from their tables: a k x k convolution
  /// of c to f channels has k k c f parameters, f more with a bias, 2 f trainable and 2 f running ones with batch normalisation.
  static let known = [
    Known("mlp", Networks.mlp(), [28, 28, 1], [10], trainable: 648_010),
    Known("lenet", Networks.lenet(), [28, 28, 1], [10], trainable: 431_080),
    Known("twoConv", Networks.twoConv(), [28, 28, 1], [10], trainable: 3_274_634),
    Known("twoConvBatchNorm", Networks.twoConvBatchNorm(), [28, 28, 1], [10], trainable: 83_562, fixed: 192),
    Known("vggSmall", Networks.vggSmall(), [28, 28, 1], [10], trainable: 218_714, fixed: 448),
    Known("resNet20", Networks.resNet20(), [28, 28, 1], [10], trainable: 272_186, fixed: 1_568),
    Known("resNet18", Networks.resNet18(), [224, 224, 3], [1000], trainable: 11_689_512, fixed: 9_600),
    Known("mobileNetSmall", Networks.mobileNetSmall(), [28, 28, 1], [10], trainable: 136_202, fixed: 2_944),
    Known("shuffleNetSmall", Networks.shuffleNetSmall(), [28, 28, 1], [10], trainable: 38_056, fixed: 3_000),
    // 4 gates x 128 units x (28 features + 128 units + 1), and 128 x 10 + 10.
    Known("lstm", Networks.lstm(), [28, 28, 1], [10], trainable: 81_674),
  ]

  @Test(arguments: known) func parameters(_ known: Known) throws {
    let model = try Model(known.network, input: known.input)
    #expect(model.outputShape == known.output)
    func count(_ isTrainable: Bool) -> Int {
      model.parameters.filter { $0.isTrainable == isTrainable }.reduce(0) { $0 + $1.count }
    }
    #expect(count(true) == known.trainable && model.trainableParameterCount == known.trainable)
    #expect(count(false) == known.fixed)
    #expect(model.summary().contains("not trainable \(known.fixed == 0 ? "0" : "")"))
  }

  /// One step and one prediction: the seed decides every bit.
  @Test(arguments: known.filter { $0.input[0] == 28 }) func seeds(_ known: Known) throws {
    func hash(_ seed: UInt64) throws -> UInt64 {
      let model = try Model(known.network, input: known.input, seed: seed)
      try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: SGD(learningRate: 0.01))
      let data = try Dataset(inputs: randomTensor([4, 28, 28, 1], seed: 1), targets: .classes([1, 2, 3, 9], count: 10))
      let metrics = try model.trainOnBatch(data)
      #expect(metrics.loss.isFinite)
      #expect(try model.predict(data.inputs).values.allSatisfy(\.isFinite))
      return model.weightsHash
    }
    #expect(try hash(1) == hash(1))
    #expect(try hash(1) != hash(2))
  }
}
