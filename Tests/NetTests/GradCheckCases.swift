import Kernels
import Net
import Reference
import Testing

/// A layer or network whose gradients are checked. Every public layer must be in one of `layerCases`: see
/// `GradCheckTests.everyLayerIsChecked`.
struct LayerCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// The types of layers it stands for.
  let types: Set<String>
  let input: [Int]
  let inputs: Tensor?
  let seed: UInt64
  let elements: Int
  let build: @Sendable (GraphBuilder, Node) throws -> Node

  /// Layers one after another; it stands for all of them.
  ///
  /// - Parameters:
  ///   - input: the shape of one example.
  ///   - inputs: the examples, in place of random ones.
  ///   - more: types of layers inside these.
  ///   - elements: how many of each parameter are looked at.
  init(
    _ name: String, _ input: [Int], inputs: Tensor? = nil, seed: UInt64 = 1, more: Set<String> = [], elements: Int = 256,
    @LayerBuilder _ layers: @escaping @Sendable () -> [any Layer]
  ) {
    testDescription = name
    types = more.union(layers().map { "\(type(of: $0))" })
    (self.input, self.inputs, self.seed, self.elements) = (input, inputs, seed, elements)
    build = { graph, x in try graph.add(Sequential(layers()), to: [x]) }
  }

  /// A network of any shape.
  init(
    _ name: String, _ input: [Int], of types: Set<String>, seed: UInt64 = 1,
    graph build: @escaping @Sendable (GraphBuilder, Node) throws -> Node
  ) {
    testDescription = name
    self.types = types
    (self.input, self.seed, inputs, elements) = (input, seed, nil, 256)
    self.build = build
  }
}

/// A loss whose gradient is checked. Every public loss must be in `lossCases`.
struct LossCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let loss: any Loss
  let outputs: Tensor
  let targets: Dataset.Targets
  let teacher: Tensor?

  /// - Parameter outputs: the shape of a batch; in ±3 unless given.
  init(_ name: String, _ loss: any Loss, outputs: [Int], targets: Dataset.Targets, teacher: Tensor? = nil) {
    testDescription = name
    self.loss = loss
    self.outputs = try! Tensor(shape: outputs, randomValues(outputs.reduce(1, *), seed: 12, in: -3...3))
    self.targets = targets
    self.teacher = teacher
  }
}

let layerCases: [LayerCase] =
  denseCases + penaltyCases + activationCases + convolutionCases + poolingCases + normalizationCases + arrangingCases
  + recurrentCases + sequenceCases + networkCases

private let activations: [Activation] = [
  .linear, .relu, .leakyReLU(slope: 0.1), .elu(alpha: 1.5), .sigmoid, .tanh, .softplus, .gelu, .geluTanh, .silu, .selu,
  .relu6, .hardSigmoid, .hardSwish, .mish, .softsign,
]

/// On both sides of every kink.
private let wide = try! Tensor(shape: [3, 8], randomValues(24, seed: 5, in: -8...8))

private let activationCases: [LayerCase] =
  activations.map { f in LayerCase("activation \(f.kind)", [8], inputs: wide) { ActivationLayer(f) } }
  + activations.map { f in LayerCase("dense \(f.kind)", [4]) { Dense(5, activation: f) } }
  + [
    LayerCase("softmax", [3, 4]) { Softmax() },
    LayerCase("logSoftmax", [3, 4]) { LogSoftmax() },
    LayerCase("prelu", [2, 4]) { PReLU() },
  ]

private let denseCases = [
  LayerCase("dense", [4]) { Dense(3) },
  LayerCase("dense without bias, on rows", [2, 4]) { Dense(3, useBias: false) },
  LayerCase("reshape, flatten", [8]) {
    Reshape([2, -1])
    Dense(3)
    Flatten()
    Dense(2)
  },
  LayerCase("dropout", [40]) { Dropout(rate: 0.4) },
  LayerCase("dropout that scales at test", [40]) { Dropout(keep: 0.6) },
  LayerCase("spatialDropout1d", [5, 8]) { SpatialDropout1D(rate: 0.4) },
  LayerCase("spatialDropout2d", [3, 2, 8]) { SpatialDropout2D(rate: 0.4) },
  LayerCase("gaussianNoise", [40]) { GaussianNoise(standardDeviation: 0.5) },
  LayerCase("gaussianDropout", [40]) { GaussianDropout(rate: 0.4) },
  LayerCase("alphaDropout", [40]) { AlphaDropout(rate: 0.4) },
]

