import Net

let scheduleCommand = Command(
  name: "schedule",
  summary: "Draws a schedule: the learning rate over the steps of a training",
  details: """
    Schedules: \(ScheduleChoice.allCases.map { "\($0.rawValue) (\($0.summary))" }.joined(separator: ", ")).
    What is drawn is what train does with the same options: steps are epochs times steps an epoch.
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
    let rates = (0..<steps).map { schedule.rate(step: $0) }
    let curve = Curve(rates, title: name + (warmup > 0 ? " after \(warmup) steps of warm-up" : ""))
    if arguments.has("--svg") { try AtomicFile.write(Array(curve.svg.utf8), to: arguments.text("--svg")) }
    guard arguments.has("--json") else {
      Output.line(curve.text)
      return 0
    }
    let line: JSON = .object([
      "schedule": .string(name), "steps": .integer(steps), "warmup": .integer(warmup), "rates": .array(rates.map(JSON.real)),
    ])
    Output.line(line.description)
    return 0
  })
