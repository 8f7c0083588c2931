import Kernels

/// A directed acyclic graph of operations: what a network computes, before anything is decided about memory or fusion.
///
/// Values are numbered in the order they were made, and an operation only reads values made before it, so the list of
/// calls is already in topological order. All shapes are those of one example; the batch is the dimension in front.
public struct Graph: Sendable {
  /// One use of an operation: which values and parameters it reads and which value it makes.
  struct Call: Sendable {
    var op: any Op
    var inputs: [Int]
    var output: Int
    var parameters: [Int]
    /// The name of the layer that added it.
    var layer: String
    /// Which call it is of those that layers added; of fused ones, the first. The same in every plan.
    var place: Int
  }

  /// What `summary()` shows of a layer.
  struct LayerRecord: Sendable {
    let name: String
    let kind: String
    let outputShape: [Int]
    let parameters: [Int]
    let multiplyAdds: Int
  }

  /// The shape of each value.
  var shapes: [[Int]] = []
  var calls: [Call] = []
  var parameters: [ParameterSpec] = []
  var layers: [LayerRecord] = []
  /// The values that come from outside.
  var inputs: [Int] = []
  /// The value the network answers.
  var output = 0
  /// What the input must be, where it holds tokens.
  var tokens: TokenInput?
}

/// A parameter as a layer declares it.
public struct ParameterSpec: Sendable {
  /// Unique in the model, the layer's name first: `dense_1/kernel`.
  public let name: String
  public let shape: [Int]
  public let initializer: any Initializer
  /// How many inputs each output sums over, and how many outputs each input reaches: what initialisers scale by.
  public let fanIn: Int
  public let fanOut: Int
  /// Whether the optimizer changes it. Running statistics are not trainable.
  public let isTrainable: Bool
  /// What it adds to the loss, and what it has to obey after each step.
  public let regularizer: Regularizer?
  public let constraint: Constraint?

  var count: Int { shape.reduce(1, *) }
}

/// A value in a graph under construction: what a layer takes and gives.
///
/// ```swift
/// let model = try Model(seed: 0) { graph in
///   let x = graph.input([64])
///   let h = try Dense(64, activation: .relu)(x)
///   return try Dense(10)(Add()(x, h))
/// }
/// ```
public struct Node {
  let value: Int
  let builder: GraphBuilder
  /// The shape of one example.
  public let shape: [Int]
}

/// Builds a graph: layers add their operations and parameters through it.
public final class GraphBuilder {
  var graph = Graph()
  /// The model's seed, for layers that draw random numbers.
  public let seed: UInt64
  private var layerCounts: [Name: Int] = [:]
  private var layerNames: Set<Name> = []
  private var scopes: [Scope] = []
  private var randomStreams: UInt64 = 0

  /// A layer while it is being built.
  private struct Scope {
    let name: String
    var parameters: [Int] = []
    var multiplyAdds = 0
    var addedOps = false
    var addedLayers = false
  }

  /// What is wrong with the size of a parameter: thrown when the parameter is first used.
  private var sizeError: NetError?

  /// The last error that was given a layer's name, so that the layers around it leave it as it is.
  private var namedError: NetError?

  init(seed: UInt64) {
    self.seed = seed
  }

  /// Declares an input of the network; `shape` is that of one example.
  public func input(_ shape: [Int]) throws -> Node {
    guard shape.allSatisfy({ $0 >= 1 }) else {
      throw NetError("input: shape \(shape) of one example has no elements; expected dimensions of at least 1")
    }
    let node = try value(shape)
    graph.inputs.append(node.value)
    return node
  }

  /// Applies a layer to nodes of this graph. The layer gets a name, `dense_1` for the first Dense, unless it has its own.
  public func add(_ layer: any Layer, to inputs: [Node]) throws -> Node {
    if let sequential = layer as? Sequential { return try sequential.build(inputs, in: self) }
    let name = try uniqueName(for: layer)
    if !scopes.isEmpty { scopes[scopes.count - 1].addedLayers = true }
    scopes.append(Scope(name: name))
    defer { scopes.removeLast() }
    let output: Node
    do {
      output = try layer.build(inputs, in: self)
    } catch let error as NetError where error != namedError {
      let named = NetError("\(name): \(error.description)")
      namedError = named
      throw named
    }
    let scope = scopes[scopes.count - 1]
    if scope.addedOps || !scope.addedLayers {
      graph.layers.append(
        Graph.LayerRecord(
          name: name, kind: layer.kind, outputShape: output.shape, parameters: scope.parameters,
          multiplyAdds: scope.multiplyAdds))
    }
    return output
  }