private let penaltyCases = [
  LayerCase("activityRegularization", [4]) { ActivityRegularization(.l1l2(l1: 0.3, l2: 0.2)) },
  LayerCase("dense with penalties", [4]) {
    Dense(3, kernelRegularizer: .lp(2.5, 0.1), biasRegularizer: .l1(0.2), activityRegularizer: .l2(0.1))
  },
  LayerCase("convolutions with penalties", [4, 4, 2]) {
    Conv2D(2, kernelSize: 3, padding: 1, kernelRegularizer: .l2(0.1), biasRegularizer: .l2(0.2))
    DepthwiseConv2D(kernelSize: 3, padding: 1, kernelRegularizer: .l2(0.1), activityRegularizer: .l2(0.1))
    Conv2DTranspose(2, kernelSize: 2, kernelRegularizer: .l2(0.1))
  },
  LayerCase("conv1d with penalties", [5, 2]) { Conv1D(2, kernelSize: 3, kernelRegularizer: .l1(0.1)) },
  LayerCase("separable with penalties", [4, 4, 2]) {
    SeparableConv2D(
      3, kernelSize: 3, depthwiseRegularizer: .l2(0.1), pointwiseRegularizer: .l1(0.2), biasRegularizer: .l2(0.3),
      activityRegularizer: .l2(0.1))
  },
  LayerCase("normalisation with penalties", [4, 4]) {
    BatchNorm(gammaRegularizer: .l2(0.1), betaRegularizer: .l1(0.2))
    LayerNorm(gammaRegularizer: .l2(0.1), betaRegularizer: .l2(0.2))
    GroupNorm(groups: 2, gammaRegularizer: .l2(0.1), betaRegularizer: .l2(0.2))
    RMSNorm(gammaRegularizer: .l2(0.1))
    PReLU(slopeRegularizer: .l2(0.2))
  },
  LayerCase("attention with penalties", [3, 4]) {
    MultiHeadAttention(
      heads: 2, keyDim: 2, kernelRegularizer: .l2(0.1), biasRegularizer: .l2(0.2), activityRegularizer: .l2(0.1))
  },
  LayerCase("embedding with a penalty", [3]) { Embedding(5, 4, embeddingsRegularizer: .l2(0.1)) },
  LayerCase("recurrent with penalties", [4, 3]) {
    LSTM(
      3, returnSequences: true, kernelRegularizer: .l2(0.1), recurrentRegularizer: .l1(0.2), biasRegularizer: .l2(0.3),
      activityRegularizer: .l2(0.1))
    GRU(3, returnSequences: true, recurrentRegularizer: .l2(0.2))
    SimpleRNN(2, recurrentRegularizer: .l2(0.2))
  },
]

private let image = [6, 5, 4]

private let convolutionCases = [
  LayerCase("conv2d", image) { Conv2D(4, kernelSize: 3) },
  LayerCase("conv2d relu", image) { Conv2D(4, kernelSize: 3, activation: .relu) },
  LayerCase("conv2d same tanh", image) { Conv2D(4, kernelSize: 3, padding: .same, activation: .tanh) },
  LayerCase("conv2d strides 2 same gelu", image) { Conv2D(4, kernelSize: 3, strides: 2, padding: .same, activation: .gelu) },
  LayerCase("conv2d strides 2 padding 2 dilation 2", image) { Conv2D(4, kernelSize: 3, strides: 2, padding: 2, dilation: 2) },
  LayerCase("conv2d groups 2", image) { Conv2D(4, kernelSize: 3, padding: 1, groups: 2) },
  LayerCase("conv2d 1x1 strides 2", image) { Conv2D(4, kernelSize: 1, strides: 2) },
  LayerCase("conv2d 2x1 groups 4", image) {
    Conv2D(4, kernelSize: Size2D(height: 2, width: 1), groups: 4, activation: .sigmoid)
  },
  LayerCase("conv2d winograd", [5, 6, 16], elements: 20) { Conv2D(16, kernelSize: 3, padding: 1) },
  LayerCase("conv1d", [7, 2]) { Conv1D(3, kernelSize: 3, padding: 2, dilation: 2, activation: .tanh) },
  LayerCase("depthwise", [6, 5, 3]) {
    DepthwiseConv2D(kernelSize: 3, strides: 2, padding: 1, depthMultiplier: 2, activation: .relu)
  },
  LayerCase("separable", [4, 5, 3]) { SeparableConv2D(4, kernelSize: 3, padding: .same, activation: .tanh) },
  LayerCase("transposed", [3, 4, 3]) {
    Conv2DTranspose(2, kernelSize: 3, strides: 2, padding: 1, outputPadding: 1, activation: .tanh)
  },
]

