import Kernels
import Reference
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

@Suite struct PortableMathTests {
  /// `|a - b| <= bound * |b|`; equal where b is 0, infinite or NaN.
  private func isClose(_ a: Double, _ b: Double, _ bound: Double) -> Bool {
    if b.isNaN { return a.isNaN }
    return a == b || (a - b).magnitude <= bound * b.magnitude
  }

  /// Values spread over `range`, by the seeded generator of the tests.
  private func values(_ range: ClosedRange<Double>, seed: UInt64) -> [Double] {
    randomValues(4000, seed: seed).map { range.lowerBound + (Double($0) + 1) / 2 * (range.upperBound - range.lowerBound) }
  }

  @Test func exponential() {
    for x in values(-700...709, seed: 1) + values(-1...1, seed: 2) + [0, -0.0, 1, 709.7, -708] {
      #expect(isClose(PortableMath.exp(x), exp(x), 1e-15), "exp(\(x))")
    }
    #expect(PortableMath.exp(710) == .infinity && PortableMath.exp(.infinity) == .infinity)
    #expect(PortableMath.exp(-.infinity) == 0 && PortableMath.exp(-800) == 0 && PortableMath.exp(.nan).isNaN)
    #expect((PortableMath.exp(-740) - exp(-740)).magnitude <= 2 * .leastNonzeroMagnitude)
  }

  @Test func logarithm() {
    for x in values(0...10, seed: 3).filter({ $0 > 0 }) + values(0.9...1.1, seed: 4) + [
      Double.leastNormalMagnitude / 128, 1e300, 2, 0.5, 1,
    ] {
      #expect(isClose(PortableMath.log(x), log(x), 1e-15), "log(\(x))")
    }
    #expect(PortableMath.log(0) == -.infinity && PortableMath.log(.infinity) == .infinity)
    #expect(PortableMath.log(-1).isNaN && PortableMath.log(.nan).isNaN)
  }

  @Test func powers() {
    for (x, y) in zip(values(0...4, seed: 5), values(-40...40, seed: 6)) where x > 0 {
      #expect(isClose(PortableMath.power(x, y), pow(x, y), 1e-13), "\(x) to the power \(y)")
    }
    for n in -60...60 { #expect(isClose(PortableMath.power(0.97, Double(n)), pow(0.97, Double(n)), 1e-14)) }
    #expect(PortableMath.power(0, 0.5) == 0 && PortableMath.power(0, 0.0) == 1 && PortableMath.power(-2, 3.0) == -8)
    #expect(PortableMath.power(0, -0.5) == .infinity && PortableMath.power(-2, 0.5).isNaN && PortableMath.power(2, 0) == 1)
  }

  @Test func cosine() {
    for t in values(-4...4, seed: 7) + [1e9 + 0.25, 0.1, 1e-9] {
      let expected = cos(Double.pi * t.truncatingRemainder(dividingBy: 2))
      #expect((PortableMath.cosPi(t) - expected).magnitude <= 2e-15, "cosPi(\(t))")
    }
    #expect([0, 0.5, 1, 1.5, 2, -1, -0.5].map(PortableMath.cosPi) == [1, 0, -1, 0, 1, -1, 0])
    #expect(PortableMath.cosPi(.infinity).isNaN && PortableMath.cosPi(.nan).isNaN)
  }

  /// The bits themselves, the same everywhere.
  @Test func bits() {
    let hash = values(-20...20, seed: 8).reduce(into: UInt64(0)) { hash, x in
      for value in [PortableMath.exp(x), PortableMath.log(x.magnitude), PortableMath.cosPi(x)] {
        hash = (hash ^ value.bitPattern) &* 0x100_0000_01b3
      }
    }
    #expect(hash == 8_869_895_995_450_888_167)
  }
}
