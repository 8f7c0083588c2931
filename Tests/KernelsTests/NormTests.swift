@testable import Kernels
import Reference
import Testing

/// Euclidean norms whose squares are too large or too small for Float.
@Suite struct NormTests {
  private static let sizes: [Float] = [
    .leastNonzeroMagnitude, 0x1p-133, 1e-37, 1e-30, 1e-20, 1e-19, 1, 1e18, 1.9e19, 1e20, 1e30, 1e38, 3e38,
  ]

  /// Against double precision, in every shape of reduction, with the bits of the reference.
  @Test(arguments: sizes) func areRight(_ size: Float) {
    for (outer, n, inner) in [
      (1, 1, 1), (1, 2, 1), (1, 17, 1), (1, 5000, 1), (1, 40_000, 1), (3, 40, 1), (1, 300, 5), (2, 7, 33),
    ] {
      let x = randomValues(outer * n * inner, seed: 1, in: -1...1).map { $0 * size }
      let expected = naiveAlongAxis(outer: outer, n: n, inner: inner, x) {
        naiveReduce(.norm2, $0, isContiguous: inner == 1)
      }
      let right = naiveAlongAxis(outer: outer, n: n, inner: inner, x) { column in
        column.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      }
      everywhere { place in
        var y = [Float](repeating: 7, count: outer * inner + 1)
        reduce(.norm2, outer: outer, n: n, inner: inner, x, into: &y)
        #expect(bitMismatch(y, expected + [7]) == nil, "\(outer) x \(n) x \(inner), \(place)")
      }
      for (y, r) in zip(expected, right) {
        let isBeyond = r > Double(Float.greatestFiniteMagnitude)
        #expect(isBeyond ? y == .infinity : (Double(y) - r).magnitude <= 1e-6 * r + 0x1p-149, "\(y) \(r)")
      }
    }
  }

  /// Columns of very different sizes beside each other, and what has no finite norm.
  @Test func mixedColumns() {
    let x: [Float] = [1e20, 3, 0, 1e-30, .infinity, .nan, 3e38, -1e20, 4, 0, 1e-30, 1, 1, 3e38]
    for (outer, n, inner) in [(1, 2, 7), (7, 2, 1)] {
      // Rows are the columns of the transposed.
      let values = inner == 7 ? x : (0..<14).map { x[$0 % 2 * 7 + $0 / 2] }
      everywhere { place in
        var y = [Float](repeating: 0, count: 7)
        reduce(.norm2, outer: outer, n: n, inner: inner, values, into: &y)
        #expect(y[1] == 5 && y[2] == 0 && y[4] == .infinity && y[5].isNaN && y[6] == .infinity, "\(place)")
        #expect((y[0] / 1e20 - 1.4142135).magnitude < 1e-6 && (y[3] / 1e-30 - 1.4142135).magnitude < 1e-6, "\(place)")
      }
    }
    #expect((wideNorm2([3e38, 3e38], count: 2) / 4.2426407e38 - 1).magnitude < 1e-6)
    #expect(wideNorm2([3, 4], count: 2) == 5 && wideNorm2([.infinity, 1], count: 2) == .infinity)
    #expect(wideNorm2([.nan], count: 1).isNaN && wideNorm2([], count: 0) == 0)
  }

  /// Weights whose norms are beyond Float are brought into bounds like others.
  @Test(arguments: [1, 3]) func constraints(_ columns: Int) {
    for size: Float in [1e20, 2e38, 3.4e38] {
      let w = (0..<2 * columns).map { $0 / columns == 0 ? size : -size }
      for (minimum, maximum, rate): (Float, Float, Float) in [(0, 2, 1), (1, 1, 1), (0, 1, 0.5)] {
        let expected = naiveConstrainNorms(w, columns: columns, minimum: minimum, maximum: maximum, rate: rate)
        everywhere { place in
          var y = w
          constrainNorms(rows: 2, columns: columns, minimum: minimum, maximum: maximum, rate: rate, &y)
          #expect(bitMismatch(y, expected) == nil, "\(place)")
        }
        let norm = Double(size) * 2.0.squareRoot()
        let share = (Double(rate) * Double(maximum) + (1 - Double(rate)) * norm) / norm
        #expect((Double(expected[0]) / (Double(size) * share) - 1).magnitude < 2e-6)
      }
    }
  }
}
