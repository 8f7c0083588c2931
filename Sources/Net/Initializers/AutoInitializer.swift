import Kernels

/// The initializer the literature recommends for the layer's own `activation:`.
///
/// | activation | kernel |
/// |---|---|
/// | ReLU and its relatives: relu, leakyReLU, relu6, elu, gelu, silu, hardSwish, mish | `heNormal()` |
/// | selu | `lecunNormal()` |
/// | all others, none included | `glorotUniform` |
///
/// An activation that is a layer of its own is not seen.
public struct AutoInitializer: Initializer {
  public init() {}

  public func suited(to activation: Activation) -> any Initializer {
    switch activation.kind {
    case .relu, .leakyReLU, .relu6, .elu, .gelu, .geluTanh, .silu, .hardSwish, .mish: .heNormal()
    case .selu: .lecunNormal()
    case .linear, .sigmoid, .tanh, .softplus, .hardSigmoid, .softsign: .glorotUniform
    }
  }

  /// For a parameter of a layer without an activation.
  public func fill(_ values: UnsafeMutableBufferPointer<Float>, shape: [Int], fanIn: Int, fanOut: Int, random: RandomStream) {
    suited(to: .linear).fill(values, shape: shape, fanIn: fanIn, fanOut: fanOut, random: random)
  }
}

extension Initializer where Self == AutoInitializer {
  /// By the layer's activation: He for ReLU and its relatives, LeCun for SELU, Glorot otherwise.
  public static var auto: AutoInitializer { AutoInitializer() }
}
