import Kernels
import Net
import Reference

/// `net`: a whole network, a training step (forward, loss, backward, Adam) or inference, with its data in memory.
struct NetworkFamily: Family {
  static let name = "net"
  static let summary = "train: forward, loss, backward, Adam update of one batch; infer: forward"
  static let keys: [Key] = [
    .choice("name", ["mlp"]), .size("batch"), .choice("mode", ["train", "infer"], default: "train"),
  ]
  static let examples = [
    "net name=mlp batch=100 mode=train", "net name=mlp batch=1 mode=train", "net name=mlp batch=100 mode=infer",
    "net name=mlp batch=1 mode=infer",
  ]

  private let batch: Int
  private let isTraining: Bool

  init(_ values: Values) throws {
    batch = values.size("batch")
    isTraining = values.choice("mode") == "train"
  }

  /// Weights and biases of 784-500-500-10.
  private static let layers: [(fanIn: Int, units: Int)] = [(784, 500), (500, 500), (500, 10)]

  /// Products forward; in training also the gradients of all weights, and of all inputs but the network's. The parameters
  /// are read once; an Adam step reads and writes them and their two moments.
  var cost: Cost {
    let weights = Self.layers.map { Double($0.fanIn * $0.units) }
    let all = weights.reduce(0, +)
    let parameters = all + Double(Self.layers.map(\.units).reduce(0, +))
    let inputs = 4 * 784 * Double(batch)
    guard isTraining else { return Cost(flops: 2 * all * Double(batch), bytesRead: 4 * parameters + inputs, bytesWritten: 0) }
    return Cost(
      flops: 2 * (3 * all - weights[0]) * Double(batch), bytesRead: 16 * parameters + inputs, bytesWritten: 16 * parameters)
  }

  func check() throws -> String? {
    let model = try compiledModel(learningRate: 1e-3)
    let data = try examples(3)
    let exact = try exactLogits(model, data)
    if !isTraining {
      let bound = exact.map { 1e-5 + 1e-4 * abs($0) }
      return boundMismatch(try model.predict(data.inputs).values, exact, bound: bound, columns: 10)
    }
    let first = try model.trainOnBatch(data).loss
    let exactSecond = try exactLoss(model, data)
    let second = try model.trainOnBatch(data).loss
    guard second < first else { return "the loss goes from \(first) to \(second) in a step; expected less" }
    return boundMismatch([first, second], [exactLoss(exact), exactSecond], bound: [1e-5, 1e-5])
  }

  func prepare() throws -> () -> Void {
    // A small rate keeps the weights where they are over many steps; the time does not depend on it.
    let model = try compiledModel(learningRate: 1e-6)
    let data = try examples(batch)
    if isTraining {
      return {
        do { blackHole(try model.trainOnBatch(data)) } catch { fatalError("\(error)") }
      }
    }
    let input = Buffer(data.inputs.values)
    let output = Buffer(batch * 10, filledWith: 0)
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

  private func compiledModel(learningRate: Float) throws -> Model {
    let model = try Model(Networks.mlp(), input: [28, 28, 1], seed: 0)
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: Adam(learningRate: learningRate))
    return model
  }

  /// Random images with labels that go round the classes.
  private func examples(_ count: Int) throws -> Dataset {
    let pixels = Buffer(random: count * 784, seed: 1, in: 0...1).values
    return try Dataset(
      inputs: Tensor(shape: [count, 28, 28, 1], pixels),
      targets: .classes((0..<count).map { Int32($0 % 10) }, count: 10))
  }

  /// The network in double precision.
  private func exactLogits(_ model: Model, _ data: Dataset) throws -> [Double] {
    let parameters = try model.parameters.map { try model.parameter($0.name).values.map(Double.init) }
    var x = data.inputs.values.map(Double.init)
    for (i, layer) in Self.layers.enumerated() {
      x = naiveDense64(x, fanIn: layer.fanIn, parameters[2 * i], parameters[2 * i + 1])
      if i + 1 < Self.layers.count { x = x.map { max($0, 0) } }
    }
    return x
  }

  private func exactLoss(_ model: Model, _ data: Dataset) throws -> Double { exactLoss(try exactLogits(model, data)) }

  private func exactLoss(_ logits: [Double]) -> Double {
    let targets = logits.indices.map { i in i % 10 == i / 10 % 10 ? 1.0 : 0.0 }
    return naiveCrossEntropy64(logits, columns: 10, targets: targets)
  }
}
