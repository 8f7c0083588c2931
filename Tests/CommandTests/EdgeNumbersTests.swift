import Net
import Testing

@testable import lanewise

/// Numbers at the edge of what the command line can be given.
@Suite struct EdgeNumbersTests {
  private static let lengths = [1, 2, 3, 4, 5, 1 << 40, Int.max / 4, Int.max / 3, Int.max - 3, Int.max - 1, Int.max]

  @Test(arguments: ScheduleChoice.allCases) func schedulesOfAnyLength(choice: ScheduleChoice) throws {
    for steps in Self.lengths {
      for warmup in [0, 1, steps / 2, steps - 1] where warmup < steps {
        let schedule = try choice.schedule(learningRate: 0.1, steps: steps, warmup: warmup)
        try schedule.check()
        let samples = Samples(of: steps)
        let rates = [samples.steps[0], samples.steps.last!, steps / 2].map { schedule.rate(step: $0) }
        #expect(rates.allSatisfy { (0...0.1000001).contains($0) }, "\(choice) of \(steps) after \(warmup): \(rates)")
      }
    }
  }

  @Test(arguments: [1_000_001, 99_999_999_999, Int.max]) func manyStepsAreSampled(count: Int) {
    let samples = Samples(of: count)
    #expect(!samples.areAll && samples.steps.count == 10_000)
    #expect(samples.steps.first == 0 && samples.steps.last == count - 1)
    #expect(zip(samples.steps, samples.steps.dropFirst()).allSatisfy { $0 < $1 })
    let curve = Curve(samples.steps.map { Float($0) / Float(count) }, steps: count, title: "line")
    #expect(curve.text.hasPrefix("line: \(count) steps\n") && curve.text.contains(" \(count - 1)\n"))
    #expect(curve.svg.contains(">\(count - 1)</text>"))
  }

  @Test func fewStepsAreAllLookedAt() {
    #expect(Samples(of: 3).steps == [0, 1, 2] && Samples(of: 3).areAll)
    #expect(Samples(of: 1_000_000).areAll && Samples(of: 1).steps == [0])
  }

  @Test(arguments: [
    ("train", "--epochs", ["0", "-1", "1.5", "1e3", "0x10", " 1", "1 ", "\u{0661}", "9223372036854775808", "", "nan"]),
    ("train", "--batch", ["0", "-1", "9223372036854775808", "1_000"]),
    ("train", "--warmup", ["-1", "--1", "9223372036854775808"]),
    ("train", "--seed", ["-1", "18446744073709551616", "0x1"]),
    (
      "train", "--learning-rate",
      ["0", "-0", "-1", "nan", "inf", "1e400", "1e-400", "0x1p3", "0x10", " 1", "1,5", "\u{FF11}", "infinity"]
    ),
    ("train", "--momentum", ["1", "-0.1", "nan", "0.99999999999", "1e400", "0x0"]),
    ("train", "--weight-decay", ["-1", "nan", "inf", "1e400", "0x1"]),
    ("schedule", "--steps", ["0", "-1", "99999999999999999999", "1e3"]),
  ])
  func refusesWhatIsNoNumberOfItsKind(command: String, option: String, values: [String]) {
    for value in values {
      #expect(throws: UsageError.self, "\(option) '\(value)'") {
        try Arguments(["\(option)=\(value)"], Program.commands.first { $0.name == command }!)
      }
    }
  }

  @Test(arguments: [
    "train --epochs 9223372036854775807", "train --epochs 999999999999999999 --schedule cosine",
    "train --epochs 9223372036854775807 --schedule cyclic --warmup 9223372036854775806", "train --batch 9223372036854775807",
    "train --warmup 9223372036854775807", "schedule --steps 10 --warmup 9223372036854775807",
  ])
  func endsInAnError(line: String) async {
    let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) { [line] in
      exitProcess(
        Program.run(line.split(separator: " ").map(String.init) + (line.hasPrefix("train") ? ["--output", "/dev/null"] : [])))
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("lanewise: --"))
  }

  @Test(arguments: ScheduleChoice.allCases.map(\.rawValue)) func drawsSchedulesOfAnyLength(name: String) async {
    await #expect(processExitsWith: .success) { [name] in
      for steps in ["99999999999", "9223372036854775807", "1000001"] {
        for more in [[], ["--json"], ["--warmup", "500000", "--svg", "/dev/null"]] {
          precondition(Program.run(["schedule", "--schedule", name, "--steps", steps] + more) == 0)
        }
      }
    }
  }
}
