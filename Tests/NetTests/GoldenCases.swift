import Kernels
import Net

/// One case of `scripts/make-goldens.py` in Net: how to add one stands at the top of that script.
struct GoldenCase: Sendable {
  let name: String
  /// The types of layers it stands for.
  let types: Set<String>
  let loss: any Loss
  let build: @Sendable (GraphBuilder, Node) throws -> Node

  /// Layers one after another, trained on the mean squared error.
  init(_ name: String, @LayerBuilder _ layers: @escaping @Sendable () -> [any Layer]) {
    self.init(name, of: Set(layers().map { "\(type(of: $0))" } + ["Sequential"])) { graph, x in
      try graph.add(Sequential(layers()), to: [x])
    }
  }

  /// A network of any shape.
  init(_ name: String, of types: Set<String>, graph build: @escaping @Sendable (GraphBuilder, Node) throws -> Node) {
    self.name = name
    self.types = types
    loss = MeanSquaredError()
    self.build = build
  }

  /// A loss of the input.
  init(_ name: String, loss: any Loss) {
    self.name = name
    self.loss = loss
    types = []
    build = { _, x in try ActivationLayer(.linear)(x) }
  }
}

/// By family, which is the name of the file.
let goldenCases: [String: [GoldenCase]] = [
  "activations": activationGoldens,
  "arranging": arrangingGoldens,
  "attention": attentionGoldens,
  "convolutions": convolutionGoldens,
  "dense": denseGoldens,
  "losses": lossGoldens,
  "normalization": normalizationGoldens,
  "pooling": poolingGoldens,
  "recurrent": recurrentGoldens,
]

private let activationGoldens: [GoldenCase] = [
  GoldenCase("relu") { ActivationLayer(.relu) },
  GoldenCase("leakyReLU 0.1") { ActivationLayer(.leakyReLU(slope: 0.1)) },
  GoldenCase("elu 1.5") { ActivationLayer(.elu(alpha: 1.5)) },
  GoldenCase("sigmoid") { ActivationLayer(.sigmoid) },
  GoldenCase("tanh") { ActivationLayer(.tanh) },
  GoldenCase("softplus") { ActivationLayer(.softplus) },
  GoldenCase("gelu") { ActivationLayer(.gelu) },
  GoldenCase("geluTanh") { ActivationLayer(.geluTanh) },
  GoldenCase("silu") { ActivationLayer(.silu) },
  GoldenCase("selu") { ActivationLayer(.selu) },
  GoldenCase("relu6") { ActivationLayer(.relu6) },
  GoldenCase("hardSigmoid") { ActivationLayer(.hardSigmoid) },
  GoldenCase("hardSwish") { ActivationLayer(.hardSwish) },
  GoldenCase("mish") { ActivationLayer(.mish) },
  GoldenCase("softsign") { ActivationLayer(.softsign) },
  GoldenCase("prelu") { PReLU() },
  GoldenCase("softmax") { Softmax() },
  GoldenCase("logSoftmax") { LogSoftmax() },
]

private let arrangingGoldens: [GoldenCase] = [
  GoldenCase("zeroPadding2d") { ZeroPadding2D(Padding2D(top: 1, bottom: 0, left: 2, right: 1)) },
  GoldenCase("reshape, flatten") {
    Reshape([2, -1])
    Dense(3)
    Flatten()
  },
  GoldenCase("channelShuffle") { ChannelShuffle(groups: 2) },
  GoldenCase("residual") { Residual { Dense(4) } },
  GoldenCase("concatenate", of: ["Concatenate"], graph: { _, x in try Concatenate()(x, Dense(2)(x), x) }),
  GoldenCase("add", of: ["Add"], graph: { _, x in try Add()(x, Dense(4)(x), x) }),
]

