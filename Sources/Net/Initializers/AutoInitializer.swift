import Kernels

/// The initializer the literature recommends for the layer's own `activation:`.
///
/// | activation | kernel |
/// |---|---|
/// | ReLU and its relatives: relu, leakyReLU, elu, gelu, silu | `heNormal()` |
/// | all others, none included | `glorotUniform` |
///
/// An activation that is a layer of its own is not seen.
public struct AutoInitializer: Initializer {
  public init() {}

  public func suited(to activation: Activation) -> any Initializer {
    switch activation.kind {
    case .relu, .leakyReLU, .elu, .gelu, .geluTanh, .silu: .heNormal()
    case .linear, .sigmoid, .tanh, .softplus: .glorotUniform
    }
  }

  /// For a parameter of a layer without an activation.
  public func fill(_ values: UnsafeMutableBufferPointer<Float>, shape: [Int], fanIn: Int, fanOut: Int, random: RandomStream) {
    suited(to: .linear).fill(values, shape: shape, fanIn: fanIn, fanOut: fanOut, random: random)
  }
}

extension Initializer where Self == AutoInitializer {
  /// By the layer's activation: He for ReLU and its relatives, Glorot otherwise.
  public static var auto: AutoInitializer { AutoInitializer() }
}
