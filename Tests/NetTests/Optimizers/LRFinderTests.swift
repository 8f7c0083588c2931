import Net
import Testing

@Suite struct LRFinderTests {
  /// Plain descent on w^2, whose gradient is 2 w, is stable up to a rate of 1. The mean of the losses lags behind, so `largest` is
  /// above, and the suggestion below. Clipping, which would hide it, is left out.
  @Test func findsTheLimitOfDescent() throws {
    let model = try Model(Dense(1, useBias: false), input: [1])
    try model.setParameter("dense_1/kernel", to: Tensor(shape: [1, 1], [1]))
    let data = try Dataset(inputs: Tensor(shape: [1, 1], [1]), targets: .values(Tensor(zeros: [1, 1])))
    try model.compile(loss: .meanSquaredError, optimizer: SGD(), update: UpdateOptions(clipValue: 0.01))
    let found = try LRFinder(from: 1e-4, to: 100, steps: 200).run(model, on: data)
    #expect(found.suggestion > 0.1 && found.suggestion < 1, "\(found.suggestion)")
    #expect(found.rates.count < 200 && found.rates.count == found.losses.count && found.rates.count == found.smoothed.count)
    #expect(found.rates[0] == 1e-4 && zip(found.rates, found.rates.dropFirst()).allSatisfy { $0 < $1 })
    #expect(found.description.hasPrefix("learning rate: the loss falls up to "))
  }

  /// Nothing remains of the search: what follows is bit for bit what would have been.
  @Test func leavesNothingBehind() throws {
    func hash(searching: Bool) throws -> UInt64 {
      let model = try ringModel(optimizer: Adam(schedule: ExponentialDecay(0.02, steps: 10, factor: 0.5)))
      try model.fit(rings(), batchSize: 16, epochs: 1)
      if searching {
        let (rate, weights) = (model.learningRate, model.weightsHash)
        let found = try LRFinder(from: 1e-5, to: 10, steps: 60).run(model, on: rings(), batchSize: 16)
        #expect(found.largest > 1e-4 && found.largest < 10)
        #expect(model.learningRate == rate && model.weightsHash == weights)
      }
      try model.fit(rings(), batchSize: 16, epochs: 1)
      return model.weightsHash
    }
    #expect(try hash(searching: true) == hash(searching: false))
  }

  /// On digits, what is suggested trains well.
  @Test func suggestionTrains() throws {
    let (train, test) = try Dataset.digits()
    let model = try Model(Sequential([Flatten(), Dense(32, activation: .relu), Dense(10)]), input: [28, 28, 1], seed: 3)
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: SGD(momentum: 0.9), metrics: [.accuracy])
    model.learningRate = try LRFinder().run(model, on: train, batchSize: 50).suggestion
    let history = try model.fit(train, batchSize: 50, epochs: 3)
    #expect(try model.evaluate(test).accuracy! > 0.85)
    #expect(history.learningRateSign == .good)
  }

  /// Rates that all are too large, so that the loss only rises.
  @Test func saysWhereNothingFalls() throws {
    let model = try Model(Dense(1, useBias: false), input: [1])
    try model.setParameter("dense_1/kernel", to: Tensor(shape: [1, 1], [1]))
    let data = try Dataset(inputs: Tensor(shape: [1, 1], [1]), targets: .values(Tensor(zeros: [1, 1])))
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    #expect(message { _ = try LRFinder(from: 2, to: 100).run(model, on: data) }?.contains("the loss does not fall") == true)
  }

  @Test func badSettings() throws {
    let (model, data) = (try ringModel(), rings())
    func fails(_ message: String, _ body: () throws -> Void) { #expect(throws: NetError(message), performing: body) }
    fails("lrFinder: rates from 0.0 to 1.0; expected 0 < from < to, finite") {
      _ = try LRFinder(from: 0, to: 1).run(model, on: data)
    }
    fails("lrFinder: rates from 1.0 to inf; expected 0 < from < to, finite") {
      _ = try LRFinder(from: 1, to: .infinity).run(model, on: data)
    }
    fails("lrFinder: steps is 1; expected at least 2") { _ = try LRFinder(steps: 1).run(model, on: data) }
    fails("lrFinder: blowUp is nan; expected above 0") { _ = try LRFinder(blowUp: .nan).run(model, on: data) }
    fails("lrFinder: batch size 0; expected 1 to \(data.count), the examples") {
      _ = try LRFinder().run(model, on: data, batchSize: 0)
    }
    let fresh = try Model(Dense(1), input: [1])
    fails("lrFinder: the model has no loss and optimizer yet; call compile first") {
      _ = try LRFinder().run(fresh, on: data)
    }
  }

  @Test(
    arguments: [
      ([1, 0.5], .unknown), ([1, 0.5, 0.3, 0.25], .good), ([1, 0.5, 0.52, 0.4], .good), ([0.3, 0.3001, 0.2999], .good),
      ([1, 2, 3], .tooLarge), ([1, 0.5, 0.9, 0.5, 0.9], .tooLarge), ([1, .nan, 1], .tooLarge),
      ([1.04, 0.507, 0.514, 0.458, 0.476], .tooLarge), ([1.57, 0.53, 0.36, 0.31, 0.32], .good),
      ([2.3, 2.29, 2.28, 2.27], .tooSmall),
    ] as [([Float], LearningRateSign)])
  func signs(losses: [Float], expected: LearningRateSign) {
    #expect(LearningRateSign(losses: losses) == expected)
    #expect(!expected.description.isEmpty)
  }
}
