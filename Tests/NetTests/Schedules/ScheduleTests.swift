import Kernels
import Net
import Testing

@Suite struct ScheduleTests {
  /// Rates at the golden steps are the golden ones.
  @Test(arguments: ScheduleGoldens.schedules) func agreesWithPyTorch(name: String, schedule: any Schedule) throws {
    try schedule.check()
    compare(name, ScheduleGoldens.steps.map { schedule.rate(at: TrainingTime(step: $0, stepsPerEpoch: 7)) })
    guard let momenta = ScheduleGoldens.rates[name + "Momentum"] else { return }
    #expect(momenta.count == ScheduleGoldens.steps.count)
    compare(name + "Momentum", ScheduleGoldens.steps.map { schedule.momentum(at: TrainingTime(step: $0)) ?? .nan })
  }

  /// Every golden is compared, and every schedule of Net has one.
  @Test func goldensAreComplete() {
    let names = Set(ScheduleGoldens.rates.keys.filter { !$0.hasSuffix("Momentum") })
    #expect(Set(ScheduleGoldens.schedules.map(\.0)) == names)
    let found = Set(ScheduleGoldens.schedules.map { "\(type(of: $0.1))" })
    #expect(SourceTypes.net.conforming(to: "Schedule") == found)
  }

  /// Within 3e-6: a factor that is a Float, to the 99th power.
  private func compare(_ golden: String, _ found: [Float]) {
    for (i, expected) in ScheduleGoldens.rates[golden]!.enumerated() {
      let bound = max(3e-6 * expected.magnitude, 1e-9)
      #expect((found[i] - expected).magnitude <= bound, "\(golden), step \(ScheduleGoldens.steps[i]): \(found[i]), \(expected)")
    }
  }

  @Test func ends() {
    #expect((0..<4).map { MultiStepDecay(1, at: [2], factor: 0.5).rate(step: $0) } == [1, 1, 0.5, 0.5])
    #expect(CosineDecay(0.1, steps: 50).rate(step: 50) == 0 && CosineDecay(0.1, steps: 50).rate(step: 5000) == 0)
    let oneCycle = OneCycle(peak: 0.1, steps: 100)
    #expect(oneCycle.rate(step: 1000) == oneCycle.rate(step: 99))
    #expect(Cyclic(from: 0.01, to: 0.1, stepsUp: 10).momentum(at: TrainingTime(step: 3)) == nil)
  }

  /// Lengths at which a phase has no steps.
  @Test(arguments: [(1, 0.3), (2, 0), (2, 0.5), (2, 1), (10, 0.1), (10, 1)] as [(Int, Float)])
  func shortestCycles(steps: Int, rise: Float) throws {
    let schedule = OneCycle(peak: 1, steps: steps, rise: rise)
    try schedule.check()
    for step in 0..<steps + 2 { #expect((0...1).contains(schedule.rate(step: step)), "step \(step)") }
  }

  @Test func joined() {
    #expect(Warmup(from: 0.5, steps: 4, then: ConstantRate(1)).rate(step: 2) == 0.75)
    #expect(Warmup(steps: 0, then: ConstantRate(1)).rate(step: 0) == 1)
    // The momentum is that of the schedule in force.
    let cycle = OneCycle(peak: 1, steps: 10)
    let late = Warmup(steps: 5, then: JoinedSchedules([ConstantRate(1), cycle], at: [7]))
    #expect(late.momentum(at: TrainingTime(step: 11)) == nil)
    #expect(late.momentum(at: TrainingTime(step: 15)) == cycle.momentum(at: TrainingTime(step: 3)))
  }

  @Test func units() {
    let schedule = StepDecay(1, every: 2, factor: 0.5)
    let times = (0..<12).map { TrainingTime(step: $0, stepsPerEpoch: 3) }
    let steps: [Float] = [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625, 0.0625, 0.03125, 0.03125]
    #expect(times.map { schedule.perStep.rate(at: $0) } == steps)
    let epochs: [Float] = [1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    #expect(times.map { schedule.perEpoch.rate(at: $0) } == epochs)
    // Epochs count from where a part begins.
    let late = Warmup(from: 1, steps: 3, then: StepDecay(1, every: 1, factor: 0.5).perEpoch)
    let later: [Float] = [1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]
    #expect(times.map { late.rate(at: $0) } == later)
  }

  @Test(arguments: badSchedules)
  func badSettings(schedule: any Schedule, expected: String) throws {
    let model = try ringModel()
    #expect(throws: NetError(expected)) {
      try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: Adam(schedule: schedule))
    }
  }
}