private let poolingCases = [
  LayerCase("maxPool2d", [7, 6, 3]) { MaxPool2D(3, strides: 2, padding: 1) },
  LayerCase("maxPool2d rounded up", [7, 6, 3]) { MaxPool2D(3, strides: 2, padding: 1, roundsUp: true) },
  LayerCase("avgPool2d", [5, 6, 3]) { AvgPool2D(3, strides: 2, padding: 1) },
  LayerCase("avgPool2d padding counts", [5, 6, 3]) { AvgPool2D(3, strides: 2, padding: 1, countsPadding: true) },
  LayerCase("maxPool1d", [7, 3]) { MaxPool1D(3, stride: 2, padding: 1) },
  LayerCase("avgPool1d", [7, 3]) { AvgPool1D(3, stride: 2, padding: 1) },
  LayerCase("globalAvgPool2d", [5, 4, 3]) { GlobalAvgPool2D() },
]

private let normalizationCases = [
  LayerCase("batchNorm", [3, 2, 4]) { BatchNorm() },
  LayerCase("batchNorm relu", [3, 2, 4]) {
    BatchNorm()
    ActivationLayer(.relu)
  },
  LayerCase("layerNorm", [3, 5]) { LayerNorm() },
  LayerCase("rmsNorm", [3, 5]) { RMSNorm() },
  LayerCase("groupNorm", [3, 2, 4]) { GroupNorm(groups: 2) },
]

private let arrangingCases = [
  LayerCase("zeroPadding2d", [3, 4, 2]) { ZeroPadding2D(Padding2D(top: 1, bottom: 0, left: 2, right: 1)) },
  LayerCase("channelShuffle", [2, 2, 6]) { ChannelShuffle(groups: 2) },
  // One value read three times, joined with another.
  LayerCase("concatenate", [3, 2, 2], of: ["Concatenate"]) { _, x in
    try Concatenate()(x, Conv2D(3, kernelSize: 1, useBias: false)(x), x)
  },
  // A value that three ops read, a sum of three, and a value added to itself.
  LayerCase("add", [4], of: ["Add"], seed: 4) { _, x in
    let h = try Dense(4, activation: .tanh)(x)
    let sum = try Add()(h, Dense(4, activation: .silu)(h), h)
    return try Add()(sum, Dense(4)(sum))
  },
]