  /// Adds one operation to the layer being built.
  ///
  /// - Throws: `NetError` when the inputs do not fit, or the operation reads a trainable parameter that is read already: each may be
  ///   read once, since it has room for one gradient.
  public func add(_ op: any Op, to inputs: [Node], parameters: [ParameterReference] = []) throws -> Node {
    try checkReadOnce(parameters, by: op)
    // Before anything is computed from their sizes.
    if let sizeError { throw sizeError }
    let output = try value(try op.outputShape(inputs.map(\.shape)))
    let layer = scopes.last?.name ?? op.name
    graph.calls.append(
      Graph.Call(
        op: op, inputs: inputs.map(\.value), output: output.value, parameters: parameters.map(\.index), layer: layer,
        place: graph.calls.count))
    if !scopes.isEmpty {
      scopes[scopes.count - 1].addedOps = true
      scopes[scopes.count - 1].multiplyAdds = Size.sum([scopes[scopes.count - 1].multiplyAdds, op.multiplyAdds]) ?? .max
    }
    return output
  }

  /// Throws unless every trainable parameter is read here for the first time, and once.
  private func checkReadOnce(_ parameters: [ParameterReference], by op: any Op) throws {
    for (i, parameter) in parameters.enumerated() where graph.parameters[parameter.index].isTrainable {
      let name = graph.parameters[parameter.index].name
      if let reader = graph.calls.first(where: { $0.parameters.contains(parameter.index) }) {
        throw NetError(
          "parameter \(name) is read by \(reader.op.name) of \(reader.layer) and again by \(op.name) of \(currentLayer); "
            + "expected one operation to read a trainable parameter")
      }
      if parameters[..<i].contains(where: { $0.index == parameter.index }) {
        throw NetError("parameter \(name) is read twice by \(op.name) of \(currentLayer); expected once")
      }
    }
  }

  /// Declares a parameter of the layer being built. `fanIn` and `fanOut` scale the initialiser.
  public func parameter(
    _ name: String, shape: [Int], initializer: any Initializer, fanIn: Int, fanOut: Int, isTrainable: Bool = true,
    regularizer: Regularizer? = nil, constraint: Constraint? = nil
  ) -> ParameterReference {
    let index = graph.parameters.count
    do throws(NetError) {
      try Size.check(shape, name)
    } catch {
      sizeError = sizeError ?? error
    }
    let owner = scopes.last.map { "\($0.name)/" } ?? ""
    graph.parameters.append(
      ParameterSpec(
        name: owner + name, shape: shape, initializer: initializer, fanIn: fanIn, fanOut: fanOut, isTrainable: isTrainable,
        regularizer: regularizer, constraint: constraint))
    if !scopes.isEmpty { scopes[scopes.count - 1].parameters.append(index) }
    return ParameterReference(index: index)
  }

  /// A random stream no other layer of this model draws from.
  public func randomStream() -> RandomStream {
    defer { randomStreams += 1 }
    return RandomStream(seed: seed, stream: StreamPurpose.layer.base + randomStreams)
  }

  /// The name of the layer being built.
  var currentLayer: String { scopes.last?.name ?? "the network" }

  func finish(output: Node) throws -> Graph {
    if let sizeError { throw sizeError }
    graph.output = output.value
    return graph
  }

  private func value(_ shape: [Int]) throws(NetError) -> Node {
    try Size.check(shape, "a value")
    graph.shapes.append(shape)
    return Node(value: graph.shapes.count - 1, builder: self, shape: shape)
  }

  private func uniqueName(for layer: any Layer) throws -> String {
    if let name = layer.name {
      guard layerNames.insert(Name(name)).inserted else { throw NetError("two layers are named \(name)") }
      return name
    }
    while true {
      layerCounts[Name(layer.kind), default: 0] += 1
      let name = "\(layer.kind)_\(layerCounts[Name(layer.kind)]!)"
      if layerNames.insert(Name(name)).inserted { return name }
    }
  }
}

/// A parameter declared in a graph under construction.
public struct ParameterReference {
  let index: Int
}

/// What a random stream is for: streams of different purposes never meet. Parameter i is initialised from stream i.
enum StreamPurpose: UInt64 {
  case parameter = 0
  case shuffle = 1
  case layer = 2

  var base: UInt64 { rawValue << 32 }
}
