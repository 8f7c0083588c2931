import Kernels
import Net
import Reference
import Testing

@Suite struct AttentionLayerTests {
  /// A sequence of tokens 0...4 and whether the first token comes again.
  private func echoes(_ count: Int, seed: UInt64) throws -> Dataset {
    let tokens = randomIntegers(count * 6, seed: seed, in: 0...4)
    let labels = (0..<count).map { i in tokens[6 * i + 1..<6 * i + 6].contains(tokens[6 * i]) ? 1 : 0 as Int32 }
    return try Dataset(inputs: Tensor(shape: [count, 6], tokens), targets: .classes(labels, count: 2))
  }

  private func classifier(seed: UInt64 = 1) throws -> Model {
    let model = try Model(
      Sequential {
        Embedding(5, 16)
        SinusoidalPositions()
        Residual(activation: .linear) { MultiHeadAttention(heads: 4, keyDim: 4) }
        LayerNorm()
        Residual(activation: .linear) { Dense(16, activation: .relu) }
        GlobalAvgPool1D()
        Dense(2)
      }, input: [6], seed: seed)
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: Adam(learningRate: 0.01), metrics: [.accuracy])
    return model
  }

  @Test func aSmallTransformerLearns() throws {
    let model = try classifier()
    try model.fit(echoes(400, seed: 1), batchSize: 20, epochs: 80)
    let accuracy = try #require(try model.evaluate(echoes(200, seed: 2)).accuracy)
    #expect(accuracy > 0.9, "\(accuracy)")
  }

  @Test func sameBitsEverywhere() throws {
    func hash() throws -> UInt64 {
      let model = try classifier(seed: 3)
      try model.fit(echoes(50, seed: 3), batchSize: 20, epochs: 2)
      return model.weightsHash
    }
    let expected = try hash()
    for tier in Tier.available {
      for threads in [1, 2, 3] {
        #expect(try withTier(tier) { try withThreads(threads) { try hash() } } == expected, "\(tier), \(threads) threads")
      }
    }
  }

  /// No output of causal attention follows from a later input.
  @Test func causalAttentionSeesThePastOnly() throws {
    let model = try Model(MultiHeadAttention(heads: 2, keyDim: 4, isCausal: true), input: [5, 3], seed: 1)
    let x = randomTensor([1, 5, 3], seed: 1)
    let y = try model.predict(x).values
    var changed = x.values
    for i in 9..<15 { changed[i] += 1 }
    let z = try model.predict(Tensor(shape: [1, 5, 3], changed)).values
    #expect(Array(y[..<9]) == Array(z[..<9]) && y[9...] != z[9...])
  }

  /// What is masked changes nothing.
  @Test func masks() throws {
    let model = try Model(seed: 2) { graph in
      // Channel 0 is the mask, the others the sequence.
      let x = try graph.input([4, 3])
      let mask = try Flatten()(Dense(1, useBias: false).named("mask")(x))
      return try MultiHeadAttention(heads: 1, keyDim: 2)(x, x, mask)
    }
    try model.setParameter("mask/kernel", to: Tensor(shape: [3, 1], [1, 0, 0]))
    var values = randomTensor([1, 4, 3], seed: 2).values
    for i in 0..<4 { values[3 * i] = i == 3 ? 0 : 1 }
    let y = try model.predict(Tensor(shape: [1, 4, 3], values)).values
    values[10] += 1
    let z = try model.predict(Tensor(shape: [1, 4, 3], values)).values
    #expect(Array(y[..<9]) == Array(z[..<9]))
  }

  @Test func sinusoidalPositions() throws {
    let y = try Model(SinusoidalPositions(base: 100), input: [3, 3]).predict(Tensor(zeros: [1, 3, 3])).values
    let expected: [Float] = [0, 1, 0, 0.8414710, 0.5403023, 0.0463992, 0.9092974, -0.4161468, 0.0926985]
    #expect(boundMismatch(y, expected.map(Double.init), bound: expected.map { _ in 1e-6 }) == nil)
  }

  @Test func tokensAreChecked() throws {
    let model = try classifier()
    let hash = model.weightsHash
    func problem(_ values: [Float], _ body: (Tensor) throws -> Void) -> String? {
      message { try body(Tensor(shape: [2, 6], values)) }
    }
    let tooLarge: [Float] = [0, 1, 2, 3, 4, 0, 1, 2, 5, 0, 0, 0]
    let expected = "5.0 of example 1, element 2, is no token of embedding_1; expected whole numbers in 0..<5"
    #expect(problem(tooLarge) { _ = try model.predict($0) } == "predict: \(expected)")
    #expect(
      problem(tooLarge) { try model.fit(Dataset(inputs: $0, targets: .classes([0, 1], count: 2))) } == "fit: \(expected)")
    #expect(
      problem(tooLarge) { _ = try model.evaluate(Dataset(inputs: $0, targets: .classes([0, 1], count: 2))) }
        == "evaluate: \(expected)")
    let zeros = [Float](repeating: 0, count: 11)
    let expectedHalf = "0.5 of example 0, element 0, is no token of embedding_1; expected whole numbers in 0..<5"
    #expect(problem([0.5] + zeros) { _ = try model.predict($0) } == "predict: \(expectedHalf)")
    let expectedNaN = "nan of example 0, element 0, is no token of embedding_1; expected whole numbers in 0..<5"
    #expect(problem([.nan] + zeros) { _ = try model.predict($0) } == "predict: \(expectedNaN)")
    #expect(model.weightsHash == hash)
  }

  /// The smaller of two vocabularies over one input counts.
  @Test func severalTablesOfOneInput() throws {
    let model = try Model { graph in
      let x = try graph.input([2])
      return try Concatenate()(Embedding(9, 2)(x), Embedding(3, 2)(x), Embedding(5, 2)(x))
    }
    #expect(
      message { _ = try model.predict(Tensor(shape: [1, 2], [0, 3])) }
        == "predict: 3.0 of example 0, element 1, is no token of embedding_2; expected whole numbers in 0..<3")
  }

  @Test func errors() {
    func problem(_ input: [Int], @LayerBuilder _ layers: () -> [any Layer]) -> String? {
      message { _ = try Model(Sequential(layers()), input: input) }
    }
    #expect(problem([4]) { Embedding(0, 2) } == "embedding_1: inputDim 0; expected 1 to 2^24 tokens")
    #expect(problem([4]) { Embedding(3, 0) } == "embedding_1: outputDim 0; expected at least 1")
    #expect(
      problem([4]) {
        Dense(3)
        Embedding(3, 2)
      } == "embedding_1: takes tokens, but its input is computed by dense_1; expected the network's input")
    #expect(
      problem([4]) { MultiHeadAttention(heads: 2, keyDim: 3) }
        == "multiHeadAttention_1: input of shape [4]; expected a sequence [steps, channels]")
    #expect(problem([4, 3]) { MultiHeadAttention(heads: 0, keyDim: 3) } == "multiHeadAttention_1: heads 0; expected 1 to 2^20")
    #expect(
      problem([4]) { SinusoidalPositions() } == "sinusoidalPositions_1: input of shape [4]; expected a sequence [steps, channels]"
    )
    #expect(
      problem([4, 2]) { SinusoidalPositions(base: 0) } == "sinusoidalPositions_1: base 0.0; expected more than 0 and finite")
    #expect(
      problem([4]) { GlobalAvgPool1D() } == "globalAvgPool1d_1: input of shape [4]; expected a sequence [steps, channels]")
    let mask = message {
      _ = try Model { graph in
        let x = try graph.input([4, 3])
        return try MultiHeadAttention(heads: 1, keyDim: 2)(x, x, Flatten()(x))
      }
    }
    #expect(mask == "multiHeadAttention_1: a mask of shape [12] for 4 keys; expected [4]")
  }
}
