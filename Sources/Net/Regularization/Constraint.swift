import Kernels

/// What weights are made to obey after each step. The norm is that of the incoming weights of a unit: all weights that share the
/// last index of the kernel; a vector, such as a bias, has one norm.
public struct Constraint: Hashable, Sendable {
  private enum Rule: Hashable, Sendable {
    case norm(minimum: Float, maximum: Float, rate: Float)
    case nonNegative
  }

  private let rule: Rule

  /// Norms of at most c: w clip(norm, 0, c) / (10^-7 + norm), as Keras computes it.
  public static func maxNorm(_ c: Float = 2) -> Constraint { Constraint(rule: .norm(minimum: 0, maximum: c, rate: 1)) }

  /// Norms of 1: w / (10^-7 + norm).
  public static var unitNorm: Constraint { Constraint(rule: .norm(minimum: 1, maximum: 1, rate: 1)) }

  /// Norms from minimum to maximum: w d / (10^-7 + norm) with d = rate clip(norm, minimum, maximum) + (1 - rate) norm.
  public static func minMaxNorm(minimum: Float = 0, maximum: Float = 1, rate: Float = 1) -> Constraint {
    Constraint(rule: .norm(minimum: minimum, maximum: maximum, rate: rate))
  }

  /// Weights of at least 0.
  public static var nonNegative: Constraint { Constraint(rule: .nonNegative) }

  /// Throws when a bound is negative or the bounds are the wrong way round.
  func check() throws {
    guard case .norm(let minimum, let maximum, let rate) = rule else { return }
    guard minimum >= 0, minimum <= maximum, maximum.isFinite else {
      throw NetError("constraint: norms from \(plain(minimum)) to \(plain(maximum)); expected 0 <= minimum <= maximum, finite")
    }
    guard rate >= 0, rate <= 1 else { throw NetError("constraint: rate \(plain(rate)); expected 0 to 1") }
  }

  /// Makes the weights obey.
  func apply(to w: UnsafeMutablePointer<Float>, shape: [Int]) {
    let count = shape.reduce(1, *), columns = shape.count < 2 ? 1 : shape[shape.count - 1]
    switch rule {
    case .nonNegative: clamp(w, lower: 0, upper: .infinity, into: w, count: count)
    case .norm(let minimum, let maximum, let rate):
      constrainNorms(
        rows: columns == 0 ? 0 : count / columns, columns: columns, minimum: minimum, maximum: maximum, rate: rate, w)
    }
  }
}
