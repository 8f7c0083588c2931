import Kernels
import Testing

@testable import Net

/// Sizes at the edge of what numbers and memory can hold: errors, where the arithmetic would trap or the memory give out.
@Suite struct SizeTests {
  static let huge = [Int.max, Int.max - 1, Int.max / 2, Int.max / 4, 1 << 61, 1 << 48, 1 << 40]
  static let negative = [0, -1, Int.min]

  /// Layers by one size, with the shape of their input.
  private static let layers: [(String, [Int], @Sendable (Int) -> any Layer)] = [
    ("dense", [784], { Dense($0) }),
    ("conv2d filters", [8, 8, 3], { Conv2D($0, kernelSize: 3) }),
    ("conv2d kernel", [8, 8, 3], { Conv2D(4, kernelSize: Size2D($0), padding: .same) }),
    ("conv2d strides", [8, 8, 3], { Conv2D(4, kernelSize: 3, strides: Size2D($0), padding: .all($0)) }),
    ("conv2d padding", [8, 8, 3], { Conv2D(4, kernelSize: 3, padding: .all($0)) }),
    ("conv2d dilation", [8, 8, 3], { Conv2D(4, kernelSize: 3, padding: .all($0), dilation: Size2D($0)) }),
    ("conv1d", [8, 3], { Conv1D($0, kernelSize: $0, padding: .same) }),
    ("transpose", [8, 8, 3], { Conv2DTranspose($0, kernelSize: 3) }),
    ("transpose kernel", [8, 8, 3], { Conv2DTranspose(2, kernelSize: Size2D($0), strides: Size2D($0)) }),
    ("depthwise", [8, 8, 3], { DepthwiseConv2D(kernelSize: 3, depthMultiplier: $0) }),
    ("separable", [8, 8, 3], { SeparableConv2D($0, kernelSize: 3, depthMultiplier: $0) }),
    ("maxPool", [8, 8, 3], { MaxPool2D(Size2D($0), padding: .same) }),
    ("avgPool1d", [8, 3], { AvgPool1D($0, stride: $0, padding: .all($0)) }),
    ("zeroPadding", [8, 8, 3], { ZeroPadding2D($0) }),
    ("reshape", [64], { Reshape([$0, -1]) }),
    ("reshape twice", [64], { Reshape([$0, $0]) }),
    ("embedding", [8], { Embedding($0, $0) }),
    ("lstm", [8, 3], { LSTM($0) }),
    ("gru", [8, 3], { GRU($0, returnSequences: true) }),
    ("attention heads", [8, 16], { MultiHeadAttention(heads: $0, keyDim: 4) }),
    ("attention keys", [8, 16], { MultiHeadAttention(heads: 2, keyDim: $0) }),
    ("groups", [8, 16], { GroupNorm(groups: $0) }),
  ]

  @Test(arguments: layers.indices) func layersOfAnySize(index: Int) {
    let (name, input, layer) = Self.layers[index]
    for size in Self.huge + Self.negative {
      // What is thrown must name the layer; that a few sizes are fine is, too.
      do {
        let model = try Model(Sequential([layer(size)]), input: input)
        #expect(!model.summary().isEmpty, "\(name) \(size)")
      } catch {
        #expect(error is NetError, "\(name) \(size): \(error)")
      }
    }
  }

  @Test(arguments: huge + negative) func inputsOfAnySize(size: Int) {
    for shape in [[size], [size, size], [2, size, size, 3], [size, 1 << 31], [1 << 31, 1 << 31]] where shape.contains(size) {
      for layer in [Flatten(), Dense(1 << 20), MaxPool2D(2), SinusoidalPositions(), LSTM(1 << 10)] as [any Layer] {
        #expect(throws: NetError.self, "\(layer.kind) \(shape)") { try Model(Sequential([layer]), input: shape) }
      }
    }
  }

