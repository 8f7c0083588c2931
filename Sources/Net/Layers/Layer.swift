/// A building block of networks: a small value that adds operations and parameters to a graph.
///
/// A layer made of other layers only applies them; one with arithmetic of its own adds an `Op`:
/// ```swift
/// struct Highway: Layer {
///   let kind = "highway"
///   func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
///     let x = inputs[0]
///     return try Add()(x, Dense(x.shape[0], activation: .tanh)(x))
///   }
/// }
/// ```
public protocol Layer: Sendable {
  /// The stem of automatic names: `dense` for `dense_1`, `dense_2`.
  var kind: String { get }
  /// The name, or nil for an automatic one.
  var name: String? { get }
  /// Adds the layer to `graph`, reading `inputs`; throws when their shapes do not fit. The layer's name is put before the
  /// error's description.
  func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node
}

extension Layer {
  public var name: String? { nil }

  /// Applies the layer to a node of a graph under construction.
  public func callAsFunction(_ input: Node) throws -> Node { try input.builder.add(self, to: [input]) }

  /// Applies a layer of several inputs.
  public func callAsFunction(_ first: Node, _ rest: Node...) throws -> Node { try first.builder.add(self, to: [first] + rest) }

  /// The shape of one example of the output for inputs of these shapes, by the formula in the layer's documentation; of a
  /// `Sequential` that of its last layer.
  ///
  /// ```swift
  /// try Conv2D(8, kernelSize: 3, strides: 2, padding: 1, dilation: 2).outputShape([28, 28, 1])     // [13, 13, 8]
  /// try Networks.lenet().outputShape([28, 28, 1])                                                  // [10]
  /// ```
  /// - Throws: `NetError` when an input does not fit.
  public func outputShape(_ inputs: [Int]...) throws -> [Int] {
    let builder = GraphBuilder(seed: 0)
    return try builder.add(self, to: inputs.map { try builder.input($0) }).shape
  }

  /// This layer under a name of your choice: its parameters are then called `name/kernel` and so on.
  public func named(_ name: String) -> some Layer { NamedLayer(layer: self, name: name) }
}

/// A layer under another name.
struct NamedLayer: Layer {
  let layer: any Layer
  let name: String?

  var kind: String { layer.kind }

  func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node { try layer.build(inputs, in: graph) }
}

/// Layers one after another.
///
/// ```swift
/// Sequential {
///   Flatten()
///   Dense(500, activation: .relu)
///   Dense(10)
/// }
/// ```
public struct Sequential: Layer {
  public private(set) var layers: [any Layer]
  public let kind = "sequential"

  public init(@LayerBuilder _ layers: () -> [any Layer]) { self.layers = layers() }

  public init(_ layers: [any Layer] = []) { self.layers = layers }

  /// Appends a layer.
  public mutating func add(_ layer: any Layer) { layers.append(layer) }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    guard var node = inputs.first, inputs.count == 1 else {
      throw NetError("sequential: got \(inputs.count) inputs; expected one")
    }
    for layer in layers { node = try graph.add(layer, to: [node]) }
    return node
  }
}

/// Collects the layers between the braces of `Sequential { }`; `if`, `switch` and `for` work inside.
@resultBuilder
public enum LayerBuilder {
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  public static func buildBlock(_ layers: [any Layer]...) -> [any Layer] { layers.flatMap { $0 } }
  public static func buildArray(_ layers: [[any Layer]]) -> [any Layer] { layers.flatMap { $0 } }
  public static func buildOptional(_ layers: [any Layer]?) -> [any Layer] { layers ?? [] }
  public static func buildEither(first layers: [any Layer]) -> [any Layer] { layers }
  public static func buildEither(second layers: [any Layer]) -> [any Layer] { layers }
}
