import Kernels

/// A recurrent layer from the first step to the last, another one like it from the last to the first, and their outputs joined
/// (Schuster, Paliwal 1997).
///
/// ```swift
/// Bidirectional(LSTM(64, returnSequences: true))      // [steps, features] to [steps, 128]
/// ```
/// With `returnSequences` both outputs of a step stand side by side, whichever came first.
public struct Bidirectional: Layer {
  /// How two outputs become one.
  public enum Merge: CaseIterable, Sendable {
    /// Side by side: twice the size.
    case concatenate
    case sum
    case multiply
    case average
  }

  public let layer: any RecurrentLayer
  public let merge: Merge
  public let kind = "bidirectional"

  public init(_ layer: some RecurrentLayer, merge: Merge = .concatenate) {
    self.layer = layer
    self.merge = merge
  }

  /// Applies the layer with initial states, that of the forward layer and that of the backward one, a mask, `[steps]`, or both.
  public func callAsFunction(
    _ x: Node, initialStates: (forward: Node, backward: Node)? = nil, mask: Node? = nil
  ) throws -> Node {
    let call = BidirectionalCall(layer: self, hasStates: initialStates != nil, hasMask: mask != nil)
    return try x.builder.add(call, to: [x] + [initialStates?.forward, initialStates?.backward, mask].compactMap { $0 })
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    guard inputs.count == 1 else {
      throw NetError("got \(inputs.count) inputs; expected a sequence, with initialStates: and mask: by name")
    }
    return try build(inputs[0], initialStates: nil, mask: nil, in: graph)
  }

  fileprivate func build(
    _ x: Node, initialStates: (forward: Node, backward: Node)?, mask: Node?, in graph: GraphBuilder
  ) throws -> Node {
    var backwards = layer
    backwards.options.goBackwards.toggle()
    let y = try layer(x, initialState: initialStates?.forward, mask: mask)
    let z = try backwards(x, initialState: initialStates?.backward, mask: mask)
    let count = y.shape.reduce(1, *)
    switch merge {
    case .concatenate: return try Concatenate().build([y, z], in: graph)
    case .sum: return try graph.add(Sum(inputs: 2, count: count), to: [y, z])
    case .multiply: return try graph.add(Multiply(count: count), to: [y, z])
    case .average:
      return try graph.add(Scale(factor: 0.5, count: count), to: [graph.add(Sum(inputs: 2, count: count), to: [y, z])])
    }
  }
}

/// The layer with what goes into it beside the sequence.
private struct BidirectionalCall: Layer {
  let layer: Bidirectional
  let hasStates: Bool
  let hasMask: Bool

  var kind: String { layer.kind }
  var name: String? { layer.name }

  func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    try layer.build(
      inputs[0], initialStates: hasStates ? (inputs[1], inputs[2]) : nil, mask: hasMask ? inputs.last : nil, in: graph)
  }
}

/// The mask of a padded sequence, `[steps, features]` to `[steps]`: 0 for steps whose features all equal `value`, otherwise 1. For
/// recurrent layers that do not read the padded sequence itself but what other layers made of it.
public struct Masking: Layer {
  public let value: Float
  public let kind = "masking"

  public init(value: Float = 0) { self.value = value }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    guard x.shape.count == 2 else { throw NetError("input of shape \(x.shape); expected a sequence [steps, features]") }
    return try graph.add(StepMask(steps: x.shape[0], features: x.shape[1], value: value), to: [x])
  }
}
