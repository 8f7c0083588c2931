import Kernels
import Net
import Testing

/// Whatever is wrong has an error that says what, where, and what was expected; nothing is lost.
@Suite struct BadInputTests {
  private func compiled() throws -> Model { try ringModel() }

  @Test func layers() {
    func problem(_ input: [Int] = [4], @LayerBuilder _ layers: () -> [any Layer]) -> String? {
      message { _ = try Model(Sequential(layers()), input: input) }
    }
    #expect(problem { Dense(0) } == "dense_1: 0 units; expected at least 1")
    #expect(
      problem {
        Dense(3)
        Reshape([2, -1])
      } == "reshape_1: 3 elements do not divide into shape [2, -1]")
    #expect(problem { Reshape([3]) } == "reshape_1: cannot reshape [4] to [3]: 4 elements are not 3")
    #expect(problem { Reshape([-1, -1]) } == "reshape_1: shape [-1, -1]; expected dimensions of at least 1, and -1 at most once")
    #expect(problem { Dropout(rate: 1) } == "dropout_1: drop rate 1.0; expected at least 0 and less than 1")
    #expect(
      problem {
        Dense(2).named("a")
        Dense(2).named("a")
      } == "two layers are named a")
    #expect(problem([0]) { Dense(2) } == "input: shape [0] of one example has no elements; expected dimensions of at least 1")
    let add = message {
      _ = try Model { graph in
        let x = try graph.input([4])
        return try Add()(x, Dense(3)(x))
      }
    }
    #expect(add == "add_1: cannot add shapes [4] and [3]")
  }

  @Test func compileIsMissing() throws {
    let model = try Model(Sequential { Dense(3) }, input: [2])
    let expected = "the model has no loss and optimizer yet; call compile first"
    #expect(message { try model.fit(rings()) } == "fit: \(expected)")
    #expect(message { _ = try model.evaluate(rings()) } == "evaluate: \(expected)")
    #expect(message { try model.trainOnBatch(rings()) } == "trainOnBatch: \(expected)")
  }

  @Test func settings() throws {
    let model = try compiled()
    func problem(_ optimizer: any Optimizer) -> String? {
      message { try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: optimizer) }
    }
    #expect(problem(SGD(learningRate: -1)) == "sgd: learningRate is -1.0; expected at least 0.0 and finite")
    #expect(problem(SGD(momentum: 1)) == "sgd: momentum is 1.0; expected at least 0.0 and less than 1.0")
    #expect(problem(SGD(nesterov: true)) == "sgd: nesterov needs a momentum above 0")
    #expect(problem(Adam(learningRate: .nan)) == "adam: learningRate is nan; expected at least 0.0 and finite")
    #expect(problem(AdamW(beta2: 1)) == "adamW: beta2 is 1.0; expected at least 0.0 and less than 1.0")
    #expect(
      message { try model.compile(loss: .meanSquaredError, optimizer: SGD(), metrics: [.accuracy, .accuracy]) }
        == "compile: two metrics are called accuracy")
  }

  @Test func batches() throws {
    let model = try compiled()
    #expect(message { try model.fit(rings(), batchSize: 0) } == "fit: batch size 0; expected 1 to 60, the examples to train on")
    #expect(message { try model.fit(rings(), batchSize: 61) } == "fit: batch size 61; expected 1 to 60, the examples to train on")
    #expect(
      message { try model.fit(rings(), batchSize: 50, validationSplit: 0.5) }
        == "fit: batch size 50; expected 1 to 30, the examples to train on")
    #expect(message { try model.fit(rings(), epochs: -1) } == "fit: -1 epochs; expected at least 0")
    #expect(
      message { try model.fit(rings(), validationSplit: 1) } == "fit: validationSplit 1.0; expected at least 0 and less than 1")
    #expect(
      message { try model.fit(rings(), validationSplit: 0.1, validationData: rings()) }
        == "fit: both validationSplit and validationData are given; expected one")
    #expect(message { _ = try model.evaluate(rings(), batchSize: 0) } == "evaluate: batch size 0; expected at least 1")
    #expect(try model.fit(rings(), batchSize: 60, epochs: 0).epochs.isEmpty)
  }

  @Test func emptyData() throws {
    let model = try compiled()
    let empty = try Dataset(inputs: Tensor(zeros: [0, 2]), targets: .classes([], count: 3))
    #expect(message { try model.fit(empty) } == "fit: the data set is empty")
    #expect(message { _ = try model.evaluate(empty) } == "evaluate: the data set is empty")
  }

  @Test func shapes() throws {
    let model = try compiled()
    let data = try Dataset(inputs: Tensor(zeros: [4, 3]), targets: .classes([0, 1, 2, 0], count: 3))
    let expected = "inputs of shape [4, 3]; dense_1 expects [2] an example, with the count of examples in front"
    #expect(message { try model.fit(data) } == "fit: \(expected)")
    #expect(message { _ = try model.predict(data.inputs) } == "predict: \(expected)")
    #expect(message { _ = try model.predict(Tensor(shape: [], [1])) } != nil)
  }

  @Test func notFinite() throws {
    let model = try compiled()
    for bad in [Float.nan, .infinity, -.infinity] {
      var inputs = rings().inputs
      inputs.withUnsafeMutableBufferPointer { $0[17] = bad }
      let data = try Dataset(inputs: inputs, targets: rings().targets)
      #expect(message { try model.fit(data) } == "fit: the input of example 8 holds \(bad) at element 1; expected finite numbers")
      #expect(message { _ = try model.evaluate(data) } != nil)
    }
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let data = try Dataset(inputs: Tensor(zeros: [2, 2]), targets: .values(Tensor(shape: [2, 3], [0, 0, 0, 0, .nan, 0])))
    #expect(message { try model.fit(data) } == "fit: the target of example 1 holds nan at element 1; expected finite numbers")
  }

  @Test func targets() throws {
    let model = try compiled()
    func problem(_ loss: any Loss, _ targets: Dataset.Targets) throws -> String? {
      try model.compile(loss: loss, optimizer: SGD())
      return message { try model.fit(try Dataset(inputs: Tensor(zeros: [2, 2]), targets: targets)) }
    }
    let values = Dataset.Targets.values(Tensor(zeros: [2, 3]))
    #expect(
      try problem(.sparseCategoricalCrossEntropy(), values)
        == "sparseCategoricalCrossEntropy needs class labels, got target values; expected .classes, or the loss categoricalCrossEntropy"
    )
    #expect(
      try problem(.sparseCategoricalCrossEntropy(), .classes([0, 4], count: 5))
        == "sparseCategoricalCrossEntropy: the data have 5 classes but the network's output has shape [3]")
    #expect(
      try problem(.categoricalCrossEntropy(), .classes([0, 1], count: 3))
        == "categoricalCrossEntropy needs target values, got class labels; expected .values, or the loss sparseCategoricalCrossEntropy"
    )
    #expect(
      try problem(.meanSquaredError, .values(Tensor(zeros: [2, 4])))
        == "meanSquaredError needs targets of the network's output shape [3], got [4] an example")
    #expect(
      try problem(.binaryCrossEntropy(), .classes([0, 1], count: 2))
        == "binaryCrossEntropy takes class labels for 2 classes and one output, got 2 classes and output shape [3]")
    #expect(
      try problem(.categoricalCrossEntropy(labelSmoothing: 1), values)
        == "categoricalCrossEntropy: label smoothing 1.0; expected at least 0 and less than 1")
  }

  /// A learning rate that blows up ends with an error and the weights of the last good epoch.
  @Test func divergence() throws {
    let model = try Model(
      Sequential([Dense(8), Dense(1)]), input: [2])
    try model.compile(loss: .meanSquaredError, optimizer: SGD(learningRate: 0.01))
    let data = try Dataset(inputs: randomTensor([40, 2], seed: 1), targets: .values(randomTensor([40, 1], seed: 2)))
    try model.fit(data, batchSize: 10, epochs: 1)
    let good = model.weightsHash
    model.learningRate = 1e20
    let found = message { try model.fit(data, batchSize: 10, epochs: 5) }
    #expect(found?.contains("in epoch 1, step 2 of 4; the weights are those before training") == true, "\(found ?? "")")
    #expect(model.weightsHash == good)
    // Training can go on. Weights that are finite but useless are not good ones: those of epoch 3 here.
    model.learningRate = 0.01
    try model.fit(data, batchSize: 10, epochs: 1)

    final class Faster: Callback {
      var model: Model!
      var hash: UInt64 = 0
      func onTrainBegin(model: Model) { self.model = model }
      func onEpochEnd(epoch: Int, logs: Metrics) {
        guard epoch == 1 else { return }
        hash = model.weightsHash
        model.learningRate = .greatestFiniteMagnitude
      }
    }
    let faster = Faster()
    let later = message { try model.fit(data, batchSize: 40, epochs: 5, callbacks: [faster]) }
    #expect(later?.contains("in epoch 4, step 1 of 1; the weights are those of the end of epoch 2") == true, "\(later ?? "")")
    #expect(model.weightsHash == faster.hash)
  }

  /// Rates that come later than `compile`: set, or said by a schedule of the user's own.
  @Test func learningRates() throws {
    struct Falling: Schedule {
      let last: Float
      func rate(step: Int) -> Float { step < 5 ? 0.01 : last }
    }
    let model = try Model(Dense(1), input: [2])
    let data = try Dataset(inputs: randomTensor([40, 2], seed: 1), targets: .values(randomTensor([40, 1], seed: 2)))
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    model.learningRate = -0.01
    #expect(
      message { try model.fit(data, batchSize: 10) }
        == "fit: the learning rate is -0.01 in epoch 1, step 1 of 4; expected a finite number of at least 0")
    #expect(message { try model.trainOnBatch(data) }?.contains("trainOnBatch: learningRate is -0.01") == true)
    for last in [-0.5, .nan, .infinity] as [Float] {
      try model.compile(loss: .meanSquaredError, optimizer: SGD(schedule: Falling(last: last)))
      #expect(
        message { try model.fit(data, batchSize: 10, epochs: 3) }
          == "fit: the learning rate is \(last) in epoch 2, step 2 of 4; expected a finite number of at least 0")
    }
    // The rate that did it, not that of the weights gone back to.
    try model.compile(loss: .meanSquaredError, optimizer: SGD(schedule: Falling(last: 1e30)))
    let text = message { try model.fit(data, batchSize: 10, epochs: 3) }
    #expect(text?.contains("The learning rate was 1e+30") == true, "\(text ?? "")")
  }

  @Test func enormousLayers() {
    func problem(_ layer: any Layer, _ input: [Int]) -> String? { message { _ = try Model(layer, input: input) } }
    #expect(problem(Dense(.max), [3]) == "dense_1: \(Int.max) units; expected at most 2^24")
    #expect(problem(LSTM(1 << 40), [3, 2]) == "lstm_1: \(1 << 40) units; expected at most 2^24")
    #expect(problem(Reshape([.max, .max]), [3])?.hasSuffix("is too large") == true)
  }

  @Test func parametersByName() throws {
    let model = try Model(Sequential { Dense(2) }, input: [2])
    #expect(
      message { _ = try model.parameter("dense_2/kernel") }
        == "no parameter is called dense_2/kernel; there are dense_1/kernel, dense_1/bias")
    #expect(
      message { try model.setParameter("dense_1/bias", to: Tensor(zeros: [3])) }
        == "parameter dense_1/bias has shape [2], got [3]")
  }
}
