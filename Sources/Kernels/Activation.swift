import CKernels

/// An activation function, applied to each element.
///
/// All that need more than a product or a quotient are computed with the package's own polynomials: the same bits
/// on every tier. Infinities give the mathematical limit and NaN stays NaN.
public struct Activation: Hashable, Sendable {
  /// Which function.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    case linear, relu, leakyReLU, elu, sigmoid, tanh, softplus, gelu, geluTanh, silu
    case selu, relu6, hardSigmoid, hardSwish, mish, softsign
  }

  public let kind: Kind
  /// The slope of leaky ReLU, the scale of ELU; 0 and without effect for the others.
  public let alpha: Float

  private init(_ kind: Kind, alpha: Float = 0) {
    self.kind = kind
    self.alpha = alpha
  }

  /// x
  public static let linear = Activation(.linear)
  /// max(0, x)
  public static let relu = Activation(.relu)
  /// 1 / (1 + e^-x), within 2 ulp
  public static let sigmoid = Activation(.sigmoid)
  /// tanh x, within 2 ulp
  public static let tanh = Activation(.tanh)
  /// ln(1 + e^x), within 2 ulp
  public static let softplus = Activation(.softplus)
  /// x P(N <= x) = x/2 (1 + erf(x / sqrt 2)), within 4 ulp also where the result is a tiny negative number
  public static let gelu = Activation(.gelu)
  /// x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), within 4 ulp
  public static let geluTanh = Activation(.geluTanh)
  /// x / (1 + e^-x), also called swish, within 2 ulp
  public static let silu = Activation(.silu)
  /// 1.05070098 x for positive x, otherwise 1.05070098 * 1.67326324 (e^x - 1), within 2.5 ulp (Klambauer et al. 2017)
  public static let selu = Activation(.selu)
  /// min(max(0, x), 6)
  public static let relu6 = Activation(.relu6)
  /// min(max(0, x + 3), 6) / 6, within 1.5 ulp
  public static let hardSigmoid = Activation(.hardSigmoid)
  /// x min(max(0, x + 3), 6) / 6, within 2.5 ulp (Howard et al. 2019)
  public static let hardSwish = Activation(.hardSwish)
  /// x tanh(ln(1 + e^x)), within 4 ulp also where the result is a tiny negative number (Misra 2019)
  public static let mish = Activation(.mish)
  /// x / (1 + |x|), within 1.5 ulp
  public static let softsign = Activation(.softsign)

  /// x for positive x, otherwise slope * x.
  ///
  /// - Precondition: `slope` is at least 0: the gradient is taken from the sign of the output.
  public static func leakyReLU(slope: Float = 0.01) -> Activation {
    precondition(slope >= 0, "leakyReLU: slope \(slope); expected at least 0")
    return Activation(.leakyReLU, alpha: slope)
  }

  /// x for positive x, otherwise alpha (e^x - 1), within 1.5 ulp when alpha is 1.
  ///
  /// - Precondition: `alpha` is at least 0: the gradient is taken from the output.
  public static func elu(alpha: Float = 1) -> Activation {
    precondition(alpha >= 0, "elu: alpha \(alpha); expected at least 0")
    return Activation(.elu, alpha: alpha)
  }

  /// Whether ``activationGradient(_:x:y:dy:into:count:)`` computes the derivative from the input (GELU in both forms,
  /// SiLU, mish and hard swish, which are not monotone) and not from the output.
  public var gradientNeedsInput: Bool {
    switch kind {
    case .gelu, .geluTanh, .silu, .mish, .hardSwish: true
    default: false
    }
  }

  var cKind: lw_activation {
    switch kind {
    case .linear: LW_LINEAR
    case .relu: LW_RELU
    case .leakyReLU: LW_LEAKY_RELU
    case .elu: LW_ELU
    case .sigmoid: LW_SIGMOID
    case .tanh: LW_TANH
    case .softplus: LW_SOFTPLUS
    case .gelu: LW_GELU
    case .geluTanh: LW_GELU_TANH
    case .silu: LW_SILU
    case .selu: LW_SELU
    case .relu6: LW_RELU6
    case .hardSigmoid: LW_HARD_SIGMOID
    case .hardSwish: LW_HARD_SWISH
    case .mish: LW_MISH
    case .softsign: LW_SOFTSIGN
    }
  }

  /// Nanoseconds an element on a 3 GHz core with AVX2, to decide how much work another core is worth.
  fileprivate var nanosecondsPerElement: Double {
    switch kind {
    case .linear, .relu, .leakyReLU, .relu6, .hardSigmoid, .hardSwish: 0.1
    case .elu, .selu, .sigmoid, .tanh, .softplus, .silu, .softsign: 0.5
    case .gelu, .geluTanh, .mish: 1
    }
  }
}

