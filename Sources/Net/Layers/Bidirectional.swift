import Kernels

/// A recurrent layer from the first step to the last, another one like it from the last to the first, and their outputs joined
/// (Schuster, Paliwal 1997).
///
/// ```swift
/// Bidirectional(LSTM(64, returnSequences: true))      // [steps, features] to [steps, 128]
/// ```
/// With `returnSequences` both outputs of a step stand side by side, whichever came first. Initial states, if given, are two more
/// inputs: that of the forward layer and that of the backward one.
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

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    guard inputs.count == 1 || inputs.count == 3 else {
      throw NetError("got \(inputs.count) inputs; expected a sequence, or a sequence and two initial states")
    }
    var backwards = layer
    backwards.options.goBackwards.toggle()
    let y = try graph.add(layer, to: inputs.count == 3 ? [inputs[0], inputs[1]] : [inputs[0]])
    let z = try graph.add(backwards, to: inputs.count == 3 ? [inputs[0], inputs[2]] : [inputs[0]])
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
