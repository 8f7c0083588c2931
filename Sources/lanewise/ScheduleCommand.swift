import Net

let scheduleCommand = Command(
  name: "schedule",
  summary: "Draws a schedule: the learning rate over the steps of a training",
  details: """
    Schedules: \(ScheduleChoice.allCases.map { "\($0.rawValue) (\($0.summary))" }.joined(separator: ", ")).
    What is drawn is what train does with the same options: steps are epochs times steps an epoch.
    Of more than a million steps, \(Samples.some) at equal distances are looked at; --json then lists them too, as "at".
    """,
  options: [
    Option(
      name: "--schedule", kind: .choice(ScheduleChoice.allCases.map(\.rawValue)), help: "which schedule", fallback: "cosine"),
    Option(name: "--learning-rate", kind: .positive, help: "the largest rate", fallback: "0.001"),
    Option(name: "--steps", kind: .count(atLeast: 1), help: "optimizer steps", fallback: "1000"),
    Option(
      name: "--warmup", kind: .count(atLeast: 0), help: "steps in which the learning rate rises from 0, before the schedule",
      fallback: "0"),
    Option(name: "--svg", kind: .text("FILE"), help: "where to draw it as SVG too"),
    jsonOption,
  ],
  examples: [
    "schedule --schedule cosine --warmup 100",
    "schedule --schedule one-cycle --steps 800 --learning-rate 0.01 --svg one-cycle.svg",
  ],
  body: { arguments in
    let name = arguments.text("--schedule")
    let (steps, warmup) = (arguments.integer("--steps"), arguments.integer("--warmup"))
    let schedule = try ScheduleChoice(rawValue: name)!.schedule(
      learningRate: arguments.number("--learning-rate"), steps: steps, warmup: warmup)
    let samples = Samples(of: steps)
    let rates = samples.steps.map { schedule.rate(step: $0) }
    let curve = Curve(rates, steps: steps, title: name + (warmup > 0 ? " after \(warmup) steps of warm-up" : ""))
    if arguments.has("--svg") { try AtomicFile.write(Array(curve.svg.utf8), to: arguments.text("--svg")) }
    guard arguments.has("--json") else {
      Output.line(curve.text)
      return 0
    }
    var members: [JSON.Member] = [
      .init("schedule", .string(name)), .init("steps", .integer(steps)), .init("warmup", .integer(warmup)),
      .init("rates", .array(rates.map(JSON.real))),
    ]
    if !samples.areAll { members.append(.init("at", .array(samples.steps.map(JSON.integer)))) }
    Output.line(JSON.object(members).description)
    return 0
  })

/// Which steps of a training are looked at: all, or of very many some at equal distances, first and last among them.
struct Samples {
  static let (most, some) = (1_000_000, 10_000)

  let steps: [Int]
  let areAll: Bool

  init(of count: Int) {
    areAll = count <= Samples.most
    let last = Samples.some - 1
    steps =
      areAll
      ? Array(0..<count)
      : (0...last).map { i in last.dividingFullWidth(i.multipliedFullWidth(by: count - 1)).quotient }
  }
}
