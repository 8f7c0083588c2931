import Net

/// The records of `Goldens/schedules.json`: what PyTorch gives for schedules that begin at 0.1 (one-cycle: whose peak is 0.1), and
/// the formulas of Keras under names with `keras`.
enum ScheduleGoldens {
  static let steps = [0, 1, 2, 5, 9, 10, 11, 20, 29, 30, 31, 49, 50, 75, 99]

  static let rates = Dictionary(
    uniqueKeysWithValues: try! Goldens.read("schedules")["cases"].elements.map {
      ($0["name"].text, $0["rates"].elements.map(\.float))
    })

  /// Net's side, in a training of seven steps an epoch.
  static let schedules: [(String, any Schedule)] = [
    ("constant", ConstantRate(0.1)),
    ("step", StepDecay(0.1, every: 10, factor: 0.5)),
    ("stepPerEpoch", StepDecay(0.1, every: 3, factor: 0.5).perEpoch),
    ("multiStep", MultiStepDecay(0.1, at: [2, 10, 50])),
    ("exponential", ExponentialDecay(0.1, steps: 1, factor: 0.97)),
    ("kerasExponential", ExponentialDecay(0.1, steps: 20, factor: 0.5)),
    ("kerasExponentialStaircase", ExponentialDecay(0.1, steps: 20, factor: 0.5, staircase: true)),
    ("kerasInverse", InverseTimeDecay(0.1, steps: 20, decay: 0.5)),
    ("kerasInverseStaircase", InverseTimeDecay(0.1, steps: 20, decay: 0.5, staircase: true)),
    ("polynomial", PolynomialDecay(0.1, steps: 50, power: 2)),
    ("kerasPolynomial", PolynomialDecay(0.1, steps: 30, to: 0.01, power: 0.5)),
    ("kerasPolynomialCycle", PolynomialDecay(0.1, steps: 30, to: 0.01, power: 0.5, cycles: true)),
    ("cosine", CosineDecay(0.1, steps: 99)),
    ("kerasCosine", CosineDecay(0.1, steps: 50, alpha: 0.1)),
    ("restarts", CosineDecayRestarts(0.1, firstSteps: 10)),
    ("restartsEqual", CosineDecayRestarts(0.1, firstSteps: 20, lengthFactor: 1, alpha: 0.1)),
    ("kerasRestarts", CosineDecayRestarts(0.1, firstSteps: 15, lengthFactor: 1.5, heightFactor: 0.8, alpha: 0.05)),
    ("oneCycle", OneCycle(peak: 0.1, steps: 100)),
    ("cyclic", Cyclic(from: 0.01, to: 0.1, stepsUp: 10, stepsDown: 15, momentum: 0.8...0.9)),
    ("cyclicHalving", Cyclic(from: 0.01, to: 0.1, stepsUp: 10, height: .halving)),
    ("cyclicExponential", Cyclic(from: 0.01, to: 0.1, stepsUp: 10, height: .exponential(factor: 0.98))),
    ("linearWarmup", Warmup(from: 0.1 / 3, steps: 5, then: ConstantRate(0.1))),
    ("kerasWarmupCosine", Warmup(steps: 20, then: CosineDecay(0.1, steps: 60))),
    (
      "joined", JoinedSchedules([StepDecay(0.1, every: 10, factor: 0.5), ExponentialDecay(0.1, steps: 1, factor: 0.9)], at: [30])
    ),
  ]
}
