import Net

/// The networks the command line can build, by name.
struct Network: Sendable {
  let name: String
  let summary: String
  /// The shape of one example: height, width, channels.
  let input: [Int]
  let classes: Int
  let layers: @Sendable () -> Sequential

  /// The first is the default.
  static let all: [Network] = [
    digits("cnn", "four 3x3 convolutions with batch normalisation, pooling, dropout", { Networks.vggSmall() }),
    digits("twoconv", "two 5x5 convolutions with batch normalisation, pooling, dropout", { Networks.twoConvBatchNorm() }),
    digits("lenet", "two convolutions, pooling, 500 units", { Networks.lenet() }),
    digits("tfcnn", "two wider convolutions, pooling, 1024 units, dropout", { Networks.twoConv() }),
    digits("resnet20", "20 layers in residual blocks, batch normalisation", { Networks.resNet20() }),
    digits("mobilenet", "depthwise and pointwise convolutions", { Networks.mobileNetSmall() }),
    digits("shufflenet", "group convolutions and channel shuffles", { Networks.shuffleNetSmall() }),
    digits("lstm", "an LSTM of 128 units over the rows of the image", { Networks.lstm() }),
    digits("mlp", "784-500-500-10 with ReLU", { Networks.mlp() }),
  ]

  /// A network for 28x28 grey images of ten classes.
  private static func digits(_ name: String, _ summary: String, _ layers: @escaping @Sendable () -> Sequential) -> Network {
    Network(name: name, summary: summary, input: [28, 28, 1], classes: 10, layers: layers)
  }

  static func named(_ name: String) -> Network? { all.first { $0.name == name } }

  func model(seed: UInt64 = 0) throws -> Model { try Model(layers(), input: input, seed: seed) }

  /// Throws unless `images`, `[count, height, width, channels]` from `path`, are what this network takes.
  func check(_ images: Tensor, from path: String) throws {
    let found = Array(images.shape.dropFirst())
    guard found == input else {
      throw NetError("\(path): images of \(dimensions(found)); the model \(name) takes \(dimensions(input))")
    }
  }
}

/// `28x28x1`.
func dimensions(_ shape: [Int]) -> String { shape.map { "\($0)" }.joined(separator: "x") }

/// What `--data` names: the data set that comes with the package, or a folder.
func dataset(_ name: String, for network: Network) throws -> (train: Dataset, test: Dataset) {
  if name == "digits" { return try Dataset.digits() }
  guard isAnything(at: name) else { throw NetError("--data \(name): expected digits, or a folder with four IDX files") }
  let data = try Dataset.idx(folder: name, classes: network.classes)
  try network.check(data.train.inputs, from: name)
  return data
}

let dataOption = Option(
  name: "--data", kind: .text("digits|FOLDER"),
  help: "the digits that come with the package, or the four IDX files of MNIST or Fashion-MNIST", fallback: "digits")
let weightsOption = Option(name: "--weights", kind: .text("FILE"), help: "what train wrote", isRequired: true)
let jsonOption = Option(name: "--json", kind: .flag, help: "results as JSON on standard output")
