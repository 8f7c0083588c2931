import Kernels
import Net
import Reference
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Losses against central differences of their definitions in float64, weights, and what they refuse.
@Suite struct LossTests {
  /// A loss behind a Dense layer, and its definition: the mean over `rows` of 4 outputs.
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let loss: any Loss
    let targets: [Float]
    let definition: @Sendable ([Double], [Double]) -> Double

    var testDescription: String { name }
  }

  static let values = randomValues(24, seed: 2)
  static let signs = values.map { $0 < 0 ? Float(-1) : 1 }
  static let probabilities: [Float] = (0..<6).flatMap { $0 % 2 == 0 ? [0, 0.25, 0.5, 0.25] : [1, 0, 0, 0] }

  static let cases = [
    Case(name: "meanAbsoluteError", loss: .meanAbsoluteError, targets: values) { y, t in elements(y, t) { abs($0 - $1) } },
    Case(name: "huber", loss: .huber(delta: 0.4), targets: values) { y, t in
      elements(y, t) {
        let d = abs($0 - $1), delta = Double(Float(0.4))
        return d <= delta ? d * d / 2 : delta * (d - delta / 2)
      }
    },
    Case(name: "hinge", loss: .hinge, targets: signs) { y, t in elements(y, t) { max(0, 1 - $0 * $1) } },
    Case(name: "squaredHinge", loss: .squaredHinge, targets: signs) { y, t in
      elements(y, t) { max(0, 1 - $0 * $1) * max(0, 1 - $0 * $1) }
    },
    Case(name: "kullbackLeibler", loss: .kullbackLeibler, targets: probabilities) { y, t in
      naiveCrossEntropy64(y, columns: 4, targets: t) + t.reduce(0) { $0 + ($1 == 0 ? 0 : $1 * log($1)) } / 6
    },
    Case(name: "cosineSimilarity", loss: .cosineSimilarity, targets: values) { y, t in
      (0..<6).reduce(0) { sum, i in
        let (a, b) = (y[i * 4..<i * 4 + 4], t[i * 4..<i * 4 + 4])
        let product = { (x: ArraySlice<Double>, z: ArraySlice<Double>) in zip(x, z).reduce(0) { $0 + $1.0 * $1.1 } }
        return sum - product(a, b) / (product(a, a) * product(b, b)).squareRoot() / 6
      }
    },
    Case(name: "content", loss: .content, targets: values) { y, t in elements(y, t) { ($0 - $1) * ($0 - $1) / 2 } * 4 },
    Case(name: "gram", loss: .gram(channels: 2), targets: values) { y, t in
      (0..<6).reduce(0) { sum, i in
        var own = 0.0
        for a in 0..<2 {
          for b in 0..<2 {
            let gram = { (x: [Double]) in x[i * 4 + a] * x[i * 4 + b] + x[i * 4 + 2 + a] * x[i * 4 + 2 + b] }
            own += (gram(y) - gram(t)) * (gram(y) - gram(t))
          }
        }
        return sum + own / Double(4 * 2 * 2 * 2 * 2) / 6
      }
    },
  ]

  /// The mean over elements.
  static func elements(_ y: [Double], _ t: [Double], _ f: (Double, Double) -> Double) -> Double {
    zip(y, t).reduce(0) { $0 + f($1.0, $1.1) } / Double(y.count)
  }

  @Test(arguments: cases) func gradients(_ c: Case) throws {
    let gram = c.name == "gram"
    let model = try Model(
      Sequential {
        Dense(4, biasInitializer: .uniform(low: -0.5, high: 0.5))
        if gram { Reshape([2, 2]) }
      }, input: [3], seed: 7)
    try model.compile(loss: c.loss, optimizer: SGD())
    let targets = try Tensor(shape: gram ? [6, 2, 2] : [6, 4], c.targets)
    let data = try Dataset(inputs: randomTensor([6, 3], seed: 1), targets: .values(targets))
    let found = try gradCheck(model, data) { x, p in
      c.definition(naiveDense64(x, fanIn: 3, p[0], p[1]), c.targets.map(Double.init))
    }
    #expect(found == nil)
  }

  @Test func distillation() throws {
    let teacher = try Model(Sequential { Dense(4) }, input: [3], seed: 8)
    let labels: [Int32] = [0, 3, 1, 2, 2, 0]
    let data = try Dataset(inputs: randomTensor([6, 3], seed: 1), targets: .classes(labels, count: 4)).taught(by: teacher)
    let model = try Model(Sequential { Dense(4) }, input: [3], seed: 7)
    try model.compile(loss: .distillation(temperature: 2, studentWeight: 0.25), optimizer: SGD(), metrics: [.accuracy])
    let q = naiveSoftmax64(data.teacher!.values.map { Double($0) / 2 }, columns: 4)
    let hard = labels.flatMap { label in (0..<4).map { $0 == Int(label) ? 1.0 : 0 } }
    let found = try gradCheck(model, data) { x, p in
      let y = naiveDense64(x, fanIn: 3, p[0], p[1])
      let soft = naiveCrossEntropy64(y.map { $0 / 2 }, columns: 4, targets: q) + q.reduce(0) { $0 + $1 * log($1) } / 6
      return 0.25 * naiveCrossEntropy64(y, columns: 4, targets: hard) + 0.75 * 4 * soft
    }
    #expect(found == nil)
    try model.fit(data, batchSize: 4, epochs: 3)
    #expect(try model.evaluate(data).accuracy != nil)
    let untaught = try Dataset(inputs: data.inputs, targets: data.targets)
    #expect(message { try model.fit(untaught) }?.contains("needs a teacher's answers") == true)
  }

  @Test func binaryClassesOfHinge() throws {
    let x = try Tensor(shape: [4, 1], [-2, -1, 1, 2])
    let model = try Model(Sequential { Dense(1, kernelInitializer: .ones) }, input: [1])
    try model.compile(loss: .hinge, optimizer: SGD(), metrics: [.accuracy])
    let found = try model.evaluate(Dataset(inputs: x, targets: .classes([0, 0, 1, 0], count: 2)))
    #expect(found.loss == 0.75 && found.accuracy == 0.75)
  }

  // MARK: Weights

  /// A weight of 2 is the example twice in the sum, over the same number of examples; 0 leaves it out.
  @Test(arguments: [MeanSquaredError() as any Loss, SparseCategoricalCrossEntropy()]) func sampleWeights(_ loss: any Loss) throws
  {
    let x = randomTensor([4, 3], seed: 1)
    func targets(_ order: [Int]) throws -> Dataset.Targets {
      loss is MeanSquaredError
        ? .values(try Tensor(shape: [order.count, 2], order.flatMap { [Float($0), 1 - Float($0)] }))
        : .classes(order.map { Int32($0 % 2) }, count: 2)
    }
    func gradients(_ order: [Int], _ weights: [Float]?) throws -> Gradients {
      let model = try Model(Sequential { Dense(2) }, input: [3], seed: 3)
      try model.compile(loss: loss, optimizer: SGD())
      let rows = order.flatMap { x.values[$0 * 3..<$0 * 3 + 3] }
      let data = try Dataset(
        inputs: Tensor(shape: [order.count, 3], rows), targets: targets(order), sampleWeights: weights)
      return try model.gradients(data)
    }
    let weighted = try gradients([0, 1, 2, 3], [2, 0, 1, 1]), repeated = try gradients([0, 0, 2, 3], nil)
    #expect(abs(weighted.loss - repeated.loss) < 1e-6)
    for (a, b) in zip(weighted.parameters, repeated.parameters) {
      #expect(
        boundMismatch(a.gradient.values, b.gradient.values.map(Double.init), bound: a.gradient.values.map { _ in 1e-6 }) == nil)
    }
  }

  @Test func classWeightsOfFit() throws {
    let x = randomTensor([6, 3], seed: 1), labels: [Int32] = [0, 1, 1, 0, 1, 0]
    func trained(_ sampleWeights: [Float]?, _ classWeight: [Float]?) throws -> (UInt64, History) {
      let model = try Model(Sequential { Dense(2) }, input: [3], seed: 3)
      try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: SGD())
      let data = try Dataset(inputs: x, targets: .classes(labels, count: 2), sampleWeights: sampleWeights)
      let history = try model.fit(data, batchSize: 2, epochs: 2, classWeight: classWeight)
      return (model.weightsHash, history)
    }
    let byClass = try trained(nil, [0.5, 2]), bySample = try trained(labels.map { $0 == 0 ? 0.5 : 2 }, nil)
    #expect(byClass.0 == bySample.0 && byClass.1.loss == bySample.1.loss)
    #expect(byClass.0 != (try trained(nil, nil)).0)
    #expect(try trained([1, 1, 1, 1, 1, 1], nil).0 == trained(nil, nil).0)
    #expect(message { _ = try trained(nil, [1]) } == "fit: 1 class weights; expected 2, one for each class")
    #expect(message { _ = try trained(nil, [1, -1]) } == "fit: class weight 1 is -1.0; expected a finite number of at least 0")
  }

  /// PyTorch's mean: divided by the weights of the batch.
  @Test func classWeightsOfTheLoss() throws {
    let model = try Model(Sequential { Dense(3) }, input: [3], seed: 3)
    try model.compile(loss: .sparseCategoricalCrossEntropy(classWeights: [1, 0, 3]), optimizer: SGD())
    let labels = [0, 1, 2, 2], weights = [1.0, 0, 3, 3]
    let data = try Dataset(inputs: randomTensor([4, 3], seed: 1), targets: .classes(labels.map(Int32.init), count: 3))
    let found = try gradCheck(model, data) { x, p in
      let probabilities = naiveSoftmax64(naiveDense64(x, fanIn: 3, p[0], p[1]), columns: 3)
      var sum = 0.0
      for i in 0..<4 { sum -= weights[i] * log(probabilities[i * 3 + labels[i]]) }
      return sum / 7
    }
    #expect(found == nil)
  }

  // MARK: What is refused

  @Test func refused() throws {
    func problem(_ loss: any Loss, _ targets: Dataset.Targets, outputs: Int = 2) -> String? {
      message {
        let model = try Model(Sequential { Dense(outputs) }, input: [3])
        try model.compile(loss: loss, optimizer: SGD())
        _ = try model.evaluate(Dataset(inputs: randomTensor([2, 3], seed: 1), targets: targets))
      }
    }
    let zeros = Dataset.Targets.values(Tensor(zeros: [2, 2])), classes = Dataset.Targets.classes([0, 1], count: 2)
    #expect(problem(.hinge, zeros) == "hinge takes targets of -1 and 1, got 0.0")
    let signs = Dataset.Targets.values(try Tensor(shape: [2, 2], [1, -1, 0, 1]))
    #expect(problem(.binaryCrossEntropy(), signs) == "binaryCrossEntropy takes probabilities as targets, got -1.0")
    #expect(problem(.categoricalCrossEntropy(), signs) == "categoricalCrossEntropy takes probabilities as targets, got -1.0")
    #expect(
      problem(.binaryCrossEntropy(), .values(try Tensor(shape: [2, 2], [1, 2, 0, 1])))
        == "binaryCrossEntropy takes probabilities as targets, got 2.0")
    #expect(
      problem(.squaredHinge, classes)
        == "squaredHinge takes class labels for 2 classes and one output, got 2 classes and output shape [2]")
    #expect(problem(.huber(delta: 0), zeros) == "huber: delta 0.0; expected a finite number above 0")
    #expect(problem(.meanAbsoluteError, classes) == "meanAbsoluteError needs target values, got class labels; expected .values")
    #expect(problem(.gram(channels: 3), zeros) == "gram: 3 channels; the network's output has shape [2]")
    #expect(problem(.distillation(temperature: 0), classes) == "distillation: temperature 0.0; expected a finite number above 0")
    #expect(problem(.distillation(studentWeight: 2), classes) == "distillation: studentWeight 2.0; expected 0 to 1")
    #expect(
      problem(.kullbackLeibler, .values(try Tensor(shape: [2, 2], [1, 0, -1, 2])))
        == "kullbackLeibler takes probabilities as targets, got -1.0")
    #expect(
      problem(.sparseCategoricalCrossEntropy(classWeights: [1]), classes)
        == "sparseCategoricalCrossEntropy: 1 class weights; expected 2, one for each output")
    let x = Tensor(zeros: [2, 1])
    #expect(
      message { _ = try Dataset(inputs: x, targets: classes, sampleWeights: [1]) } == "dataset: 2 inputs but 1 sample weights")
    #expect(
      message { _ = try Dataset(inputs: x, targets: classes, sampleWeights: [1, .nan]) }
        == "dataset: sample weight 1 is nan; expected a finite number of at least 0")
    #expect(
      message { _ = try Dataset(inputs: x, targets: classes, teacher: x.values.isEmpty ? nil : Tensor(zeros: [3, 1])) }
        == "dataset: 2 inputs but a teacher's answers of shape [3, 1]")
  }
}