private let recurrentCases = [
  LayerCase("simpleRNN", [4, 3]) { SimpleRNN(5) },
  LayerCase("simpleRNN relu backwards", [4, 3]) { SimpleRNN(5, activation: .relu, returnSequences: true, goBackwards: true) },
  LayerCase("lstm", [4, 3]) { LSTM(5) },
  LayerCase("lstm sequences backwards", [4, 3]) { LSTM(5, returnSequences: true, goBackwards: true) },
  LayerCase("lstm state without bias", [4, 3]) { LSTM(5, returnState: true, useBias: false) },
  LayerCase("gru", [4, 3]) { GRU(5, biasInitializer: .uniform(low: -1, high: 1)) },
  LayerCase("gru sequences", [4, 3]) {
    GRU(4, returnSequences: true, goBackwards: true, biasInitializer: .uniform(low: -1, high: 1))
    GRU(3, returnSequences: true, useBias: false)
  },
  LayerCase("lstm with initial state", [4, 3], of: []) { _, x in
    let state = try LSTM(5, returnState: true)(x)
    return try LSTM(5, returnSequences: true)(x, initialState: state)
  },
  // Steps whose only feature is negative are padding.
  LayerCase("masks", [6, 1], of: ["Masking"], seed: 3) { _, x in
    let mask = try Masking()(ActivationLayer(.relu)(x))
    let h = try Dense(3, activation: .tanh)(x)
    let y = try LSTM(4, returnSequences: true, goBackwards: true)(h, mask: mask)
    let z = try SimpleRNN(4, returnSequences: true)(h, mask: mask)
    return try GRU(3)(Concatenate()(y, z), initialState: GRU(3)(h), mask: mask)
  },
  LayerCase("bidirectional", [4, 3], more: ["SimpleRNN", "LSTM", "GRU"]) {
    Bidirectional(LSTM(2, returnSequences: true))
    Bidirectional(GRU(2, returnSequences: true), merge: .sum)
    Bidirectional(SimpleRNN(3, returnSequences: true), merge: .multiply)
    Bidirectional(LSTM(2), merge: .average)
  },
  LayerCase("bidirectional with states", [4, 3], of: ["Bidirectional"]) { _, x in
    try Bidirectional(GRU(2))(x, initialStates: (GRU(2)(x), SimpleRNN(2)(x)))
  },
  LayerCase("bidirectional with states and a mask", [4, 3], of: ["Bidirectional"]) { _, x in
    try Bidirectional(LSTM(2))(
      x, initialStates: (LSTM(2, returnState: true)(x), LSTM(2, returnState: true)(x)), mask: mask(of: x))
  },
]

/// A mask made of the input: 1, or any number but 0, where the sum of a step's channels is positive.
private func mask(of x: Node) throws -> Node {
  try ActivationLayer(.relu6)(Flatten()(Dense(1, useBias: false, kernelInitializer: .ones)(x)))
}

private let sequenceCases = [
  LayerCase("embedding", [3, 2]) { Embedding(5, 4) },
  LayerCase("embedding of reshaped tokens", [6]) {
    Reshape([2, 3])
    Embedding(4, 3)
  },
  LayerCase("self-attention", [5, 4]) { MultiHeadAttention(heads: 2, keyDim: 3) },
  LayerCase("causal attention without bias", [5, 4]) {
    MultiHeadAttention(heads: 2, keyDim: 3, valueDim: 2, outputDim: 5, isCausal: true, useBias: false)
  },
  LayerCase("cross-attention", [5, 4], of: ["MultiHeadAttention"]) { _, x in
    try MultiHeadAttention(heads: 2, keyDim: 2)(x, Reshape([2, 10])(x))
  },
  LayerCase("attention with a mask", [5, 4], of: ["MultiHeadAttention"]) { _, x in
    try MultiHeadAttention(heads: 1, keyDim: 2, isCausal: true)(x, x, mask(of: x))
  },
  LayerCase("sinusoidalPositions", [5, 4]) { SinusoidalPositions() },
  LayerCase("globalAvgPool1d", [5, 3]) { GlobalAvgPool1D() },
  LayerCase("transformer block", [4], more: ["Residual"]) {
    Embedding(7, 6)
    SinusoidalPositions()
    Residual(activation: .linear) {
      LayerNorm()
      MultiHeadAttention(heads: 3, keyDim: 2, isCausal: true)
    }
    Residual(activation: .linear) {
      LayerNorm()
      Dense(12, activation: .gelu)
      Dense(6)
    }
    GlobalAvgPool1D()
    Dense(2)
  },
]

