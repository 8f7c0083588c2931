import Net
import Testing

@testable import lanewise

@Suite struct ScheduleChoiceTests {
  /// Every choice fits itself to every length of training: legal settings, rates between 0 and the one asked for.
  @Test(arguments: ScheduleChoice.allCases) func fits(choice: ScheduleChoice) throws {
    for steps in [1, 2, 3, 4, 5, 7, 10, 100, 801] {
      for warmup in [0, 1, steps / 2] where warmup < steps {
        let schedule = try choice.schedule(learningRate: 0.5, steps: steps, warmup: warmup)
        try schedule.check()
        let rates = (0...steps).map { schedule.rate(step: $0) }
        #expect(rates.allSatisfy { (0...0.5).contains($0) }, "\(steps) steps, warmup \(warmup)")
        if warmup > 0 { #expect(rates[0] == 0) }
      }
    }
    #expect(throws: NetError("--warmup 9: the training has only 9 steps")) {
      try choice.schedule(learningRate: 0.5, steps: 9, warmup: 9)
    }
  }

  @Test func ends() throws {
    func last(_ choice: ScheduleChoice) throws -> Float {
      try choice.schedule(learningRate: 1, steps: 1000, warmup: 100).rate(step: 1000)
    }
    #expect(try last(.constant) == 1)
    #expect(try last(.cosine) == 0 && last(.linear) == 0)
    #expect(try (last(.exponential) - 0.01).magnitude < 1e-6 && (last(.inverseTime) - 0.1).magnitude < 1e-6)
    #expect(try (last(.multiStep) - 0.01).magnitude < 1e-6)
  }
}