/// y[i] = f(x[i]) for i in 0..<count. `y` may be `x`, but must not overlap it otherwise.
public func activate(
  _ f: Activation, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int
) {
  let kernel = kernels.pointee.activate
  check(count, "activate")
  checkOverlap(x, y, elements: count, "activate")
  forEachPiece(count, nanoseconds: f.nanosecondsPerElement) { start, count in
    kernel(f.cKind, f.alpha, count, x + start, y + start)
  }
}

/// dx[i] = f'(x[i]) dy[i] for i in 0..<count. `dx` may be an input, but must not overlap one otherwise.
///
/// - Parameters:
///   - x: the input of `f`: needed when `f.gradientNeedsInput`, not read otherwise.
///   - y: the output of `f`: needed when not `f.gradientNeedsInput`, except by `.linear`; not read otherwise.
public func activationGradient(
  _ f: Activation, x: UnsafePointer<Float>?, y: UnsafePointer<Float>?, dy: UnsafePointer<Float>,
  into dx: UnsafeMutablePointer<Float>, count: Int
) {
  let argument = f.kind == .linear ? dy : f.gradientNeedsInput ? x : y
  guard let argument else {
    preconditionFailure("activationGradient: \(f.kind) needs its \(f.gradientNeedsInput ? "input x" : "output y")")
  }
  let kernel = kernels.pointee.activate_gradient
  check(count, "activationGradient")
  checkOverlap(argument, dx, elements: count, "activationGradient")
  checkOverlap(dy, dx, elements: count, "activationGradient")
  forEachPiece(count, nanoseconds: f.nanosecondsPerElement) { start, count in
    kernel(f.cKind, f.alpha, count, argument + start, dy + start, dx + start)
  }
}

/// y[i] = e^x[i] for i in 0..<count, within 1.1 ulp. `y` may be `x`, but must not overlap it otherwise.
///
/// Overflows to infinity and underflows gradually to 0.
public func exp(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
  let kernel = kernels.pointee.exp
  check(count, "exp")
  checkOverlap(x, y, elements: count, "exp")
  forEachPiece(count, nanoseconds: 0.4) { start, count in kernel(count, x + start, y + start) }
}

/// y[i] = ln x[i] for i in 0..<count, within 1 ulp: -infinity at 0, NaN below. `y` may be `x`, but must not overlap it otherwise.
public func log(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
  let kernel = kernels.pointee.log
  check(count, "log")
  checkOverlap(x, y, elements: count, "log")
  forEachPiece(count, nanoseconds: 0.5) { start, count in kernel(count, x + start, y + start) }
}

/// y[i] = erf x[i] for i in 0..<count, within 1.5 ulp. `y` may be `x`, but must not overlap it otherwise.
public func erf(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
  let kernel = kernels.pointee.erf
  check(count, "erf")
  checkOverlap(x, y, elements: count, "erf")
  forEachPiece(count, nanoseconds: 1) { start, count in kernel(count, x + start, y + start) }
}