private let networkCases = [
  LayerCase("softmax inside", [3]) {
    Dense(4)
    Softmax()
    Dense(2)
  },
  LayerCase("residual network", [4, 4, 1], seed: 6, more: ["Residual"]) {
    Sequential {
      Conv2D(3, kernelSize: 3, padding: 1, useBias: false)
      BatchNorm()
      ActivationLayer(.relu)
      Residual {
        Conv2D(3, kernelSize: 3, padding: 1, useBias: false)
        BatchNorm()
      }
      Residual {
        Conv2D(2, kernelSize: 3, strides: 2, padding: 1, useBias: false)
        BatchNorm()
      } shortcut: {
        Conv2D(2, kernelSize: 1, strides: 2, useBias: false)
        BatchNorm()
      }
      GlobalAvgPool2D()
    }
    Dense(2)
  },
]

private let labels = Dataset.Targets.classes([3, 0, 1, 1, 2], count: 4)
private let distributions = Dataset.Targets.values(
  try! Tensor(shape: [3, 3], [0.5, 0.25, 0.25, 0, 1, 0, 0.125, 0, 0.875]))
private let signs = Dataset.Targets.values(try! Tensor(shape: [3, 2], [-1, 1, 1, 1, -1, -1]))
private let yesAndNo = Dataset.Targets.values(try! Tensor(shape: [3, 2], [0, 1, 1, 1, 0.25, 0]))

let lossCases = [
  LossCase("meanSquaredError", .meanSquaredError, outputs: [4, 3], targets: .values(randomTensor([4, 3], seed: 2))),
  LossCase("sparseCategoricalCrossEntropy", .sparseCategoricalCrossEntropy(), outputs: [5, 4], targets: labels),
  LossCase(
    "sparseCategoricalCrossEntropy smoothed", .sparseCategoricalCrossEntropy(labelSmoothing: 0.1), outputs: [5, 4],
    targets: labels),
  LossCase("categoricalCrossEntropy", .categoricalCrossEntropy(), outputs: [3, 3], targets: distributions),
  LossCase(
    "categoricalCrossEntropy smoothed", .categoricalCrossEntropy(labelSmoothing: 0.1), outputs: [3, 3],
    targets: distributions),
  LossCase(
    "sparseCategoricalCrossEntropy weighted", .sparseCategoricalCrossEntropy(classWeights: [0.5, 2, 1, 0]), outputs: [5, 4],
    targets: labels),
  LossCase(
    "sparseCategoricalCrossEntropy weighted and smoothed",
    .sparseCategoricalCrossEntropy(labelSmoothing: 0.1, classWeights: [0.5, 2, 1, 0]), outputs: [5, 4], targets: labels),
  LossCase("meanAbsoluteError", .meanAbsoluteError, outputs: [4, 3], targets: .values(randomTensor([4, 3], seed: 2))),
  LossCase("huber", .huber(delta: 0.8), outputs: [4, 3], targets: .values(randomTensor([4, 3], seed: 2))),
  LossCase("hinge", .hinge, outputs: [3, 2], targets: signs),
  LossCase("squaredHinge", .squaredHinge, outputs: [3, 2], targets: signs),
  LossCase("kullbackLeibler", .kullbackLeibler, outputs: [3, 3], targets: distributions),
  LossCase("cosineSimilarity", .cosineSimilarity, outputs: [4, 3], targets: .values(randomTensor([4, 3], seed: 2))),
  LossCase("content", .content, outputs: [2, 3, 2], targets: .values(randomTensor([2, 3, 2], seed: 2))),
  LossCase("gram", .gram(channels: 3), outputs: [2, 4, 3], targets: .values(randomTensor([2, 4, 3], seed: 2))),
  LossCase(
    "distillation", .distillation(temperature: 2, studentWeight: 0.3), outputs: [5, 4], targets: labels,
    teacher: randomTensor([5, 4], seed: 3)),
  LossCase("binaryCrossEntropy", .binaryCrossEntropy(), outputs: [3, 2], targets: yesAndNo),
  LossCase("binaryCrossEntropy smoothed", .binaryCrossEntropy(labelSmoothing: 0.2), outputs: [3, 2], targets: yesAndNo),
]

/// The layers whose gradients are checked.
let checkedLayers = layerCases.reduce(into: Set<String>()) { $0.formUnion($1.types) }

/// The losses whose gradients are checked.
let checkedLosses = Set(lossCases.map { "\(type(of: $0.loss))" })
