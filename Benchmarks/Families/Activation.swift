import Kernels
import Reference

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

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

  /// Kinds as the command line names them; exp and log are functions of their own and have no backward kernel.
  private static let functions: [(name: String, activation: Activation?)] = [
    ("relu", .relu), ("leakyrelu", .leakyReLU()), ("elu", .elu()), ("sigmoid", .sigmoid), ("tanh", .tanh), ("gelu", .gelu),
    ("silu", .silu), ("softplus", .softplus), ("exp", nil), ("log", nil),
  ]

  private var count: Int
  private let kind: String
  private let activation: Activation?
  private let isBackward: Bool

  init(_ values: Values) throws {
    count = values.size("n")
    let kind = values.choice("kind")
    self.kind = kind
    activation = Self.functions.first { $0.name == kind }!.activation
    isBackward = values.choice("dir") == "bwd"
    guard activation != nil || !isBackward else { throw BenchmarkError("kind=\(kind) has no backward kernel; dir must be fwd") }
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
    let expected = small.expected(operands)
    // Wide enough for cancellation in a derivative, far too narrow for a wrong function.
    return boundMismatch(operands.result.values, expected, bound: expected.map { 1e-6 + 1e-6 * abs($0) })
  }

  /// In double precision; derivatives by central differences.
  private func expected(_ operands: Operands) -> [Double] {
    let x = operands.x.values.map(Double.init)
    guard isBackward else { return x.map(exact) }
    let step = 1e-5
    return zip(x, operands.dy.values).map { x, dy in (exact(x + step) - exact(x - step)) / (2 * step) * Double(dy) }
  }

  private func exact(_ x: Double) -> Double {
    guard let activation else { return kind == "exp" ? exp(x) : log(x) }
    return naiveActivation64(activation.kind.rawValue, alpha: Double(activation.alpha), x)
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
    let x = Buffer(random: count, seed: 1, in: kind == "log" ? 0.1...4 : -4...4)
    let y = Buffer(count, filledWith: 0)
    if let activation { activate(activation, x.pointer, into: y.pointer, count: count) }
    return Operands(x: x, y: y)
  }

  private func work(on operands: Operands) -> () -> Void {
    let (count, x, result) = (count, operands.x.pointer, operands.result.pointer)
    guard let activation else {
      let isExp = kind == "exp"
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
