// Euclidean norms whose squares leave the range of Float.
//
// The root of the plain sum of squares is right to its rounding while that sum is between 2^-126 and the largest Float. A norm that
// comes out as infinity or below 2^-63 is therefore computed again from elements times a power of two, which is exact, in the same
// order. Values alone decide, so it is the same on every tier and for any number of threads, and all other norms keep their bits.

/// Whether the plain norm says nothing about the elements.
private func isDoubtful(_ norm: Float) -> Bool { norm == .infinity || norm < 0x1p-63 }

/// The power of two that brings the largest magnitude near 1: 2^-e, e its exponent in -127...126; 1 where it is 0, infinite or a NaN.
private func unit(_ largest: Float) -> Float {
  guard largest > 0, largest.isFinite else { return 1 }
  return Float(sign: .plus, exponent: -min(max(Int(largest.exponent), -127), 126), significand: 1)
}

/// Computes the doubtful ones among the norms `y[outer][inner]` of `x[outer][n][inner]` again.
///
/// - Parameter plain: writes a reduction of such an array.
/// - Returns: the norms of finite elements that are beyond Float, and where they lie; they are infinity in `y`.
@discardableResult
func rescueNorms(
  outer: Int, n: Int, inner: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
  plain: (Reduction, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
) -> [(index: Int, norm: Double)] {
  let norms = UnsafeMutableBufferPointer(start: y, count: outer * inner)
  guard norms.contains(where: isDoubtful) else { return [] }
  return withScratch(norms.count) { units in
    plain(.normInfinity, x, units)
    for i in norms.indices { units[i] = isDoubtful(y[i]) ? unit(units[i]) : 1 }
    guard UnsafeBufferPointer(start: units, count: norms.count).contains(where: { $0 != 1 }) else { return [] }
    withScratch(outer * n * inner) { scaled in
      if inner == 1 {
        multiplyColumn(rows: outer, columns: n, x, ldx: n, column: units, into: scaled, ldy: n)
      } else {
        for o in 0..<outer {
          let at = o * n * inner
          multiplyRow(rows: n, columns: inner, x + at, ldx: inner, row: units + o * inner, into: scaled + at, ldy: inner)
        }
      }
      plain(.norm2, scaled, y)
    }
    return norms.indices.compactMap { i in
      let norm = Double(y[i]) / Double(units[i])
      y[i] /= units[i]
      return y[i] == .infinity && norm.isFinite ? (i, norm) : nil
    }
  }
}

/// The Euclidean norm of `x[0..<count]`, as ``norm2`` computes it, but in double precision, where no norm of finite elements is
/// infinite.
package func wideNorm2(_ x: UnsafePointer<Float>, count: Int) -> Double {
  check(count, "wideNorm2")
  var norm: Float = 0
  let beyond = norms(outer: 1, n: count, inner: 1, x, into: &norm)
  return beyond.first?.norm ?? Double(norm)
}