private let attentionGoldens: [GoldenCase] = [
  GoldenCase("embedding") { Embedding(7, 4) },
  GoldenCase("self-attention") { MultiHeadAttention(heads: 2, keyDim: 3) },
  GoldenCase("causal attention") { MultiHeadAttention(heads: 3, keyDim: 2, isCausal: true) },
  // Keys whose channels are all negative are padding.
  GoldenCase("attention with a mask", of: ["Masking"]) { _, x in
    try MultiHeadAttention(heads: 2, keyDim: 2)(x, x, Masking()(ActivationLayer(.relu)(x)))
  },
  GoldenCase("cross-attention", of: ["MultiHeadAttention"]) { _, x in
    try MultiHeadAttention(heads: 2, keyDim: 3)(x, Reshape([4, 3])(x))
  },
  GoldenCase("sinusoidalPositions") { SinusoidalPositions() },
  GoldenCase("globalAvgPool1d") { GlobalAvgPool1D() },
]

private let convolutionGoldens: [GoldenCase] = [
  GoldenCase("conv2d") { Conv2D(3, kernelSize: 3) },
  GoldenCase("conv2d strides 2 padding 1") { Conv2D(3, kernelSize: 3, strides: 2, padding: 1) },
  GoldenCase("conv2d dilation 2 padding 2") { Conv2D(3, kernelSize: 3, padding: 2, dilation: 2) },
  GoldenCase("conv2d groups 2 padding 1") { Conv2D(4, kernelSize: 3, padding: 1, groups: 2) },
  GoldenCase("conv2d 1x1 relu") { Conv2D(3, kernelSize: 1, activation: .relu) },
  GoldenCase("conv2d strides 2 same") { Conv2D(3, kernelSize: 3, strides: 2, padding: .same) },
  GoldenCase("conv2d 2x3 same") { Conv2D(2, kernelSize: Size2D(height: 2, width: 3), padding: .same) },
  GoldenCase("conv1d padding 2 dilation 2") { Conv1D(3, kernelSize: 3, padding: 2, dilation: 2) },
  GoldenCase("conv1d stride 2 groups 2") { Conv1D(4, kernelSize: 3, stride: 2, groups: 2) },
  GoldenCase("depthwiseConv2d multiplier 2") { DepthwiseConv2D(kernelSize: 3, strides: 2, padding: 1, depthMultiplier: 2) },
  GoldenCase("separableConv2d") { SeparableConv2D(4, kernelSize: 3, padding: .same) },
  GoldenCase("conv2dTranspose strides 2") { Conv2DTranspose(2, kernelSize: 3, strides: 2, padding: 1, outputPadding: 1) },
  GoldenCase("conv2dTranspose dilation 2") {
    Conv2DTranspose(2, kernelSize: Size2D(height: 2, width: 3), dilation: 2)
  },
]

private let denseGoldens: [GoldenCase] = [
  GoldenCase("dense") { Dense(4) },
  GoldenCase("dense without bias") { Dense(4, useBias: false) },
  GoldenCase("dense on rows") { Dense(2) },
  GoldenCase("dense sigmoid") { Dense(4, activation: .sigmoid) },
  GoldenCase("dense relu") { Dense(4, activation: .relu) },
  GoldenCase("dense with penalties") {
    Dense(
      4, kernelRegularizer: .l1l2(l1: 0.1, l2: 0.2), biasRegularizer: .lp(3, 0.1), activityRegularizer: .l2(0.3))
  },
  GoldenCase("activityRegularization") { ActivityRegularization(.l1(0.2)) },
]

