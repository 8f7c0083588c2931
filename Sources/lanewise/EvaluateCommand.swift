import Net

let evaluateCommand = Command(
  name: "evaluate",
  summary: "Tests weights on the test examples of a data set",
  details: "The weights name their model; a file of another architecture is refused. They do not name their data: "
    + "give the --data they were trained with.",
  options: [weightsOption, dataOption, jsonOption],
  examples: [
    "evaluate --weights lanewise-weights.safetensors",
    "evaluate --weights fashion.safetensors --data fashion-mnist/ --json",
  ],
  body: { arguments in
    let (network, model) = try WeightsFile.read(arguments.text("--weights"))
    let test = try dataset(arguments.text("--data"), for: network).test
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: Adam(), metrics: [.accuracy])
    let metrics = try model.evaluate(test)
    let accuracy = metrics.accuracy ?? 0
    guard arguments.has("--json") else {
      Output.line(
        "\(test.count) examples: accuracy \(decimal(Double(accuracy) * 100, 2)) %, loss \(decimal(Double(metrics.loss), 4))")
      return 0
    }
    let line: JSON = .object([
      "testAccuracy": .real(accuracy), "testLoss": .real(metrics.loss), "examples": .integer(test.count),
      "weightsHash": .string(hexadecimal(model.weightsHash)),
    ])
    Output.line(line.description)
    return 0
  })
