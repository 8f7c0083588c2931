import Kernels
import Net

let trainCommand = Command(
  name: "train",
  summary: "Trains a network, tests it, and writes its weights",
  details: """
    Models: \(Network.all.map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")).
    Schedules, over the whole training: \(ScheduleChoice.allCases.map { "\($0.rawValue) (\($0.summary))" }.joined(separator: ", ")).
    The same options give the same weights on every processor and any number of threads.
    Control-C ends the training early; the weights are written all the same. A second Control-C ends at once.
    When the loss stops being a number, training stops, and the weights of the last good epoch are written.
    """,
  options: [
    dataOption,
    Option(name: "--model", kind: .choice(Network.all.map(\.name)), help: "which network", fallback: Network.all[0].name),
    Option(name: "--epochs", kind: .count(atLeast: 1), help: "how many times to go through the data", fallback: "20"),
    Option(name: "--batch", kind: .count(atLeast: 1), help: "examples a step", fallback: "100"),
    Option(
      name: "--optimizer", kind: .choice(OptimizerChoice.allCases.map(\.rawValue)), help: "how weights follow gradients",
      fallback: "adam"),
    Option(
      name: "--learning-rate", kind: .positive, help: "how far [the optimizer's own: 0.001 for adam, 0.01 for sgd and momentum]"),
    Option(
      name: "--schedule", kind: .choice(ScheduleChoice.allCases.map(\.rawValue)), help: "how the learning rate changes",
      fallback: "constant"),
    Option(
      name: "--warmup", kind: .count(atLeast: 0), help: "steps in which the learning rate rises from 0, before the schedule",
      fallback: "0"),
    Option(name: "--momentum", kind: .number(below: 1), help: "of momentum and nesterov", fallback: "0.9"),
    Option(
      name: "--weight-decay", kind: .number(below: nil),
      help: "what a step takes off each weight, as a share of it and times the learning rate [0.01 for adamw, else 0]"),
    Option(name: "--seed", kind: .seed, help: "what the first weights and the order of the examples follow from", fallback: "0"),
    Option(name: "--output", kind: .text("FILE"), help: "where the weights go", fallback: "lanewise-weights.safetensors"),
    jsonOption,
  ],
  examples: [
    "train",
    "train --data fashion-mnist/ --epochs 10 --output fashion.safetensors",
    "train --optimizer momentum --learning-rate 0.05 --schedule cosine --warmup 100 --seed 1",
  ],
  body: { try Training($0).run() })

/// One run of `train`.
private struct Training {
  private let arguments: Arguments
  private let network: Network
  private let output: String
  /// For what people read; standard output belongs to the JSON line where one is asked for.
  private let console: Output

  init(_ arguments: Arguments) {
    self.arguments = arguments
    network = Network.named(arguments.text("--model"))!
    output = arguments.text("--output")
    console = arguments.has("--json") ? .error : .standard
  }

  func run() throws -> Int32 {
    try AtomicFile.checkWritable(output)
    let (train, test) = try dataset(arguments.text("--data"), for: network)
    let batch = arguments.integer("--batch")
    guard batch <= train.count else {
      throw NetError("--batch \(batch): there are only \(train.count) examples to train on")
    }
    let model = try network.model(seed: arguments.seed("--seed"))
    let (epochs, batches) = (arguments.integer("--epochs"), (train.count + batch - 1) / batch)
    let (steps, overflow) = epochs.multipliedReportingOverflow(by: batches)
    guard !overflow else {
      throw NetError("--epochs \(epochs): of \(batches) steps each; expected at most \(Int.max / batches)")
    }
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: optimizer(steps: steps), metrics: [.accuracy])
    console.line(
      "\(arguments.text("--data")): \(train.count) examples to train, \(test.count) to test; \(network.name): "
        + "\(model.trainableParameterCount) trainable parameters; \(Tier.current), threads: \(threadCount)")

    let progress = Progress(console, epochs: arguments.integer("--epochs"))
    let seconds = try fit(model, train, batch, progress)
    // The weights first: whatever may be wrong with the test examples, they are safe.
    try WeightsFile.write(model, of: network, to: output)
    let metrics = try model.evaluate(test)
    let trained = Double(train.count * progress.epochsDone)
    report(model, metrics, epochs: progress.epochsDone, seconds: seconds, examplesPerSecond: trained / seconds)
    guard Interruption.isRequested else { return 0 }
    Output.error("\(Program.name): interrupted; \(output) holds the weights as they were then")
    return 130
  }

  /// The optimizer for a training of so many steps.
  private func optimizer(steps: Int) throws -> any Optimizer {
    let choice = OptimizerChoice(rawValue: arguments.text("--optimizer"))!
    let rate = arguments.has("--learning-rate") ? arguments.number("--learning-rate") : choice.learningRate
    let schedule = try ScheduleChoice(rawValue: arguments.text("--schedule"))!.schedule(
      learningRate: rate, steps: steps, warmup: arguments.integer("--warmup"))
    let weightDecay = arguments.has("--weight-decay") ? arguments.number("--weight-decay") : nil
    return choice.optimizer(
      schedule, momentum: arguments.number("--momentum"), weightDecay: weightDecay)
  }

  /// Trains; the result is the time it took. What a failed training has reached is written before the error goes on.
  private func fit(_ model: Model, _ train: Dataset, _ batch: Int, _ progress: Progress) throws -> Double {
    Interruption.watch()
    let clock = ContinuousClock()
    let start = clock.now
    do {
      try model.fit(train, batchSize: batch, epochs: arguments.integer("--epochs"), callbacks: [progress])
    } catch let error as NetError {
      guard progress.epochsDone > 0 else { throw NetError("\(error); no epoch was completed, nothing was written") }
      try WeightsFile.write(model, of: network, to: output)
      throw NetError("\(error); \(output) holds the weights of epoch \(progress.epochsDone)")
    }
    return (clock.now - start) / .seconds(1)
  }

  private func report(_ model: Model, _ metrics: Metrics, epochs: Int, seconds: Double, examplesPerSecond: Double) {
    let accuracy = metrics.accuracy ?? 0
    guard !arguments.has("--json") else {
      let line: JSON = .object([
        "testAccuracy": .real(accuracy), "testLoss": .real(metrics.loss), "epochs": .integer(epochs), "seconds": .real(seconds),
        "examplesPerSecond": .real((examplesPerSecond * 10).rounded() / 10),
        "weightsHash": .string(hexadecimal(model.weightsHash)),
      ])
      return Output.line(line.description)
    }
    console.line(
      "test accuracy \(decimal(Double(accuracy) * 100, 2)) %, loss \(decimal(Double(metrics.loss), 4)); "
        + "\(decimal(seconds, 2)) s, \(decimal(examplesPerSecond, 0)) examples/s")
    console.line("weights \(hexadecimal(model.weightsHash)) written to \(output)")
  }
}

/// Sixteen hexadecimal digits.
func hexadecimal(_ hash: UInt64) -> String {
  let digits = String(hash, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
