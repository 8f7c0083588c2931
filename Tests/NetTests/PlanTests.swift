import Kernels
import Net
import Reference
import Testing

@Suite struct PlanTests {
  @Test func inferenceGolden() throws {
    let model = try Model(
      Sequential([Flatten(), Dense(16, activation: .relu), Dropout(rate: 0.5), Dense(4), Softmax()]), input: [3, 2])
    #expect(
      "\(model.plan)" == """
        inference plan for batches of up to 1: 3 steps, arena of 128 bytes
        step  call              writes     shape   at  reads
           0  linear+bias+relu  dense_1    1x16    @0  input dense_1/kernel dense_1/bias
           1  linear+bias       dense_2    1x4    @16  dense_1 dense_2/kernel dense_2/bias
           2  softmax           softmax_1  1x4     @0  dense_2
        """)
  }

  @Test func trainingGolden() throws {
    let model = try Model(seed: 0) { graph in
      let x = try Dense(16, activation: .gelu)(graph.input([8]))
      return try Softmax()(Add()(x, Dense(16, activation: .relu)(x)))
    }
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: SGD())
    let plan = try model.plan(.training, batch: 2)
    #expect("\(plan)" == residualPlan)
  }

  /// Every fused plan gives the bits of the plan that runs each op on its own.
  @Test(arguments: GradientTests.activations) func fusionChangesNoBits(_ f: Activation) throws {
    let model = try Model(
      Sequential([Dense(33, activation: f), ActivationLayer(f), Dense(17, useBias: false), ActivationLayer(f), Dense(5)]),
      input: [19], seed: 3)
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: SGD())
    let inputs = randomTensor([21, 19], seed: 1)
    #expect(bitMismatch(try model.outputs(inputs, fuses: true).values, try model.outputs(inputs, fuses: false).values) == nil)
    #expect(bitMismatch(try model.predict(inputs).values, try model.outputs(inputs, fuses: false).values) == nil)

    let data = try Dataset(inputs: inputs, targets: .classes((0..<21).map { Int32($0 % 5) }, count: 5))
    try expectSameGradients(model, data)
  }

  /// The loss and all gradients, with ops fused and each on its own.
  private func expectSameGradients(_ model: Model, _ data: Dataset) throws {
    let fused = try model.gradients(data)
    let plain = try model.gradients(data, fuses: false)
    #expect(fused.loss == plain.loss)
    #expect(bitMismatch(fused.inputs.values, plain.inputs.values) == nil)
    for (a, b) in zip(fused.parameters, plain.parameters) {
      #expect(bitMismatch(a.gradient.values, b.gradient.values) == nil, "\(a.name)")
    }
  }

  /// Pooling before the ReLU, where it leaves fewer elements: the same bits. Not where something else reads the ReLU.
  @Test func poolingGoesBeforeReLUInTraining() throws {
    let model = try Model(seed: 5) { graph in
      let x = try Conv2D(6, kernelSize: 3, activation: .relu)(graph.input([26, 25, 2]))
      let y = try Conv2D(20, kernelSize: 3, padding: .same, activation: .relu, useBias: false)(MaxPool2D(2)(x))
      let z = try MaxPool2D(2, strides: 1)(MaxPool2D(3, strides: 2)(y))
      let shared = try Conv2D(4, kernelSize: 1, activation: .relu)(z)
      return try Dense(3)(Flatten()(Concatenate()(MaxPool2D(2)(shared), AvgPool2D(2)(shared))))
    }
    try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: SGD())
    let calls = "\(try model.plan(.training, batch: 2))".split(separator: "\n").dropFirst(2).map { $0.split(separator: " ")[1] }
    #expect(
      calls.prefix(11) == [
        "conv2d+bias", "maxPool2d", "relu", "conv2d", "maxPool2d", "relu", "maxPool2d", "conv2d+bias+relu", "maxPool2d",
        "avgPool2d", "concatenate",
      ])
    #expect(!"\(try model.plan(.inference, batch: 2))".contains(" relu "))
    let data = try Dataset(inputs: randomTensor([5, 26, 25, 2], seed: 1), targets: .classes([0, 1, 2, 0, 1], count: 3))
    try expectSameGradients(model, data)
  }

  /// Buffers alive at the same time do not share memory: a deep residual network gives the gradients of its parts.
  @Test func inferenceReusesMemory() throws {
    let deep = try Model(Sequential { for _ in 0..<20 { Dense(64, activation: .relu) } }, input: [64])
    #expect("\(deep.plan)".contains("20 steps, arena of 512 bytes"))
  }

  @Test func dropoutIsNothingInInference() throws {
    let model = try Model(
      Sequential([Dropout(rate: 0.5), Flatten()]), input: [2, 2])
    #expect("\(model.plan)".contains(": 0 steps"))
    let x = randomTensor([3, 2, 2], seed: 1)
    #expect(try model.predict(x).values == x.values)
    #expect(try model.predict(x).shape == [3, 4])
  }
}

private let residualPlan = """
  training plan for batches of up to 2: 10 steps, arena of 960 bytes
  step  call                           writes                                  shape    at  reads
     0  linear+bias                    dense_1.0                               2x16     @0  input dense_1/kernel dense_1/bias
     1  gelu                           dense_1                                 2x16    @32  dense_1.0
     2  linear+bias+relu               dense_2                                 2x16    @64  dense_1 dense_2/kernel dense_2/bias
     3  add                            add_1                                   2x16    @96  dense_1 dense_2
     4  sparseCategoricalCrossEntropy  d add_1                                 2x16   @128  add_1
     5  add backward                   d dense_1 d dense_2                     2x16   @128  d add_1
     6  linear+bias+relu backward      part 0 d dense_2/kernel d dense_2/bias  2x16   @192  d dense_2
     7  add                            d dense_1                               2x16   @128  part 0
     8  gelu backward                  d dense_1.0                             2x16   @128  d dense_1
     9  linear+bias backward           d dense_1/kernel d dense_1/bias                      d dense_1.0
  """
