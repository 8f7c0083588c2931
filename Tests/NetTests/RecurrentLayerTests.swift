import AllocationCounter
import Foundation
import Kernels
import Net
import Reference
import Testing

/// Part `i` of `x`, of `size` values.
private func part(_ x: [Float], _ i: Int, _ size: Int) -> [Float] { Array(x[i * size..<(i + 1) * size]) }

/// Sequences of `steps` parts of `size` values, each turned around.
private func turnedAround(_ x: [Float], steps: Int, _ size: Int) -> [Float] {
  var y: [Float] = []
  for sequence in 0..<x.count / (steps * size) {
    for t in 0..<steps { y += part(x, sequence * steps + steps - 1 - t, size) }
  }
  return y
}

@Suite struct RecurrentLayerTests {
  @Test func startsAsKerasDoes() throws {
    let model = try Model(Sequential([LSTM(8, returnSequences: true), GRU(6), Dense(2)]), input: [5, 3], seed: 1)
    let zeros = [Float](repeating: 0, count: 8), ones = [Float](repeating: 1, count: 8)
    #expect(try model.parameter("lstm_1/bias").values == zeros + ones + zeros + zeros)
    #expect(try model.parameter("gru_1/bias") == Tensor(zeros: [2, 18]))
    // Orthonormal rows.
    let u = try model.parameter("lstm_1/recurrentKernel").values
    for i in 0..<8 {
      for j in 0..<8 {
        let product = (0..<32).reduce(0) { $0 + u[i * 32 + $1] * u[j * 32 + $1] }
        #expect(abs(product - (i == j ? 1 : 0)) < 1e-5)
      }
    }
    let limit = (6 / Float(3 + 32)).squareRoot()
    #expect(try model.parameter("lstm_1/kernel").values.allSatisfy { abs($0) <= limit })
  }

  /// The same shape of weights, from the first layer to the second.
  private func copyWeights(_ from: Model, to: Model) throws {
    for (a, b) in zip(from.parameters, to.parameters) { try to.setParameter(b.name, to: from.parameter(a.name)) }
  }

  /// Padding changes nothing: the sequence without it gives the same bits.
  @Test(arguments: [false, true]) func paddedStepsAreSkipped(_ goesBackwards: Bool) throws {
    let layers: [any Layer] = [
      LSTM(9, goBackwards: goesBackwards, maskValue: -1), GRU(9, goBackwards: goesBackwards, maskValue: -1),
      SimpleRNN(9, goBackwards: goesBackwards, maskValue: -1),
    ]
    for layer in layers {
      let padded = try Model(Sequential([layer]), input: [7, 3], seed: 2)
      let short = try Model(Sequential([layer]), input: [4, 3], seed: 2)
      let x = randomValues(12, seed: 3)
      let padding = [Float](repeating: -1, count: 3)
      // Padding before, between and after the steps.
      let long = padding + x[..<6] + padding + x[6...] + padding
      let y = try padded.predict(Tensor(shape: [1, 7, 3], long))
      #expect(try y == short.predict(Tensor(shape: [1, 4, 3], x)))
    }
  }

  @Test func bidirectionalIsTwoLayers() throws {
    let x = randomTensor([2, 5, 3], seed: 4)
    let both = try Model(Sequential([Bidirectional(LSTM(4, returnSequences: true))]), input: [5, 3], seed: 5)
    let forward = try Model(Sequential([LSTM(4, returnSequences: true)]), input: [5, 3])
    let backward = try Model(Sequential([LSTM(4, returnSequences: true, goBackwards: true)]), input: [5, 3])
    for name in ["kernel", "recurrentKernel", "bias"] {
      try forward.setParameter("lstm_1/\(name)", to: both.parameter("lstm_1/\(name)"))
      try backward.setParameter("lstm_1/\(name)", to: both.parameter("lstm_2/\(name)"))
    }
    let (y, z) = (try forward.predict(x).values, try backward.predict(x).values)
    var joined: [Float] = []
    for row in 0..<10 { joined += part(y, row, 4) + part(z, row, 4) }
    #expect(try both.predict(x).values == joined)
    // Backwards is forwards through the sequence turned around.
    try copyWeights(backward, to: forward)
    let again = try forward.predict(Tensor(shape: [2, 5, 3], turnedAround(x.values, steps: 5, 3))).values
    #expect(z == turnedAround(again, steps: 5, 4))
  }

