import Kernels
import Net
import Reference
import Testing

/// 60 points in the plane in three rings: a small task that needs a hidden layer.
func rings(seed: UInt64 = 1) -> Dataset {
  var random = SplitMix64(seed: seed)
  var inputs: [Float] = []
  var labels: [Int32] = []
  for i in 0..<60 {
    let ring = i % 3
    var x: Float
    var y: Float
    repeat {
      x = Float.random(in: -1...1, using: &random)
      y = Float.random(in: -1...1, using: &random)
    } while Int((x * x + y * y).squareRoot() * 3) != ring
    inputs += [x, y]
    labels.append(Int32(ring))
  }
  return try! Dataset(inputs: Tensor(shape: [60, 2], inputs), targets: .classes(labels, count: 3))
}

/// A classifier of `rings`.
func ringModel(seed: UInt64 = 0, optimizer: any Optimizer = Adam(learningRate: 0.02)) throws -> Model {
  let model = try Model(
    Sequential([Dense(24, activation: .relu), Dropout(rate: 0.1), Dense(24, activation: .tanh), Dense(3)]), input: [2],
    seed: seed)
  try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: optimizer, metrics: [.accuracy])
  return model
}

@Suite struct ModelTests {
  @Test func learnsASmallSetByHeart() throws {
    let data = rings()
    let model = try Model(
      Sequential([Dense(32, activation: .tanh), Dense(32, activation: .tanh), Dense(3)]), input: [2])
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: Adam(learningRate: 0.03), metrics: [.accuracy])
    let history = try model.fit(data, batchSize: 20, epochs: 300)
    let result = try model.evaluate(data)
    #expect(result.accuracy == 1)
    #expect(result.loss < 0.1)
    #expect(history.loss.count == 300)
    #expect(history.loss.last! < history.loss[0] / 5)
  }

  @Test func regression() throws {
    let x = randomTensor([64, 1], seed: 3)
    let data = try Dataset(inputs: x, targets: .values(Tensor(shape: [64, 1], x.values.map { 3 * $0 - 0.5 })))
    let model = try Model(Sequential { Dense(1) }, input: [1])
    try model.compile(loss: .meanSquaredError, optimizer: SGD(learningRate: 0.1, momentum: 0.9))
    try model.fit(data, batchSize: 16, epochs: 60)
    #expect(abs(try model.parameter("dense_1/kernel").values[0] - 3) < 1e-3)
    #expect(abs(try model.parameter("dense_1/bias").values[0] + 0.5) < 1e-3)
  }

  @Test(arguments: [true, false]) func binaryLabels(_ endsInSigmoid: Bool) throws {
    let x = randomTensor([64, 2], seed: 5)
    let labels = (0..<64).map { Int32(x.values[2 * $0] > x.values[2 * $0 + 1] ? 1 : 0) }
    let data = try Dataset(inputs: x, targets: .classes(labels, count: 2))
    let model = try Model(Sequential { Dense(1, activation: endsInSigmoid ? .sigmoid : .linear) }, input: [2])
    try model.compile(loss: .binaryCrossEntropy(), optimizer: Adam(learningRate: 0.1), metrics: [.accuracy, .binaryAccuracy])
    try model.fit(data, batchSize: 16, epochs: 60)
    let result = try model.evaluate(data)
    #expect(result.accuracy! > 0.95)
    #expect(result["binaryAccuracy"] == result.accuracy)
    // Predictions are what the network says: probabilities where it ends in a sigmoid.
    let outputs = try model.predict(x).values
    #expect(outputs.allSatisfy { (0...1).contains($0) } == endsInSigmoid)
  }

  @Test func sameSeedSameBits() throws {
    let data = rings()
    func hash(seed: UInt64) throws -> UInt64 {
      let model = try ringModel(seed: seed)
      try model.fit(data, batchSize: 7, epochs: 3)
      return model.weightsHash
    }
    let expected = try hash(seed: 1)
    #expect(try hash(seed: 1) == expected)
    #expect(try hash(seed: 2) != expected)
    for tier in Tier.available {
      for threads in [1, 2, 3] {
        #expect(try withTier(tier) { try withThreads(threads) { try hash(seed: 1) } } == expected, "\(tier), \(threads) threads")
      }
    }
  }

  /// Two fits of one epoch are one fit of two: random streams go on where they stood.
  @Test func fitGoesOn() throws {
    let data = rings()
    let once = try ringModel()
    try once.fit(data, batchSize: 10, epochs: 4)
    let twice = try ringModel()
    try twice.fit(data, batchSize: 10, epochs: 1)
    try twice.fit(data, batchSize: 10, epochs: 3)
    #expect(once.weightsHash == twice.weightsHash)
  }

  /// An epoch of unshuffled batches is a trainOnBatch of each; the last batch is smaller.
  @Test func fitIsASeriesOfBatches() throws {
    let data = rings()
    let fitted = try ringModel()
    try fitted.fit(data, batchSize: 25, epochs: 1, shuffle: false)
    let stepped = try ringModel()
    for range in [0..<25, 25..<50, 50..<60] { try stepped.trainOnBatch(subset(data, range)) }
    #expect(fitted.weightsHash == stepped.weightsHash)
    #expect(try ringModel().weightsHash != fitted.weightsHash)
  }

  @Test func shuffleSeesEveryExampleOnce() throws {
    let seen = Recorder()
    let n = 23
    let model = try Model(Sequential { Dense(1, useBias: false, kernelInitializer: .zeros) }, input: [n])
    try model.compile(loss: seen, optimizer: SGD(learningRate: 0))
    var identity = [Float](repeating: 0, count: n * n)
    for i in 0..<n { identity[i * n + i] = 1 }
    let targets = try Tensor(shape: [n, 1], (0..<n).map(Float.init))
    let data = try Dataset(inputs: Tensor(shape: [n, n], identity), targets: .values(targets))
    try model.fit(data, batchSize: 5, epochs: 2)
    let (first, second) = (Array(seen.targets[..<n]), Array(seen.targets[n...]))
    #expect(first.sorted() == targets.values)
    #expect(second.sorted() == targets.values)
    #expect(first != targets.values && first != second)
  }

  @Test func validationSplitComesFromTheEnd() throws {
    let seen = Recorder()
    let model = try Model(Sequential { Dense(1, kernelInitializer: .zeros) }, input: [1])
    try model.compile(loss: seen, optimizer: SGD(learningRate: 0))
    let values = try Tensor(shape: [10, 1], (0..<10).map(Float.init))
    let data = try Dataset(inputs: values, targets: .values(values))
    let history = try model.fit(data, batchSize: 4, epochs: 1, validationSplit: 0.3)
    #expect(seen.targets[..<7].sorted() == [0, 1, 2, 3, 4, 5, 6])
    #expect(seen.targets[7...] == [7, 8, 9])
    #expect(history["val_loss"] == [8])
    #expect(history.loss == [3])
  }

  @Test func validationData() throws {
    let model = try ringModel()
    let history = try model.fit(rings(), batchSize: 20, epochs: 2, validationData: rings(seed: 2))
    let lines = history.description.split(separator: "\n")
    #expect(lines.count == 2 && lines[1].hasPrefix("epoch 2: \(history.epochs[1].metrics) (") && lines[1].hasSuffix(" s)"))
    let result = try model.evaluate(rings(seed: 2))
    #expect(history.epochs[1].metrics.names == ["loss", "accuracy", "val_loss", "val_accuracy"])
    #expect(history["val_loss"][1] == result.loss)
    #expect(history["val_accuracy"][1] == result.accuracy)
    #expect(history.epochs.allSatisfy { $0.seconds > 0 })
    #expect("\(result)".hasPrefix("loss: "))
  }

  @Test func predictMatchesItselfAtEveryBatchSize() throws {
    let model = try ringModel()
    let inputs = randomTensor([600, 2], seed: 8)
    let all = try model.predict(inputs)
    #expect(all.shape == [600, 3])
    for i in [0, 1, 255, 256, 599] {
      let one = try model.predict(Tensor(shape: [1, 2], Array(inputs.values[2 * i..<2 * i + 2])))
      #expect(one.values == Array(all.values[3 * i..<3 * i + 3]))
    }
    #expect(try model.predict(Tensor(zeros: [0, 2])).shape == [0, 3])
    #expect(try model.evaluate(rings(), batchSize: 7).accuracy == model.evaluate(rings()).accuracy)
  }

  /// Weights are packed for inference; after a step the old packing must not be used.
  @Test func predictionsFollowTheWeights() throws {
    let model = try ringModel()
    let inputs = randomTensor([4, 2], seed: 8)
    let before = try model.predict(inputs)
    try model.trainOnBatch(rings())
    let after = try model.predict(inputs)
    #expect(before != after)
    #expect(try after == model.outputs(inputs, fuses: false))
    try model.setParameter("dense_3/bias", to: Tensor(shape: [3], [1, 2, 3]))
    #expect(try model.predict(inputs) == model.outputs(inputs, fuses: false))
  }

  @Test func callbacksSeeEverything() throws {
    let spy = Spy()
    let model = try ringModel()
    let history = try model.fit(rings(), batchSize: 25, epochs: 3, callbacks: [spy])
    #expect(spy.events == ["begin", "epoch 0", "0/3", "1/3", "2/3", "end 0", "epoch 1", "0/3", "stopped", "end 1", "finish"])
    #expect(history.epochs.count == 2)
    #expect(spy.accuracies.allSatisfy { (0...1).contains($0) })
  }

  /// Adam first, then SGD: compile again keeps the weights.
  @Test func optimizersCanBeSwitched() throws {
    let model = try ringModel()
    try model.fit(rings(), epochs: 2)
    let hash = model.weightsHash
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: SGD(learningRate: 0.01))
    #expect(model.weightsHash == hash)
    #expect(model.learningRate == 0.01)
    model.learningRate = 0.02
    #expect(model.learningRate == 0.02)
    try model.fit(rings(), epochs: 1)
    #expect(model.weightsHash != hash)
  }

  @Test func summaryGolden() throws {
    #expect(
      try Model(Networks.mlp(), input: [28, 28, 1]).summary() == """
        layer      kind     output   parameters  multiply-adds
        ------------------------------------------------------
        input               28x28x1
        flatten_1  flatten  784               0              0
        dense_1    dense    500         392,500        392,000
        dense_2    dense    500         250,500        250,000
        dense_3    dense    10            5,010          5,000
        ------------------------------------------------------
        total                           648,010        647,000
        trainable 648,010, not trainable 0
        """)
  }

  @Test func names() throws {
    let model = try Model(
      Sequential {
        Dense(3)
        Sequential([Dense(3).named("middle"), Dense(3, useBias: false)])
        for _ in 0..<2 { ActivationLayer(.relu) }
      }, input: [2])
    #expect(
      model.parameters.map(\.name) == ["dense_1/kernel", "dense_1/bias", "middle/kernel", "middle/bias", "dense_2/kernel"])
    #expect(model.parameterCount == 9 + 12 + 9)
    #expect(model.inputShape == [2] && model.outputShape == [3])
  }
}

