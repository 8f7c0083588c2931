import Kernels

/// What is added to the loss for the size of weights or outputs x: `l1 sum |x| + l2 sum x^2 + strength sum |x|^p`.
///
/// The meaning is that of Keras: no factor 1/2, so the gradient of `.l2(c)` is 2 c x, which PyTorch calls a `weight_decay` of 2 c.
/// The penalty of weights is part of the reported loss, in training and in evaluation; its gradient is part of every gradient.
public struct Regularizer: Hashable, Sendable {
  public let l1: Float
  public let l2: Float
  /// The factor of the sum of powers.
  public let strength: Float
  /// The power of that sum.
  public let p: Float

  private init(l1: Float = 0, l2: Float = 0, strength: Float = 0, p: Float = 2) {
    (self.l1, self.l2, self.strength, self.p) = (l1, l2, strength, p)
  }

  /// l1 sum |x|: makes many weights zero.
  public static func l1(_ l1: Float = 0.01) -> Regularizer { Regularizer(l1: l1) }

  /// l2 sum x^2: keeps all weights small.
  public static func l2(_ l2: Float = 0.01) -> Regularizer { Regularizer(l2: l2) }

  /// l1 sum |x| + l2 sum x^2: the elastic net.
  public static func l1l2(l1: Float = 0.01, l2: Float = 0.01) -> Regularizer { Regularizer(l1: l1, l2: l2) }

  /// strength sum |x|^p, p at least 1.
  public static func lp(_ p: Float, _ strength: Float = 0.01) -> Regularizer {
    switch p {
    case 1: .l1(strength)
    case 2: .l2(strength)
    default: Regularizer(strength: strength, p: p)
    }
  }

  /// Throws when a factor is negative, or the power less than 1.
  func check() throws {
    for (name, value) in [("l1", l1), ("l2", l2), ("strength", strength)] where !(value >= 0 && value.isFinite) {
      throw NetError("regularizer: \(name) is \(plain(value)); expected a finite number of at least 0")
    }
    guard p >= 1, p.isFinite else { throw NetError("regularizer: p is \(plain(p)); expected a finite number of at least 1") }
  }

  /// What x adds to the loss.
  func penalty(_ x: UnsafePointer<Float>, count: Int) -> Float {
    var sum: Float = 0
    if l1 != 0 { sum += l1 * norm1(x, count: count) }
    if l2 != 0 { sum += l2 * dot(x, x, count: count) }
    if strength != 0 { sum += strength * powerSum(p, x, count: count) }
    return sum
  }

  /// dx = dy + share times the gradient of the penalty at x. `dx` may be `dy`.
  func addGradient(
    _ x: UnsafePointer<Float>, count: Int, share: Float = 1, to dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>
  ) {
    penaltyGradient(
      count: count, l1: share * l1, l2: share * l2, strength: share * strength, p: p, x, dy: dy, into: dx)
  }
}
