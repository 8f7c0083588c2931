import Kernels
import Net
import Reference
import Testing

/// Images of 8x8 with a bright row (class 0), column (1) or diagonal (2), and noise: a small task for convolutions.
func stripes(_ count: Int = 48, seed: UInt64 = 1) -> Dataset {
  var pixels = randomValues(count * 64, seed: seed, in: 0...0.6)
  for n in 0..<count {
    for i in 0..<8 {
      let place = n / 3 % 8
      let position = [place * 8 + i, i * 8 + place, i * 8 + (i + place) % 8][n % 3]
      pixels[n * 64 + position] += 0.8
    }
  }
  return try! Dataset(
    inputs: Tensor(shape: [count, 8, 8, 1], pixels), targets: .classes((0..<count).map { Int32($0 % 3) }, count: 3))
}

/// A classifier of `stripes` with every way batch normalisation is fused.
func stripeModel(seed: UInt64 = 0) throws -> Model {
  let layers = Sequential {
    Conv2D(5, kernelSize: 3, padding: 1)
    BatchNorm()
    ActivationLayer(.relu)
    Residual {
      Conv2D(7, kernelSize: 3, strides: 2, padding: 1, useBias: false)
      BatchNorm()
      ActivationLayer(.relu)
      DepthwiseConv2D(kernelSize: 3, padding: 1, useBias: false)
      BatchNorm()
    } shortcut: {
      Conv2D(7, kernelSize: 1, strides: 2, useBias: false)
      BatchNorm()
    }
    Residual(activation: .tanh) { Conv2D(7, kernelSize: 3, padding: 1) }
    MaxPool2D(2)
    BatchNorm()
    Flatten()
    Dense(3)
  }
  let model = try Model(layers, input: [8, 8, 1], seed: seed)
  try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: Adam(learningRate: 0.01), metrics: [.accuracy])
  return model
}

@Suite struct ImageLayerTests {
  @Test func learns() throws {
    let model = try stripeModel()
    try model.fit(stripes(), batchSize: 12, epochs: 12)
    #expect(try model.evaluate(stripes()).accuracy == 1)
  }

  @Test func sameBitsEverywhere() throws {
    func hash() throws -> UInt64 {
      let model = try stripeModel(seed: 1)
      try model.fit(stripes(), batchSize: 20, epochs: 2)
      return model.weightsHash
    }
    let expected = try hash()
    for tier in Tier.available {
      for threads in [1, 2, 3] {
        #expect(try withTier(tier) { try withThreads(threads) { try hash() } } == expected, "\(tier), \(threads) threads")
      }
    }
  }

  /// In training fusion changes no bits; elsewhere folding a normalisation into weights changes roundings.
  @Test func fusion() throws {
    let model = try stripeModel(seed: 2)
    try model.fit(stripes(), batchSize: 12, epochs: 2)
    let data = stripes(21, seed: 3)
    let fused = try model.gradients(data)
    let plain = try model.gradients(data, fuses: false)
    #expect(fused.loss == plain.loss)
    #expect(bitMismatch(fused.inputs.values, plain.inputs.values) == nil)
    for (a, b) in zip(fused.parameters, plain.parameters) {
      #expect(bitMismatch(a.gradient.values, b.gradient.values) == nil, "\(a.name)")
    }
    let folded = try model.predict(data.inputs).values
    let unfolded = try model.outputs(data.inputs, fuses: false).values.map(Double.init)
    #expect(boundMismatch(folded, unfolded, bound: unfolded.map { 1e-5 + 1e-5 * abs($0) }, columns: 3) == nil)
    #expect(try model.outputs(data.inputs, fuses: true).values == folded)
  }

  /// What evaluation measures is what predict answers: both fold.
  @Test func evaluationIsPrediction() throws {
    let model = try stripeModel(seed: 2)
    try model.fit(stripes(), batchSize: 12, epochs: 1)
    let data = stripes(1, seed: 4)
    let logits = try model.predict(data.inputs).values
    var loss: [Float] = [0]
    softmaxCrossEntropy(
      rows: 1, columns: 3, logits: logits, ld: 3, labels: [0] as [Int32], labelSmoothing: 0, gradientScale: 1, losses: &loss,
      gradient: nil, ldg: 3)
    #expect(try model.evaluate(data).loss == loss[0])
  }

  /// What is predicted for an image does not depend on the images beside it.
  @Test func predictionsOfOneAndOfMany() throws {
    let model = try stripeModel(seed: 5)
    let inputs = stripes(70, seed: 6).inputs
    let all = try model.predict(inputs).values
    for i in [0, 1, 33, 69] {
      let one = try Tensor(shape: [1, 8, 8, 1], Array(inputs.values[i * 64..<(i + 1) * 64]))
      #expect(try model.predict(one).values == Array(all[3 * i..<3 * i + 3]))
    }
  }