@Suite struct ScheduledTrainingTests {
  /// What the optimizer is given in each step.
  private final class Seen: Optimizer, @unchecked Sendable {
    let name = "seen"
    let stateCount = 0
    var learningRate: any Schedule
    private(set) var rates: [Float] = []
    private(set) var momenta: [Float?] = []

    init(_ schedule: any Schedule) { learningRate = schedule }

    func update(_ context: UpdateContext) {
      rates.append(context.learningRate)
      momenta.append(context.momentum)
    }
  }

  @Test func optimizersSeeTheSchedule() throws {
    let seen = Seen(OneCycle(peak: 1, steps: 12))
    let model = try ringModel(optimizer: seen)
    let data = rings()
    try model.fit(data, batchSize: (data.count + 2) / 3, epochs: 4)
    #expect(seen.rates == (0..<12).map { OneCycle(peak: 1, steps: 12).rate(step: $0) })
    #expect(seen.momenta == (0..<12).map { OneCycle(peak: 1, steps: 12).momentum(at: TrainingTime(step: $0)) })
    #expect(model.learningRate == seen.learningRate.rate(step: 12))
    model.learningRate = 0.25
    try model.trainOnBatch(data)
    #expect(seen.rates.last == 0.25 && seen.momenta.last == .some(nil))
  }

  /// Epochs are those of fit, however many steps each had.
  @Test func epochsOfDifferentLength() throws {
    let seen = Seen(StepDecay(1, every: 1, factor: 0.5).perEpoch)
    let model = try ringModel(optimizer: seen)
    let data = rings()
    try model.fit(data, batchSize: (data.count + 1) / 2, epochs: 2)
    try model.fit(data, batchSize: data.count, epochs: 2)
    #expect(seen.rates == [1, 1, 0.5, 0.5, 0.25, 0.125])
  }

  /// A schedule goes on where it was: two fits are one.
  @Test(
    arguments: [
      Warmup(steps: 7, then: CosineDecay(0.1, steps: 50)), ExponentialDecay(0.1, steps: 2, factor: 0.5).perEpoch,
    ] as [any Schedule])
  func fitGoesOn(schedule: any Schedule) throws {
    func hash(_ epochs: [Int]) throws -> UInt64 {
      let model = try ringModel(optimizer: SGD(schedule: schedule, momentum: 0.9))
      for count in epochs { try model.fit(rings(), batchSize: 16, epochs: count) }
      return model.weightsHash
    }
    #expect(try hash([4]) == hash([1, 3]))
  }
}

private let badSchedules: [(any Schedule, String)] = [
  (StepDecay(0.1, every: 0), "stepDecay: every is 0; expected at least 1"),
  (StepDecay(-0.1, every: 1), "stepDecay: learningRate is -0.1; expected at least 0.0 and finite"),
  (StepDecay(0.1, every: 1, factor: .nan), "stepDecay: factor is nan; expected at least 0.0 and finite"),
  (
    MultiStepDecay(0.1, at: [3, 3]),
    "multiStepDecay: milestones are [3, 3]; expected steps of at least 0, each greater than the one before"
  ),
  (ExponentialDecay(0.1, steps: 0, factor: 1), "exponentialDecay: steps is 0; expected at least 1"),
  (InverseTimeDecay(0.1, steps: 1, decay: -1), "inverseTimeDecay: decay is -1.0; expected at least 0.0 and finite"),
  (PolynomialDecay(0.1, steps: 1, to: -1), "polynomialDecay: end is -1.0; expected at least 0.0 and finite"),
  (CosineDecay(0.1, steps: -1), "cosineDecay: steps is -1; expected at least 1"),
  (
    CosineDecayRestarts(0.1, firstSteps: 1, lengthFactor: 0.5),
    "cosineDecayRestarts: lengthFactor is 0.5; expected at least 1.0 and finite"
  ),
  (OneCycle(peak: 0.1, steps: 1, rise: 2), "oneCycle: rise is 2.0; expected from 0 to 1"),
  (OneCycle(peak: 0.1, steps: 1, momentum: 0.5...1), "oneCycle: momentum is 1.0; expected at least 0.0 and less than 1.0"),
  (Cyclic(from: 0, to: 1, stepsUp: 1, stepsDown: 0), "cyclic: stepsDown is 0; expected at least 1"),
  (Warmup(steps: 1, then: ConstantRate(-1)), "warmup: the first rate of then is -1.0; expected at least 0.0 and finite"),
  (Warmup(steps: 1, then: CosineDecay(1, steps: 0).perEpoch), "cosineDecay: steps is 0; expected at least 1"),
  (
    JoinedSchedules([ConstantRate(1)], at: [1]),
    "joinedSchedules: 1 schedules and 1 boundaries; expected at least one schedule, and one boundary fewer than schedules"
  ),
]