  @Test func messages() {
    func text(_ layer: some Layer, _ input: [Int]) -> String? { message { _ = try Model(layer, input: input) } }
    let kernel = text(Dense(1 << 24), [1 << 24])
    #expect(kernel == "dense_1: kernel of shape [16777216, 16777216] is larger than any memory")
    #expect(text(Dense(3), [0]) == "input: shape [0] of one example has no elements; expected dimensions of at least 1")
    #expect(text(Dense(3), [1 << 40, 1 << 40])?.contains("is larger than any memory") == true)
    #expect(text(MaxPool2D(2), [1 << 16, 1 << 15, 1])?.contains("expected at most 2147483647") == true)
    #expect(text(ManyLayers(), [64])?.hasPrefix("model: parameters: ") == true)
  }

  @Test(arguments: [Int.max, Int.max / 2, 1 << 48, 1 << 40]) func plansOfAnyBatch(batch: Int) throws {
    let model = try Model(Sequential([Dense(8), LSTMless()]), input: [4])
    try model.compile(loss: .meanSquaredError, optimizer: Adam())
    for purpose in [Plan.Purpose.inference, .evaluation, .training] {
      #expect(message { _ = try model.plan(purpose, batch: batch) }?.hasPrefix("plan: a batch of \(batch) examples") == true)
    }
    let recurrent = try Model(Sequential([LSTM(8)]), input: [4, 4])
    #expect(throws: NetError.self) { try recurrent.stepper(batch: batch) }
    var y: [Float] = []
    #expect(throws: NetError.self) {
      try [Float]().withUnsafeBufferPointer { x in
        try y.withUnsafeMutableBufferPointer { try model.predict(x, into: $0, count: batch) }
      }
    }
  }

  @Test func countsThatOnlyTimeLimits() throws {
    let model = try ringModel()
    #expect(throws: NetError.self) { try model.fit(rings(), batchSize: .max) }
    #expect(throws: NetError.self) { try model.fit(rings(), epochs: .min) }
    _ = try model.evaluate(rings(), batchSize: .max)
    try model.fit(rings(), epochs: .max, callbacks: [StopAfterOne()])
  }

  @Test(arguments: [[Int.max, 2], [Int.max, Int.max], [-1], [1 << 40, 1 << 40], [Int.min, Int.min]]) func tensors(shape: [Int]) {
    #expect(throws: NetError.self) { try Tensor(shape: shape, [1]) }
  }

  @Test func checksAndSums() throws {
    #expect(try Size.check([2, 3], "x") == 6 && Size.check([], "x") == 1 && Size.check([0, Int.max], "x") == 0)
    #expect(throws: NetError("x of shape [-1]; expected no negative dimension")) { try Size.check([-1], "x") }
    #expect(
      Size.sum([1, 2]) == 3 && Size.sum([Int.max, 1]) == nil && Size.product(nil, 2) == nil && Size.product(.max, 2) == nil)
    #expect(saturatingProduct(2, 3) == 6 && saturatingProduct(.max, 2, 0) == 0 && saturatingProduct(1 << 40, 1 << 40) == .max)
  }
}

/// Layers that fit one by one, but not together.
private struct ManyLayers: Layer {
  let kind = "many"
  func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    var node = inputs[0]
    // A parameter of some 4 GB each.
    for i in 0..<4096 {
      let kernel = graph.parameter("k\(i)", shape: [64, 1 << 24], initializer: .zeros, fanIn: 1, fanOut: 1)
      node = try graph.add(Linear(fanIn: 64, units: 64, rows: 1), to: [node], parameters: [kernel])
    }
    return node
  }
}

/// A layer of no size.
private struct LSTMless: Layer {
  let kind = "same"
  func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node { inputs[0] }
}

private final class StopAfterOne: Callback {
  private weak var model: Model?
  func onTrainBegin(model: Model) { self.model = model }
  func onEpochEnd(epoch: Int, logs: Metrics) { model?.stopTraining() }
}
