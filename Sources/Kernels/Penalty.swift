// Penalties on the size of weights, and constraints on their norms.

import CKernels

/// The sum of `|x[i]|^p`, each `exp(p log |x|)`, by the rule for contiguous elements.
///
/// - Precondition: `p` is above 0.
public func powerSum(_ p: Float, _ x: UnsafePointer<Float>, count: Int) -> Float {
  check(count, "powerSum")
  precondition(p > 0, "powerSum: p \(p); expected above 0")
  let kernel = kernels.pointee.absolute_power
  return withScratch(count) { powers in
    forEachPiece(count, nanoseconds: 1) { kernel(p, x + $0, powers + $0, $1) }
    return sum(powers, count: count)
  }
}

/// Adds the gradient of `l1 sum |x| + l2 sum x^2 + strength sum |x|^p` by x to dy. In this order, with sign(0) = 0:
///
///     s = fma(2 l2, x, l1 sign(x))
///     s = fma(strength p, |x|^(p - 1) sign(x), s)     unless strength is 0
///     dx = dy + s
///
/// `dx` may be `dy` or `x`.
/// - Precondition: `p` is above 1 unless `strength` is 0.
public func penaltyGradient(
  count: Int, l1: Float, l2: Float, strength: Float = 0, p: Float = 2, _ x: UnsafePointer<Float>, dy: UnsafePointer<Float>,
  into dx: UnsafeMutablePointer<Float>
) {
  check(count, "penaltyGradient")
  precondition(strength == 0 || p > 1, "penaltyGradient: p \(p); expected above 1")
  checkOverlap((x, dy, nil), dx, elements: count, "penaltyGradient")
  var penalty = lw_penalty(l1: l1, twice_l2: 2 * l2, power: strength * p, exponent: p - 1)
  let kernel = kernels.pointee.penalty_gradient
  withUnsafePointer(to: &penalty) { penalty in
    forEachPiece(count, nanoseconds: strength == 0 ? 0.2 : 1) { kernel(penalty, x + $0, dy + $0, dx + $0, $1) }
  }
}

/// Scales each column of a matrix without gaps by (rate clip(norm, minimum, maximum) + (1 - rate) norm) / (10^-7 + norm), norm
/// being the column's Euclidean norm: what Keras does to kernels with a norm constraint. The factor of a column whose norm is beyond
/// Float is worked out in double precision.
///
/// - Precondition: `0 <= minimum <= maximum`, `0 <= rate <= 1`.
public func constrainNorms(
  rows: Int, columns: Int, minimum: Float, maximum: Float, rate: Float = 1, _ w: UnsafeMutablePointer<Float>
) {
  checkRows(rows: rows, columns: columns, "constrainNorms")
  precondition(
    0 <= minimum && minimum <= maximum && 0 <= rate && rate <= 1,
    "constrainNorms: minimum \(minimum), maximum \(maximum), rate \(rate); expected 0 <= minimum <= maximum, 0 <= rate <= 1")
  let kernel = kernels.pointee.norm_factors
  withScratch(columns) { factors in
    let beyond = norms(outer: 1, n: rows, inner: columns, w, into: factors)
    kernel(minimum, maximum, rate, factors, factors, columns)
    for (column, norm) in beyond {
      let wanted = Double(rate) * Double(maximum) + (1 - Double(rate)) * norm
      factors[column] = Float(wanted / norm)
    }
    multiplyRow(rows: rows, columns: columns, w, ldx: columns, row: factors, into: w, ldy: columns)
  }
}