  /// The running statistics follow the batches' by the formula, and only in steps that count.
  @Test func runningStatistics() throws {
    let model = try Model(Sequential([BatchNorm(momentum: 0.75), Flatten(), Dense(1)]), input: [2, 2, 3])
    try model.compile(loss: .meanSquaredError, optimizer: SGD(learningRate: 0.01))
    let inputs = randomTensor([5, 2, 2, 3], seed: 1)
    let data = try Dataset(inputs: inputs, targets: .values(Tensor(zeros: [5, 1])))
    #expect(try model.parameter("batchNorm_1/runningMean").values == [0, 0, 0])
    #expect(try model.parameter("batchNorm_1/runningVariance").values == [1, 1, 1])
    let before = model.weightsHash
    _ = try model.gradients(data)
    _ = try model.evaluate(data)
    _ = try model.predict(inputs)
    #expect(model.weightsHash == before)

    var (mean, variance) = ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0])
    for _ in 0..<2 {
      try model.trainOnBatch(data)
      for c in 0..<3 {
        let values = (0..<20).map { Double(inputs.values[$0 * 3 + c]) }
        let m = values.reduce(0, +) / 20
        let unbiased = values.reduce(0) { $0 + ($1 - m) * ($1 - m) } / 19
        mean[c] = 0.75 * mean[c] + 0.25 * m
        variance[c] = 0.75 * variance[c] + 0.25 * unbiased
      }
    }
    let bound = [Double](repeating: 1e-6, count: 3)
    #expect(boundMismatch(try model.parameter("batchNorm_1/runningMean").values, mean, bound: bound) == nil)
    #expect(boundMismatch(try model.parameter("batchNorm_1/runningVariance").values, variance, bound: bound) == nil)

    // A loss that is not a number leaves everything as it was.
    try model.setParameter("dense_1/kernel", to: Tensor(shape: [12, 1], [Float](repeating: 1e30, count: 12)))
    let hash = model.weightsHash
    #expect(message { try model.trainOnBatch(data) } == "trainOnBatch: the loss is inf; the weights were not changed")
    #expect(model.weightsHash == hash)
  }

  /// Predictions use the running statistics and follow them.
  @Test func inferenceUsesRunningStatistics() throws {
    let model = try Model(Sequential([Conv2D(2, kernelSize: 1, kernelInitializer: .ones), BatchNorm()]), input: [1, 1, 1])
    let x = try Tensor(shape: [1, 1, 1, 1], [3])
    #expect(abs(try model.predict(x).values[0] - 3) < 1e-4)
    try model.setParameter("batchNorm_1/runningMean", to: Tensor(shape: [2], [1, 2]))
    try model.setParameter("batchNorm_1/runningVariance", to: Tensor(shape: [2], [4, 0.25]))
    try model.setParameter("batchNorm_1/beta", to: Tensor(shape: [2], [0, 10]))
    let y = try model.predict(x).values
    #expect(abs(y[0] - 1) < 1e-4 && abs(y[1] - 12) < 1e-3)
  }

  @Test func statisticsAreSaved() throws {
    let folder = TemporaryFolder()
    let model = try stripeModel(seed: 1)
    try model.fit(stripes(), batchSize: 16, epochs: 2)
    try model.saveWeights(to: folder.path("w.safetensors"))
    let other = try stripeModel(seed: 2)
    _ = try other.predict(stripes(2).inputs)
    try other.loadWeights(from: folder.path("w.safetensors"))
    #expect(other.weightsHash == model.weightsHash)
    #expect(try other.predict(stripes(4).inputs) == model.predict(stripes(4).inputs))
  }

  /// The calls of a plan up to the loss.
  private func calls(_ plan: Plan) -> [Substring] {
    "\(plan)".split(separator: "\n").dropFirst(2).map { $0.split(separator: " ")[1] }
      .prefix { $0 != "sparseCategoricalCrossEntropy" }
  }

  @Test func fusedCalls() throws {
    let model = try stripeModel()
    #expect(
      calls(model.plan) == [
        "conv2d+bias+batchNorm+relu", "conv2d+batchNorm+relu", "conv2d+batchNorm", "depthwise+batchNorm+add+relu",
        "conv2d+bias+add+tanh", "maxPool2d", "batchNorm", "linear+bias",
      ])
    #expect(calls(try model.plan(.evaluation, batch: 4)) == calls(model.plan))
    #expect(
      calls(try model.plan(.training, batch: 4)) == [
        "conv2d+bias", "batchNorm+relu", "conv2d", "batchNorm+relu", "depthwise", "conv2d", "batchNorm", "batchNorm+add+relu",
        "conv2d+bias+add+tanh", "maxPool2d", "batchNorm", "linear+bias",
      ])
  }

  @Test func summary() throws {
    let layers = Sequential {
      Conv2D(4, kernelSize: 3, padding: 1, useBias: false)
      BatchNorm()
      Residual {
        Conv2D(4, kernelSize: 3, padding: 1)
      }
      GlobalAvgPool2D()
    }
    #expect(
      try Model(layers, input: [8, 6, 1]).summary() == """
        layer              kind             output  parameters  multiply-adds
        ---------------------------------------------------------------------
        input                               8x6x1
        conv2d_1           conv2d           8x6x4           36          1,728
        batchNorm_1        batchNorm        8x6x4           16              0
        conv2d_2           conv2d           8x6x4          148          6,912
        residual_1         residual         8x6x4            0              0
        globalAvgPool2d_1  globalAvgPool2d  4                0              0
        ---------------------------------------------------------------------
        total                                              200          8,640
        trainable 192, not trainable 8
        """)
  }
}
