import Kernels
import Net
import Reference

/// `net`: a whole network, a training step (forward, loss, backward, Adam) or inference, with its data in memory.
struct NetworkFamily: Family {
  static let name = "net"
  static let summary = "train: forward, loss, backward, Adam update of one batch; infer: forward"
  static let keys: [Key] = [
    .choice("name", networks.map(\.name)), .size("batch"), .choice("mode", ["train", "infer"], default: "train"),
  ]
  static let examples =
    networks.dropLast().flatMap { ["net name=\($0.name) batch=100 mode=train", "net name=\($0.name) batch=100 mode=infer"] }
    + ["net name=mlp batch=1 mode=train", "net name=mlp batch=1 mode=infer", "net name=resnet18 batch=1 mode=infer"]

  private struct Network {
    let name: String
    let layers: @Sendable () -> Sequential
    let input: [Int]
    let classes: Int
    /// Images of the check; those of 224 x 224 pixels would take it seconds.
    var smallInput: [Int]? = nil
  }

  private static let networks = [
    Network(name: "mlp", layers: { Networks.mlp() }, input: [28, 28, 1], classes: 10),
    Network(name: "lenet", layers: { Networks.lenet() }, input: [28, 28, 1], classes: 10),
    Network(name: "tfcnn", layers: { Networks.twoConv() }, input: [28, 28, 1], classes: 10),
    Network(name: "resnet20", layers: { Networks.resNet20() }, input: [28, 28, 1], classes: 10),
    Network(name: "lstm", layers: { Networks.lstm() }, input: [28, 28, 1], classes: 10),
    Network(
      name: "resnet18", layers: { Networks.resNet18() }, input: [224, 224, 3], classes: 1000, smallInput: [32, 32, 3]),
  ]

  private let network: Network
  private let batch: Int
  private let isTraining: Bool
  let cost: Cost

  /// Products forward; in training also the gradients of all weights, and of all inputs but the network's. The parameters
  /// are read once; an Adam step reads and writes them and their two moments.
  init(_ values: Values) throws {
    let name = values.choice("name")
    network = Self.networks.first { $0.name == name }!
    batch = values.size("batch")
    isTraining = values.choice("mode") == "train"
    let model = try Model(network.layers(), input: network.input, seed: 0)
    let first = Double(model.layerMultiplyAdds.first { $0 > 0 } ?? 0)
    let all = Double(model.layerMultiplyAdds.reduce(0, +))
    let parameters = Double(model.parameterCount)
    let inputs = 4 * Double(network.input.reduce(batch, *))
    cost =
      isTraining
      ? Cost(
        flops: 2 * (3 * all - first) * Double(batch), bytesRead: 16 * parameters + inputs, bytesWritten: 16 * parameters)
      : Cost(flops: 2 * all * Double(batch), bytesRead: 4 * parameters + inputs, bytesWritten: 0)
  }

  /// Everything a small batch makes of the network, bit for bit: of the perceptron against plain loops; of the others against
  /// the scalar tier on one thread, whose kernels the tests compare with plain loops one by one.
  func check() throws -> String? {
    let input = network.smallInput ?? network.input
    let data = try examples(3, input)
    let found = try outcome(data, input)
    let expected =
      network.name == "mlp" ? try naiveOutcome(data) : try withTier(.scalar) { try withThreads(1) { try outcome(data, input) } }
    return zip(found, expected).lazy.compactMap { bitMismatch($0, $1) }.first
  }

  private static let checkRate: Float = 1e-3

  /// The outputs, or the losses of two steps (the second sees what the first made of the weights) and the trained parameters.
  private func outcome(_ data: Dataset, _ input: [Int]) throws -> [[Float]] {
    let model = try makeModel(input, learningRate: Self.checkRate)
    guard isTraining else { return [try model.predict(data.inputs).values] }
    let losses = [try model.trainOnBatch(data).loss, try model.trainOnBatch(data).loss]
    return [losses] + (try parameters(model))
  }

  private func naiveOutcome(_ data: Dataset) throws -> [[Float]] {
    let model = try makeModel(network.input, learningRate: Self.checkRate)
    var naive = NaiveMLP(try parameters(model), fanIns: [784, 500, 500])
    guard isTraining else { return [naive.outputs(data.inputs.values).last!] }
    let losses = (1...2).map {
      naive.train(data.inputs.values, labels: labels(data.count), learningRate: Self.checkRate, step: $0)
    }
    return [losses] + naive.parameters
  }

  private func parameters(_ model: Model) throws -> [[Float]] { try model.parameters.map { try model.parameter($0.name).values } }

  func prepare() throws -> () -> Void {
    // A small rate keeps the weights where they are over many steps; the time does not depend on it.
    let model = try makeModel(network.input, learningRate: 1e-6)
    let data = try examples(batch, network.input)
    if isTraining {
      return {
        do { blackHole(try model.trainOnBatch(data)) } catch { fatalError("\(error)") }
      }
    }
    let input = Buffer(data.inputs.values)
    let output = Buffer(batch * network.classes, filledWith: 0)
    let batch = batch
    return {
      do {
        try model.predict(
          UnsafeBufferPointer(start: input.pointer, count: input.count),
          into: UnsafeMutableBufferPointer(start: output.pointer, count: output.count), count: batch)
      } catch { fatalError("\(error)") }
      blackHole(output)
    }
  }

  private func makeModel(_ input: [Int], learningRate: Float) throws -> Model {
    let model = try Model(network.layers(), input: input, seed: 0)
    guard isTraining else { return model }
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: Adam(learningRate: learningRate))
    return model
  }

  /// Random images with labels that go round the classes.
  private func examples(_ count: Int, _ input: [Int]) throws -> Dataset {
    let pixels = Buffer(random: input.reduce(count, *), seed: 1, in: 0...1).values
    return try Dataset(
      inputs: Tensor(shape: [count] + input, pixels), targets: .classes(labels(count), count: network.classes))
  }

  private func labels(_ count: Int) -> [Int32] { (0..<count).map { Int32($0 % network.classes) } }
}