private let lossGoldens: [GoldenCase] = [
  GoldenCase("meanSquaredError", loss: .meanSquaredError),
  GoldenCase("sparseCategoricalCrossEntropy", loss: .sparseCategoricalCrossEntropy()),
  GoldenCase("sparseCategoricalCrossEntropy smoothed", loss: .sparseCategoricalCrossEntropy(labelSmoothing: 0.1)),
  GoldenCase("categoricalCrossEntropy", loss: .categoricalCrossEntropy()),
  GoldenCase("categoricalCrossEntropy smoothed", loss: .categoricalCrossEntropy(labelSmoothing: 0.1)),
  GoldenCase("binaryCrossEntropy", loss: .binaryCrossEntropy()),
  GoldenCase("binaryCrossEntropy smoothed", loss: .binaryCrossEntropy(labelSmoothing: 0.2)),
  GoldenCase(
    "sparseCategoricalCrossEntropy weighted", loss: .sparseCategoricalCrossEntropy(classWeights: [0.5, 2, 1, 0.25])),
  GoldenCase(
    "sparseCategoricalCrossEntropy weighted and smoothed",
    loss: .sparseCategoricalCrossEntropy(labelSmoothing: 0.1, classWeights: [0.5, 2, 1, 0.25])),
  GoldenCase("meanAbsoluteError", loss: .meanAbsoluteError),
  GoldenCase("huber 0.5", loss: .huber(delta: 0.5)),
  GoldenCase("hinge", loss: .hinge),
  GoldenCase("squaredHinge", loss: .squaredHinge),
  GoldenCase("kullbackLeibler", loss: .kullbackLeibler),
  GoldenCase("cosineSimilarity", loss: .cosineSimilarity),
  GoldenCase("content", loss: .content),
  GoldenCase("gram", loss: .gram(channels: 3)),
  GoldenCase("distillation", loss: .distillation(temperature: 2, studentWeight: 0.3)),
]

private let normalizationGoldens: [GoldenCase] = [
  GoldenCase("batchNorm") { BatchNorm() },
  GoldenCase("batchNorm relu") {
    BatchNorm()
    ActivationLayer(.relu)
  },
  GoldenCase("layerNorm") { LayerNorm() },
  GoldenCase("rmsNorm") { RMSNorm() },
  GoldenCase("groupNorm") { GroupNorm(groups: 2) },
]

private let poolingGoldens: [GoldenCase] = [
  GoldenCase("maxPool2d") { MaxPool2D() },
  GoldenCase("maxPool2d 3x3 strides 2 padding 1") { MaxPool2D(3, strides: 2, padding: 1) },
  GoldenCase("maxPool2d rounded up") { MaxPool2D(roundsUp: true) },
  GoldenCase("avgPool2d") { AvgPool2D() },
  GoldenCase("avgPool2d padding counts") { AvgPool2D(3, strides: 2, padding: 1, countsPadding: true) },
  GoldenCase("avgPool2d padding does not count") { AvgPool2D(3, strides: 2, padding: 1) },
  GoldenCase("maxPool1d 3 stride 2 padding 1") { MaxPool1D(3, stride: 2, padding: 1) },
  GoldenCase("avgPool1d rounded up") { AvgPool1D(roundsUp: true) },
  GoldenCase("avgPool1d padding counts") { AvgPool1D(3, stride: 2, padding: 1, countsPadding: true) },
  GoldenCase("globalAvgPool2d") { GlobalAvgPool2D() },
]

private let recurrentGoldens: [GoldenCase] = [
  GoldenCase("simpleRNN") { SimpleRNN(4) },
  GoldenCase("simpleRNN relu") { SimpleRNN(4, activation: .relu, returnSequences: true) },
  GoldenCase("lstm") { LSTM(4) },
  GoldenCase("lstm sequences") { LSTM(4, returnSequences: true) },
  GoldenCase("lstm state") { LSTM(4, returnState: true) },
  GoldenCase("lstm backwards") { LSTM(4, returnSequences: true, goBackwards: true) },
  GoldenCase("gru") { GRU(4) },
  GoldenCase("gru sequences") { GRU(4, returnSequences: true) },
  GoldenCase("bidirectional") { Bidirectional(LSTM(4)) },
  GoldenCase("bidirectional sequences sum") { Bidirectional(LSTM(4, returnSequences: true), merge: .sum) },
  GoldenCase("lstm masked") { LSTM(4, maskValue: 0) },
]

/// Layers that PyTorch cannot speak for: their noise is drawn by the package's own generator. `NoiseTests` has their moments.
let noiseLayers: Set<String> = [
  "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D",
]

/// The layers whose numbers are PyTorch's.
let goldenLayers = goldenCases.values.joined().reduce(into: noiseLayers) { $0.formUnion($1.types) }

/// The losses whose numbers are PyTorch's.
let goldenLosses = Set(lossGoldens.map { "\(type(of: $0.loss))" })