  @Test func learnsWhatCameFirst() throws {
    // The class is the sign of the first step.
    let x = randomTensor([200, 6, 2], seed: 6)
    let labels = (0..<200).map { Int32(x.values[$0 * 12] > 0 ? 1 : 0) }
    let data = try Dataset(inputs: x, targets: .classes(labels, count: 2))
    for layer in [LSTM(12), GRU(12), SimpleRNN(12), Bidirectional(GRU(8))] as [any Layer] {
      let model = try Model(Sequential([layer, Dense(2)]), input: [6, 2], seed: 7)
      try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: Adam(learningRate: 0.02), metrics: [.accuracy])
      try model.fit(data, batchSize: 20, epochs: 15)
      let accuracy = try #require(try model.evaluate(data)["accuracy"])
      #expect(accuracy > 0.93, "\(layer.kind): \(accuracy)")
    }
  }

  // MARK: Step by step

  private static let running = Sequential {
    LSTM(19, returnSequences: true, maskValue: 0)
    LayerNorm()
    Dense(11, activation: .relu)
    GRU(10, returnSequences: true)
    SimpleRNN(5, returnSequences: true)
    Dense(4)
    Softmax()
  }

  @Test func stepsGiveTheBitsOfTheSequence() throws {
    let model = try Model(Self.running, input: [6, 3], seed: 8)
    var values = randomValues(2 * 18, seed: 9)
    for i in 6..<9 { values[i] = 0 }  // a padded step
    let whole = try model.predict(Tensor(shape: [2, 6, 3], values)).values
    let stepper = try model.stepper(batch: 2)
    #expect(stepper.inputCount == 3 && stepper.outputCount == 4)
    for _ in 0..<2 {
      for t in 0..<6 {
        let y = try stepper.step(part(values, t, 3) + part(values, 6 + t, 3))
        #expect(bitMismatch(y, part(whole, t, 4) + part(whole, 6 + t, 4)) == nil, "step \(t)")
      }
      stepper.reset()
    }
  }

  /// A network that answers after the last step answers after each: the last answer is that of the sequence. New weights count.
  @Test func stepsOfAClassifier() throws {
    let model = try Model(Networks.lstm(units: 20), input: [28, 28, 1], seed: 10)
    let image = randomTensor([1, 28, 28, 1], seed: 11)
    let stepper = try model.stepper()
    for seed in 0..<2 {
      if seed == 1 { try model.setParameter("dense_1/kernel", to: randomTensor([20, 10], seed: 12)) }
      stepper.reset()
      var y: [Float] = []
      for row in 0..<28 { y = try stepper.step(part(image.values, row, 28)) }
      #expect(try y == model.predict(image).values)
    }
  }

  @Test(.enabled(if: allocation_count() >= 0)) func stepsAllocateNothing() async {
    await #expect(processExitsWith: .success) {
      let model = try Model(Networks.lstm(), input: [28, 28, 1])
      let stepper = try model.stepper()
      let x = randomValues(28, seed: 1)
      var y = [Float](repeating: 0, count: 10)
      try withThreads(1) {
        var before: Int64 = 0
        for step in 0..<20 {
          if step == 10 { before = thread_allocation_count() }
          try x.withUnsafeBufferPointer { x in try y.withUnsafeMutableBufferPointer { try stepper.step(x, into: $0) } }
        }
        let found = thread_allocation_count() - before
        #expect(found == 0, "\(found) allocations in 10 steps")
      }
    }
  }

  // MARK: Bad input

  private func problem(_ layer: any Layer, _ input: [Int] = [4, 3]) -> String? {
    message { _ = try Model(Sequential([layer]), input: input) }
  }

  private func graphProblem(_ build: @escaping (Node) throws -> Node) -> String? {
    message { _ = try Model { graph in try build(graph.input([4, 3])) } }
  }

  @Test func badSettings() {
    #expect(problem(LSTM(0)) == "lstm_1: 0 units; expected at least 1")
    #expect(problem(GRU(2), [4]) == "gru_1: input of shape [4]; expected a sequence [steps, features]")
    #expect(problem(SimpleRNN(2, activation: .gelu)) == "simpleRNN_1: activation gelu; expected tanh or relu")
    #expect(
      graphProblem { try SimpleRNN(2, activation: .gelu)($0, initialState: SimpleRNN(2)($0)) }?
        .hasSuffix(": activation gelu; expected tanh or relu") == true)
    #expect(
      problem(LSTM(2, returnSequences: true, returnState: true))
        == "lstm_1: returnSequences and returnState; expected one of them: a layer has one output")
    #expect(problem(Masking(), [4]) == "masking_1: input of shape [4]; expected a sequence [steps, features]")
    #expect(graphProblem { try LSTM(2)($0, initialState: GRU(2)($0)) } == "lstm_1: initial state of shape [2]; expected [4]")
    #expect(
      graphProblem { try LSTM(2)($0, mask: GRU(2)($0)) }
        == "lstm_1: mask of shape [2]; expected [4], a value for each step")
    #expect(
      graphProblem { try LSTM(2, maskValue: 0)($0, mask: Masking()($0)) } == "lstm_1: a mask and maskValue; expected one of them")
    #expect(
      graphProblem { try GRU(2)($0, $0, $0) }
        == "gru_1: got 3 inputs; expected a sequence, with initialState: and mask: by name")
    // A mask where only names tell what is meant.
    #expect(
      graphProblem { try GRU(4)($0, Masking()($0)) }
        == "gru_1: got 2 inputs; expected a sequence, with initialState: and mask: by name")
    #expect(
      graphProblem { try Bidirectional(GRU(2))($0, GRU(2)($0)) }
        == "bidirectional_1: got 2 inputs; expected a sequence, with initialStates: and mask: by name")
  }

  @Test func badSteps() throws {
    func problem(_ layers: [any Layer], _ input: [Int] = [4, 3]) -> String? {
      message { _ = try Model(Sequential(layers), input: input).stepper() }
    }
    #expect(problem([Dense(2)]) == "stepper: the network has no recurrent layer")
    #expect(problem([Dense(2)], [3]) == "stepper: the network takes inputs of shape [3]; expected sequences [steps, features]")
    #expect(problem([LSTM(2, goBackwards: true)]) == "stepper: lstm_1 (lstm) needs all steps of a sequence at once")
    #expect(
      problem([LSTM(2, returnSequences: true), Flatten(), Dense(2)])
        == "stepper: dense_1 (linear+bias) needs all steps of a sequence at once")
    let model = try Model(Sequential([LSTM(2)]), input: [4, 3])
    #expect(message { _ = try model.stepper(batch: 0) } == "stepper: batch 0; expected at least 1")
    #expect(
      message { _ = try model.stepper().step([1, 2]) }
        == "stepper: buffers of 2 and 2 values; a step of 1 sequences needs 3 and 2")
  }

  // MARK: The page

  /// docs/RECURRENT.md names every layer of the two files.
  @Test func theCatalogueIsComplete() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..").standardizedFileURL
    let page = try String(contentsOf: root.appendingPathComponent("docs/RECURRENT.md"), encoding: .utf8)
    for file in ["Recurrent", "Bidirectional"] {
      let source = try String(contentsOf: root.appendingPathComponent("Sources/Net/Layers/\(file).swift"), encoding: .utf8)
      for match in source.matches(of: /(?m)^public struct (\w+): (?:Recurrent)?Layer/) {
        #expect(page.contains("`\(match.1)`"), "docs/RECURRENT.md does not name \(match.1)")
      }
    }
  }
}
