import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// The forward passes of this folder are what gradients are checked against: plain loops over doubles, one file a family, with
// the C library's functions, for they reach no weight and no output. Nothing else in Net computes anything itself.

enum Reference {
  static func exp(_ x: Double) -> Double { libraryExp(x) }
  static func log(_ x: Double) -> Double { libraryLog(x) }

  static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  /// An activation of one number.
  static func activation(_ f: Activation, _ x: Double) -> Double {
    let alpha = Double(f.alpha)
    switch f.kind {
    case .linear: return x
    case .relu: return max(x, 0)
    case .leakyReLU: return x > 0 ? x : alpha * x
    case .elu: return x > 0 ? x : alpha * (exp(x) - 1)
    case .sigmoid: return sigmoid(x)
    case .tanh: return libraryTanh(x)
    case .softplus: return log(1 + exp(x))
    case .gelu: return 0.5 * x * (1 + libraryErf(x / 2.0.squareRoot()))
    case .geluTanh: return 0.5 * x * (1 + libraryTanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .silu: return x * sigmoid(x)
    case .selu: return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (exp(x) - 1))
    case .relu6: return min(max(x, 0), 6)
    case .hardSigmoid: return min(max(x + 3, 0), 6) / 6
    case .hardSwish: return x * min(max(x + 3, 0), 6) / 6
    case .mish: return x * libraryTanh(log(1 + exp(x)))
    case .softsign: return x / (1 + abs(x))
    }
  }

  /// The softmax of each row.
  static func softmax(_ x: [Double], columns: Int) -> [Double] {
    var y = x
    for row in stride(from: 0, to: x.count, by: columns) {
      let largest = x[row..<row + columns].max()!
      var sum = 0.0
      for j in row..<row + columns { sum += exp(x[j] - largest) }
      for j in row..<row + columns { y[j] = exp(x[j] - largest) / sum }
    }
    return y
  }
}

// Kernels has functions on arrays under the same names.
private func libraryExp(_ x: Double) -> Double { exp(x) }
private func libraryLog(_ x: Double) -> Double { log(x) }
private func libraryTanh(_ x: Double) -> Double { tanh(x) }
private func libraryErf(_ x: Double) -> Double { erf(x) }
