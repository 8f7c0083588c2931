// Penalties and norm constraints, in the order of operations of the kernels.

public func naivePower(_ x: Float, _ p: Float) -> Float { naiveExp(p * naiveLog(x.magnitude)) }

/// The magnitude with the sign of x, 0 at 0.
private func signed(_ magnitude: Float, _ x: Float) -> Float {
  x.magnitude > 0 ? Float(signOf: x, magnitudeOf: magnitude) : x
}

public func naivePenaltyGradient(_ x: Float, _ dy: Float, l1: Float, l2: Float, strength: Float, p: Float) -> Float {
  let linear = signed(l1, x).addingProduct(2 * l2, x)
  guard strength != 0 else { return dy + linear }
  return dy + linear.addingProduct(strength * p, signed(naivePower(x, p - 1), x))
}

/// Each column times (rate clip(norm) + (1 - rate) norm) / (1e-7 + norm).
public func naiveConstrainNorms(
  _ w: [Float], columns: Int, minimum: Float, maximum: Float, rate: Float
) -> [Float] {
  let rows = w.count / columns
  let factors = (0..<columns).map { j -> Float in
    let column = (0..<rows).map { w[$0 * columns + j] }
    // One column is a row of contiguous elements.
    let wide = naiveNorm2(column, isContiguous: columns == 1), norm = Float(wide)
    if norm == .infinity, wide.isFinite { return Float((Double(rate) * Double(maximum) + (1 - Double(rate)) * wide) / wide) }
    let clipped = norm < minimum ? minimum : norm > maximum ? maximum : norm
    return ((1 - rate) * norm).addingProduct(rate, clipped) / (1e-7 + norm)
  }
  return w.indices.map { w[$0] * factors[$0 % columns] }
}
