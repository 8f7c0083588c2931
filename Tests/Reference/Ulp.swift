/// Bit patterns of floats over the whole range, one in `step`: both signs, denormals, infinities and NaN among them.
public func sweptFloats(step: UInt32) -> [Float] {
  stride(from: UInt32(0), through: .max, by: Int(step)).map { Float(bitPattern: $0) }
}

/// The `count` floats on either side of `x`.
public func floatsAround(_ x: Float, count: Int32) -> [Float] {
  (-count...count).map { Float(bitPattern: UInt32(bitPattern: Int32(bitPattern: x.bitPattern) + $0)) }
}

/// The worst error of `actual` in units of the last place of the true result, and the argument it is at. A result that is
/// NaN or infinite on one side only, where rounding does not explain it, is an infinite error.
public func worstUlp(_ x: [Float], _ actual: [Float], _ f: (Double) -> Double) -> (ulp: Double, at: Float) {
  var worst = (ulp: 0.0, at: Float.zero)
  for (x, y) in zip(x, actual) {
    let error = ulpError(y, f(Double(x)))
    if error > worst.ulp { worst = (error, x) }
  }
  return worst
}

private func ulpError(_ actual: Float, _ expected: Double) -> Double {
  if expected.isNaN || actual.isNaN { return expected.isNaN && actual.isNaN ? 0 : .infinity }
  let rounded = Float(expected)
  if !rounded.isFinite || !actual.isFinite {
    // Between the largest float and 2^128, rounding may go either way.
    let (smaller, greater) = (min(rounded.magnitude, actual.magnitude), max(rounded.magnitude, actual.magnitude))
    let isEdge = greater == .infinity && smaller > 0x1.fffffcp127
    return rounded == actual || (isEdge && rounded.sign == actual.sign) ? 0 : .infinity
  }
  // The last place of a result in [2^e, 2^(e+1)) is 2^(e-23), and 2^-149 among the denormals.
  let exponent = expected == 0 ? -126 : max(Int(expected.exponent), -126)
  return (Double(actual) - expected).magnitude / Double(sign: .plus, exponent: exponent - 23, significand: 1)
}
