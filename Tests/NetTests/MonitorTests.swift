import Testing

@testable import Net

/// What callbacks make of numbers that are none: a NaN is not better than anything, and any number is better than none.
@Suite struct MonitorTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let numbers: [Float]
    var patience = 2
    var mode = MonitorMode.min
    var minDelta: Float = 0
    /// How many epochs `EarlyStopping` lets pass, and its best.
    let epochs: Int
    let best: Int?
    /// The epochs that `ModelCheckpoint` saves (with a delta of 0).
    let saved: [Int]

    var testDescription: String { "\(numbers), patience \(patience), \(mode)" }
  }

  private static let (nan, inf) = (Float.nan, Float.infinity)

  static let cases = [
    Case(numbers: [nan, 0.5, 0.4, 0.3, 0.35, 0.36, 0.37], epochs: 6, best: 3, saved: [1, 2, 3]),
    Case(numbers: [nan, 0.5, 0.6, 0.7, 0.65, 0.6], mode: .max, epochs: 6, best: 3, saved: [1, 2, 3]),
    // Later ones are epochs of waiting, the first too, after which alone nothing happens.
    Case(numbers: [0.5, nan, 0.4, nan, nan, 0.3], epochs: 5, best: 2, saved: [0, 2, 5]),
    Case(numbers: [0.5, nan, 0.6, nan, nan, 0.7], mode: .max, epochs: 5, best: 2, saved: [0, 2, 5]),
    Case(numbers: [nan, 0.5, 0.6], patience: 1, epochs: 3, best: 1, saved: [1]),
    Case(numbers: [nan, 0.5, 0.6], patience: 0, epochs: 3, best: 1, saved: [1]),
    Case(numbers: [nan, nan, 0.5], epochs: 2, best: nil, saved: [2]),
    Case(numbers: [nan, nan, nan, nan], patience: 3, epochs: 3, best: nil, saved: []),
    Case(numbers: [nan, nan, nan, nan], patience: 3, mode: .max, epochs: 3, best: nil, saved: []),
    // Infinities are numbers.
    Case(numbers: [inf, inf, 0.5, 0.6, 0.7], epochs: 5, best: 2, saved: [0, 2]),
    Case(numbers: [nan, inf, 0.5, -inf, -inf, 0.5], epochs: 6, best: 3, saved: [1, 2, 3]),
    Case(numbers: [-inf, 0.5, inf, inf, nan], mode: .max, epochs: 5, best: 2, saved: [0, 1, 2]),
    Case(numbers: [nan, 0.5, 0.45, 0.42, 0.3], minDelta: 0.1, epochs: 4, best: 1, saved: [1, 2, 3, 4]),
    Case(numbers: [inf, 0.5, 0.3, 0.25, 0.21], minDelta: 0.1, epochs: 5, best: 2, saved: [0, 1, 2, 3, 4]),
  ]

  /// A metric that says what it is told, once an epoch.
  private struct Told: Metric {
    let name = "told"
    let numbers: [Float]

    func makeAccumulator() -> any MetricAccumulator { Accumulator(numbers) }

    private final class Accumulator: MetricAccumulator {
      private let numbers: [Float]
      private var epoch = -1

      init(_ numbers: [Float]) { self.numbers = numbers }

      func reset() { epoch += 1 }
      func update(_ batch: MetricBatch) {}
      var value: Float { numbers[epoch] }
    }
  }

  private func model(_ c: Case) throws -> (Model, Dataset) {
    let model = try Model(Dense(1), input: [1])
    try model.compile(loss: .meanSquaredError, optimizer: SGD(learningRate: 0.01), metrics: [Told(numbers: c.numbers)])
    let one = try Tensor(shape: [1, 1], [1])
    return (model, try Dataset(inputs: one, targets: .values(one)))
  }

  @Test(arguments: cases) func earlyStopping(_ c: Case) throws {
    let (model, data) = try model(c)
    let stopping = try EarlyStopping(monitor: "told", minDelta: c.minDelta, patience: c.patience, mode: c.mode)
    let keeper = Keeper()
    let history = try model.fit(data, epochs: c.numbers.count, callbacks: [keeper, stopping])
    #expect(history.epochs.count == c.epochs && stopping.bestEpoch == c.best)
    #expect(stopping.best == c.best.map { c.numbers[$0] })
    // Without a best epoch the last weights stay.
    #expect(model.weightsHash == keeper.hashes[c.best ?? c.epochs - 1])
  }

  /// Remembers the weights after each epoch.
  private final class Keeper: Callback {
    private(set) var hashes: [UInt64] = []
    private weak var model: Model?

    func onTrainBegin(model: Model) { self.model = model }
    func onEpochEnd(epoch: Int, logs: Metrics) { hashes.append(model!.weightsHash) }
  }

  @Test(arguments: cases) func modelCheckpoint(_ c: Case) throws {
    let folder = TemporaryFolder()
    let (model, data) = try model(c)
    try model.fit(
      data, epochs: c.numbers.count,
      callbacks: [ModelCheckpoint(path: folder.path("{epoch}"), monitor: "told", saveBestOnly: true, mode: c.mode)])
    #expect(folder.contents == c.saved.map { "\($0 + 1)" })
  }

  /// The first epochs that count are those from `startFromEpoch` on.
  @Test func startFromEpoch() throws {
    let c = Case(numbers: [0.1, .nan, 0.5, 0.6, 0.7], epochs: 4, best: 2, saved: [])
    let (model, data) = try model(c)
    let stopping = try EarlyStopping(monitor: "told", patience: 1, mode: .min, startFromEpoch: 1)
    #expect(try model.fit(data, epochs: 5, callbacks: [stopping]).epochs.count == 4)
    #expect(stopping.bestEpoch == 2)
  }

  private static let plateaus: [([Float], Int, MonitorMode, [Float])] = [
    // While the number falls the rate stays.
    ([nan, 0.5, 0.4, 0.3, 0.2], 1, MonitorMode.min, [1, 1, 1, 1, 1]),
    ([nan, 0.5, 0.4, 0.3, 0.2], 0, .min, [1, 1, 1, 1, 1]),
    ([nan, 0.5, 0.6, 0.7, 0.8], 1, .max, [1, 1, 1, 1, 1]),
    ([0.5, nan, nan, 0.4, nan], 2, .min, [1, 1, 0.5, 0.5, 0.5]),
    ([nan, nan, nan, nan, nan], 2, .min, [1, 0.5, 0.5, 0.25, 0.25]),
    ([inf, 0.5, inf, nan, -inf], 2, .min, [1, 1, 1, 0.5, 0.5]),
  ]

  @Test(arguments: plateaus)
  func reduceLROnPlateau(numbers: [Float], patience: Int, mode: MonitorMode, rates: [Float]) throws {
    let model = try Model(Dense(1), input: [1])
    try model.compile(loss: .meanSquaredError, optimizer: SGD(learningRate: 1))
    let callback = try ReduceLROnPlateau(patience: patience, mode: mode)
    try callback.onTrainBegin(model: model)
    let found = try numbers.enumerated().map { epoch, number in
      try callback.onEpochEnd(epoch: epoch, logs: Metrics(names: ["loss", "val_loss"], values: [0, number]))
      return model.learningRate
    }
    #expect(found == rates)
  }
}