/// The examples of `range`.
func subset(_ data: Dataset, _ range: Range<Int>) throws -> Dataset {
  let size = data.inputs.count / data.count
  guard case .classes(let labels, let count) = data.targets else { preconditionFailure("classes expected") }
  return try Dataset(
    inputs: Tensor(
      shape: [range.count] + data.inputs.shape.dropFirst(),
      Array(data.inputs.values[range.lowerBound * size..<range.upperBound * size])),
    targets: .classes(Array(labels[range]), count: count))
}

/// A loss that writes down the targets it sees: the mean of the targets.
private final class Recorder: Loss, @unchecked Sendable {
  let name = "recorder"
  var targets: [Float] = []

  func check(_ targets: Dataset.Targets, output shape: [Int]) throws {}

  func evaluate(_ c: LossContext) {
    for i in 0..<c.batch {
      targets.append(c.targets![i])
      c.losses[i] = c.targets![i]
      c.gradient?[i] = 0
    }
  }
}

/// Writes down its calls, reads the model in them, and stops in the second epoch.
private final class Spy: Callback {
  var events: [String] = []
  var accuracies: [Float] = []
  private var model: Model?

  func onTrainBegin(model: Model) {
    self.model = model
    events.append("begin")
  }

  func onEpochBegin(epoch: Int) { events.append("epoch \(epoch)") }

  func onBatchEnd(epoch: Int, batch: Int, batches: Int, logs: Metrics) throws {
    events.append("\(batch)/\(batches)")
    accuracies.append(logs.accuracy!)
    accuracies.append(try model!.evaluate(rings(seed: 4)).accuracy!)
    if epoch == 1 {
      model!.stopTraining()
      events.append("stopped")
    }
  }

  func onEpochEnd(epoch: Int, logs: Metrics) { events.append("end \(epoch)") }

  func onTrainEnd() { events.append("finish") }
}
