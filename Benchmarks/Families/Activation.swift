import Kernels
import Reference

/// `activation`: y = f(x) elementwise, or dx = f'(x) dy.
struct ActivationFamily: Family {
  static let name = "activation"
  static let summary = "y[i] = f(x[i]); backward: dx[i] = f'(x[i]) dy[i]"
  static let keys: [Key] = [
    .size("n"), .choice("kind", functions.map(\.name)), .choice("dir", ["fwd", "bwd"], default: "fwd"),
  ]
  static let examples =
    functions.map { "activation n=100000 kind=\($0.name)" }
    + ["relu", "sigmoid", "tanh", "gelu", "silu"].map { "activation n=100000 kind=\($0) dir=bwd" }

  /// A kind as the command line names it; exp and log are functions of their own and have no backward kernel.
  private struct Function {
    let name: String
    let activation: Activation?
    let naive: @Sendable (Float) -> Float
    /// From y, or from x where the activation says so, and dy.
    var naiveGradient: @Sendable (Float, Float) -> Float = { _, _ in .nan }
  }

  private static let functions = [
    Function(name: "relu", activation: .relu, naive: naiveReLU, naiveGradient: naiveReLUGradient),
    Function(
      name: "leakyrelu", activation: .leakyReLU(slope: 0.01), naive: { naiveLeakyReLU($0, slope: 0.01) },
      naiveGradient: { naiveLeakyReLUGradient(y: $0, dy: $1, slope: 0.01) }),
    Function(
      name: "elu", activation: .elu(alpha: 1), naive: { naiveELU($0, alpha: 1) },
      naiveGradient: { naiveELUGradient(y: $0, dy: $1, alpha: 1) }),
    Function(name: "sigmoid", activation: .sigmoid, naive: naiveSigmoid, naiveGradient: naiveSigmoidGradient),
    Function(name: "tanh", activation: .tanh, naive: naiveTanh, naiveGradient: naiveTanhGradient),
    Function(name: "gelu", activation: .gelu, naive: naiveGELU, naiveGradient: naiveGELUGradient),
    Function(name: "silu", activation: .silu, naive: naiveSiLU, naiveGradient: naiveSiLUGradient),
    Function(name: "softplus", activation: .softplus, naive: naiveSoftplus, naiveGradient: naiveSoftplusGradient),
    Function(name: "selu", activation: .selu, naive: naiveSELU, naiveGradient: naiveSELUGradient),
    Function(name: "relu6", activation: .relu6, naive: naiveReLU6, naiveGradient: naiveReLU6Gradient),
    Function(
      name: "hardsigmoid", activation: .hardSigmoid, naive: naiveHardSigmoid, naiveGradient: naiveHardSigmoidGradient),
    Function(name: "hardswish", activation: .hardSwish, naive: naiveHardSwish, naiveGradient: naiveHardSwishGradient),
    Function(name: "mish", activation: .mish, naive: naiveMish, naiveGradient: naiveMishGradient),
    Function(name: "softsign", activation: .softsign, naive: naiveSoftsign, naiveGradient: naiveSoftsignGradient),
    Function(name: "exp", activation: nil, naive: naiveExp), Function(name: "log", activation: nil, naive: naiveLog),
  ]

  private var count: Int
  private let function: Function
  private let isBackward: Bool

  init(_ values: Values) throws {
    count = values.size("n")
    let kind = values.choice("kind")
    function = Self.functions.first { $0.name == kind }!
    isBackward = values.choice("dir") == "bwd"
    guard function.activation != nil || !isBackward else {
      throw BenchmarkError("kind=\(kind) has no backward kernel; dir must be fwd")
    }
  }

  var cost: Cost {
    let bytes = 4 * Double(count)
    return Cost(bytesRead: isBackward ? 2 * bytes : bytes, bytesWritten: bytes)
  }

  func check() -> String? {
    var small = self
    small.count = min(count, 1003)
    let operands = small.operands()
    small.work(on: operands)()
    return bitMismatch(operands.result.values, small.expected(operands))
  }

  private func expected(_ operands: Operands) -> [Float] {
    guard isBackward, let activation = function.activation else { return operands.x.values.map(function.naive) }
    return zip((activation.gradientNeedsInput ? operands.x : operands.y).values, operands.dy.values).map(function.naiveGradient)
  }

  func prepare() -> () -> Void { work(on: operands()) }

  private final class Operands {
    let x, y, dy, result: Buffer
    init(x: Buffer, y: Buffer) {
      (self.x, self.y) = (x, y)
      dy = Buffer(random: x.count, seed: 2)
      result = Buffer(x.count, filledWith: 0)
    }
  }

  private func operands() -> Operands {
    let x = Buffer(random: count, seed: 1, in: function.name == "log" ? 0.1...4 : -4...4)
    let y = Buffer(count, filledWith: 0)
    if let activation = function.activation { activate(activation, x.pointer, into: y.pointer, count: count) }
    return Operands(x: x, y: y)
  }

  private func work(on operands: Operands) -> () -> Void {
    let (count, x, result) = (count, operands.x.pointer, operands.result.pointer)
    guard let activation = function.activation else {
      let isExp = function.name == "exp"
      return {
        if isExp { exp(x, into: result, count: count) } else { log(x, into: result, count: count) }
        blackHole(operands)
      }
    }
    if isBackward {
      return {
        activationGradient(
          activation, x: x, y: operands.y.pointer, dy: operands.dy.pointer, into: result, count: count)
        blackHole(operands)
      }
    }
    return {
      activate(activation, x, into: result, count: count)
      blackHole(operands)
    }
  }
}
