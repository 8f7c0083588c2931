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
    var naive = NaiveMLP(try model.parameters.map { try model.parameter($0.name).values }, fanIns: Self.layers.map(\.fanIn))
    if !isTraining {
      return bitMismatch(try model.predict(data.inputs).values, naive.outputs(data.inputs.values).last!, columns: 10)
    }
    // The second step sees what the first made of the weights.
    for step in 1...2 {
      let loss = try model.trainOnBatch(data).loss
      let expected = naive.train(data.inputs.values, labels: Self.labels(3), learningRate: 1e-3, step: step)
      if let difference = bitMismatch([loss], [expected]) { return "loss of step \(step): \(difference)" }
    }
    let trained = try model.parameters.map { try model.parameter($0.name).values }
    return zip(trained, naive.parameters).lazy.compactMap { bitMismatch($0, $1) }.first
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
      targets: .classes(Self.labels(count), count: 10))
  }

  private static func labels(_ count: Int) -> [Int32] { (0..<count).map { Int32($0 % 10) } }
}

/// Dense layers with ReLU between them, and Adam, in plain loops.
private struct NaiveMLP {
  /// Weights and bias of each layer in turn.
  private(set) var parameters: [[Float]]
  private let fanIns: [Int]
  private var m, v: [[Float]]

  init(_ parameters: [[Float]], fanIns: [Int]) {
    (self.parameters, self.fanIns) = (parameters, fanIns)
    m = parameters.map { $0.map { _ in 0 } }
    v = m
  }

  /// The input and the output of each layer.
  func outputs(_ x: [Float]) -> [[Float]] {
    fanIns.indices.reduce(into: [x]) { values, i in
      let isLast = i == fanIns.count - 1
      values.append(
        naiveDense(
          values[i], fanIn: fanIns[i], parameters[2 * i], parameters[2 * i + 1], activation: isLast ? { $0 } : naiveReLU))
    }
  }

  /// One step; returns the loss before it.
  mutating func train(_ x: [Float], labels: [Int32], learningRate: Float, step: Int) -> Float {
    let values = outputs(x)
    let classes = values.last!.count / labels.count
    let each = labels.indices.map {
      naiveCrossEntropy(
        Array(values.last![$0 * classes..<($0 + 1) * classes]), label: Int(labels[$0]), smoothing: 0,
        gradientScale: 1 / Float(labels.count))
    }
    var dy = each.flatMap(\.gradient)
    var gradients = parameters
    for i in fanIns.indices.reversed() {
      if i < fanIns.count - 1 { dy = zip(values[i + 1], dy).map(naiveReLUGradient) }
      let g = naiveDenseGradient(x: values[i], fanIn: fanIns[i], parameters[2 * i], dy: dy)
      (gradients[2 * i], gradients[2 * i + 1], dy) = (g.weights, g.bias, g.input)
    }
    for i in parameters.indices {
      naiveAdam(
        learningRate: learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: step, l2: 0, weightDecay: 0,
        &parameters[i], gradient: gradients[i], m: &m[i], v: &v[i])
    }
    return naiveReduce(.mean, each.map(\.loss), isContiguous: true)
  }
}
