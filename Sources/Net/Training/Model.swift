import Kernels

/// A network: its graph, its parameters, and what one does with them.
///
/// ```swift
/// let model = try Model(Sequential([Flatten(), Dense(500, activation: .relu), Dense(10)]), input: [28, 28, 1])
/// try model.compile(loss: .sparseCategoricalCrossEntropy(), optimizer: Adam(), metrics: [.accuracy])
/// try model.fit(train, batchSize: 100, epochs: 20)
/// print(try model.evaluate(test))
/// ```
///
/// The same seed, data and calls give the same bits on every processor and any number of threads. Any number of threads
/// may read (`predict`, `evaluate`) at once; what changes the model (`fit`, `compile`, `loadWeights`) throws while anything
/// else runs.
public final class Model: @unchecked Sendable {
  /// What the parameters and every random choice in training follow from.
  public let seed: UInt64
  let graph: Graph
  let store: ParameterStore
  let shared = Locked(Shared())
  /// Set by `compile`. Changed under `changing`.
  var training: TrainingState?
  /// How many examples, and whole epochs, the model has been trained on: where its random streams stand.
  var examplesSeen: UInt64 = 0
  var epochsSeen: UInt64 = 0

  /// A network of one input through `layer`, most often a `Sequential { }`.
  ///
  /// - Parameter input: the shape of one example, without the batch.
  /// - Throws: `NetError` naming the layer whose input does not fit.
  public convenience init(_ layer: some Layer, input: [Int], seed: UInt64 = 0) throws {
    try self.init(seed: seed) { graph in try graph.add(layer, to: [graph.input(input)]) }
  }

  /// A network of any shape: `build` makes nodes and returns the one to answer with. See `Node`.
  public init(seed: UInt64 = 0, _ build: (GraphBuilder) throws -> Node) throws {
    let builder = GraphBuilder(seed: seed)
    let output = try build(builder)
    graph = try builder.finish(output: output)
    guard graph.inputs.count == 1 else {
      throw NetError("model: the graph has \(graph.inputs.count) inputs; expected one")
    }
    for parameter in graph.parameters {
      do {
        try parameter.initializer.check(shape: parameter.shape)
        try parameter.regularizer?.check()
        try parameter.constraint?.check()
      } catch let error as NetError {
        throw NetError("\(parameter.name): \(error.description)")
      }
    }
    self.seed = seed
    inputCount = graph.shapes[graph.inputs[0]].reduce(1, *)
    outputCount = graph.shapes[graph.output].reduce(1, *)
    let largest = graph.shapes.map { $0.reduce(1, *) }.sorted(by: >).prefix(2).reduce(0, +)
    predictBatch = max(1, min(256, (64 << 20) / (4 * largest)))
    try Size.checkMemory(Size.sum(graph.parameters.map(\.count)), "model: parameters")
    store = ParameterStore(graph.parameters)
    store.initialize(seed: seed)
  }

  /// The shape of one input example.
  public var inputShape: [Int] { graph.shapes[graph.inputs[0]] }

  /// The shape of one output.
  public var outputShape: [Int] { graph.shapes[graph.output] }

  /// Elements of one input and one output.
  let inputCount: Int
  let outputCount: Int
  /// How many examples go through the network at once in `predict`: enough for the kernels to be at full speed, few enough
  /// that the two largest values of a plan, an op's input and output, take no more than 64 MB.
  let predictBatch: Int

  // MARK: Parameters

  /// A parameter's name, shape and whether the optimizer changes it.
  public struct Parameter: Sendable {
    public let name: String
    public let shape: [Int]
    public let isTrainable: Bool

    public var count: Int { shape.reduce(1, *) }
  }

  /// All parameters in the order the layers declared them.
  public var parameters: [Parameter] {
    store.specs.map { Parameter(name: $0.name, shape: $0.shape, isTrainable: $0.isTrainable) }
  }

  /// The number of values in all parameters.
  public var parameterCount: Int { store.specs.reduce(0) { $0 + $1.count } }

  /// The number of values that training changes: all but running statistics.
  public var trainableParameterCount: Int { store.specs.reduce(0) { $0 + ($1.isTrainable ? $1.count : 0) } }

  /// A copy of a parameter: `model.parameter("dense_1/kernel")`.
  public func parameter(_ name: String) throws -> Tensor {
    let index = try parameterIndex(name)
    return try reading("parameter") { store.tensor(index) }
  }

  /// Replaces a parameter.
  public func setParameter(_ name: String, to tensor: Tensor) throws {
    let index = try parameterIndex(name)
    guard tensor.shape == store.specs[index].shape else {
      throw NetError("parameter \(name) has shape \(store.specs[index].shape), got \(tensor.shape)")
    }
    try changing("setParameter", reentrant: true) { write(tensor, to: index) }
  }

  /// A number that two models share exactly when their parameters have the same bits: FNV-1a, 64 bits, over the bytes of
  /// the parameters in order.
  public var weightsHash: UInt64 { store.hash }

  private func parameterIndex(_ name: String) throws -> Int {
    guard let index = store.specs.firstIndex(where: { $0.name.hasBytes(of: name) }) else {
      throw NetError("no parameter is called \(name); there are \(store.specs.map(\.name).joined(separator: ", "))")
    }
    return index
  }

  func write(_ tensor: Tensor, to index: Int) {
    tensor.withUnsafeBufferPointer { _ = store.values(index).update(fromContentsOf: $0) }
    weightsChanged()
  }

  // MARK: Plans

  /// What `predict` does with one example. Print it to see it.
  public var plan: Plan { Plan(graph, for: .inference, capacity: 1) }

  /// What a pass over a batch does. Evaluation and training need a compiled model.
  public func plan(_ purpose: Plan.Purpose, batch: Int) throws -> Plan {
    guard batch >= 1 else { throw NetError("plan: batch \(batch); expected at least 1") }
    return try Plan(checked: graph, for: purpose, capacity: batch, loss: purpose == .inference ? nil : compiled("plan").loss)
  }
}
