import Kernels
import Net
import Testing

/// Schedules of any length, at any step: a rate, soon.
@Suite struct ScheduleEdgeTests {
  private static let lengths = [1, 2, 1000, 1 << 53, Int.max / 3, Int.max - 1, Int.max]

  private static func schedules(_ n: Int) -> [any Schedule] {
    [
      ConstantRate(0.1), StepDecay(0.1, every: n), MultiStepDecay(0.1, at: [n / 2, n]),
      ExponentialDecay(0.1, steps: n, factor: 0.5),
      ExponentialDecay(0.1, steps: n, factor: 0.5, staircase: true), InverseTimeDecay(0.1, steps: n, decay: 1),
      PolynomialDecay(0.1, steps: n), PolynomialDecay(0.1, steps: n, cycles: true), CosineDecay(0.1, steps: n),
      CosineDecayRestarts(0.1, firstSteps: n), CosineDecayRestarts(0.1, firstSteps: n, lengthFactor: 1),
      CosineDecayRestarts(0.1, firstSteps: n, lengthFactor: 1.0000001, heightFactor: 0.999),
      OneCycle(peak: 0.1, steps: n), Cyclic(from: 0.01, to: 0.1, stepsUp: n),
      Cyclic(from: 0.01, to: 0.1, stepsUp: n, stepsDown: 1),
      Cyclic(from: 0.01, to: 0.1, stepsUp: 1, stepsDown: n, height: .halving), Warmup(steps: n, then: CosineDecay(0.1, steps: n)),
      JoinedSchedules([ConstantRate(0.1), CosineDecay(0.1, steps: n)], at: [n]), CosineDecay(0.1, steps: n).perEpoch,
    ]
  }

  @Test(arguments: lengths) func anyLengthAtAnyStep(length: Int) throws {
    for schedule in Self.schedules(length) {
      try schedule.check()
      for step in Self.lengths + [0] {
        let time = TrainingTime(step: step, stepsPerEpoch: max(1, length))
        let rates = [schedule.rate(step: step), schedule.rate(at: time)]
        #expect(rates.allSatisfy { (0...0.1000001).contains($0) }, "\(schedule) at \(step): \(rates)")
        if let momentum = schedule.momentum(at: time) { #expect((0..<1).contains(momentum)) }
      }
    }
  }

  /// Where waves are skipped the rate goes on as if they had been gone through.
  @Test(arguments: [(1, Float(1.00001)), (3, 1.0001), (1, 1.0000002)]) func skippedWavesAreWhereTheyWere(
    first: Int, factor: Float
  ) {
    let schedule = CosineDecayRestarts(1, firstSteps: first, lengthFactor: factor)
    for step in [70_000, 100_000, 1_000_000, 12_345_678] {
      var (position, length) = (Double(step), Double(first))
      while position >= length { (position, length) = (position - length, length * Double(factor)) }
      let expected = (1 + PortableMath.cosPi(position / length)) / 2
      #expect((Double(schedule.rate(step: step)) - expected).magnitude < 2e-3, "step \(step)")
    }
  }

  @Test func restartsThatGrowAreAsTheyWere() {
    let schedule = CosineDecayRestarts(0.1, firstSteps: 10)
    #expect(
      [0, 5, 9, 10, 30, 70, 1000].map { schedule.rate(step: $0) }
        == [0, 5, 9, 10, 30, 70, 1000].map { step in
          var (position, length) = (Double(step), 10.0)
          while position >= length { (position, length) = (position - length, length * 2) }
          return Float(Double(Float(0.1)) * ((1 + PortableMath.cosPi(position / length)) / 2))
        })
  }
}
