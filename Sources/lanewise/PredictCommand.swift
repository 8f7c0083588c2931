import Kernels
import Net

let predictCommand = Command(
  name: "predict",
  summary: "Tells the class of each image in a file",
  details: """
    Images are IDX (as in MNIST, plain or gzip) or PGM, of the size the model takes. Digits are light on black, as in MNIST.
    Prints the number of each image, its most probable class and the probability; with --json one object a line.
    """,
  options: [
    weightsOption, Option(name: "--input", kind: .text("FILE"), help: "images: .idx or .pgm", isRequired: true),
    Option(name: "--json", kind: .flag, help: "one JSON object an image on standard output"),
  ],
  examples: [
    "predict --weights lanewise-weights.safetensors --input digit.pgm",
    "predict --weights lanewise-weights.safetensors --input t10k-images-idx3-ubyte.gz --json",
  ],
  body: { arguments in
    let (network, model) = try WeightsFile.read(arguments.text("--weights"))
    let images = try Tensor.images(arguments.text("--input"))
    try network.check(images, from: arguments.text("--input"))
    let probabilities = try probabilities(of: model.predict(images), classes: network.classes)
    for (image, row) in probabilities.enumerated() {
      let (best, probability) = row.enumerated().max { $0.element < $1.element }!
      let line: JSON = .object(["image": .integer(image), "class": .integer(best), "probability": .real(probability)])
      Output.line(
        arguments.has("--json") ? line.description : "\(image): \(best) (\(decimal(Double(probability) * 100, 2)) %)")
    }
    return 0
  })

/// The softmax of each row of logits.
private func probabilities(of logits: Tensor, classes: Int) -> [ArraySlice<Float>] {
  let rows = logits.count / classes
  let values = [Float](unsafeUninitializedCapacity: logits.count) { (y, count) in
    logits.withUnsafeBufferPointer { x in
      softmax(rows: rows, columns: classes, x.baseAddress!, ldx: classes, into: y.baseAddress!, ldy: classes)
    }
    count = logits.count
  }
  return (0..<rows).map { values[$0 * classes..<($0 + 1) * classes] }
}
