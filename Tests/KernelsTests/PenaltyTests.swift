import Kernels
import Reference
import Testing

@Suite struct PenaltyTests {
  @Test func gradientEqualsTheReferenceEverywhere() {
    let n = awkwardCounts.max()!
    let x = randomValues(n, seed: 1).enumerated().map { $0 % 5 == 0 ? 0 : $1 }, dy = randomValues(n, seed: 2)
    for (strength, p): (Float, Float) in [(0, 2), (0.7, 3.5)] {
      let expected = zip(x, dy).map { naivePenaltyGradient($0, $1, l1: 0.1, l2: 0.2, strength: strength, p: p) }
      everywhere { place in
        for count in awkwardCounts {
          var dx = [Float](repeating: 7, count: count + 1)
          penaltyGradient(count: count, l1: 0.1, l2: 0.2, strength: strength, p: p, x, dy: dy, into: &dx)
          #expect(bitMismatch(dx, expected.prefix(count) + [7]) == nil, "\(place), \(count) elements")
        }
        var dx = dy
        dx.withUnsafeMutableBufferPointer {
          penaltyGradient(
            count: n, l1: 0.1, l2: 0.2, strength: strength, p: p, x, dy: UnsafePointer($0.baseAddress!), into: $0.baseAddress!)
        }
        #expect(bitMismatch(dx, expected) == nil, "\(place), in place")
      }
    }
  }

  @Test func specialValuesEqualTheReference() {
    let x = specialValues, dy = randomValues(x.count, seed: 3)
    let expected = zip(x, dy).map { naivePenaltyGradient($0, $1, l1: 0.1, l2: 0.2, strength: 0.7, p: 2.5) }
    for tier in Tier.available {
      withTier(tier) {
        var dx = x
        penaltyGradient(count: x.count, l1: 0.1, l2: 0.2, strength: 0.7, p: 2.5, x, dy: dy, into: &dx)
        #expect(bitMismatch(dx, expected) == nil, "\(tier)")
      }
    }
  }

  @Test func sumsOfPowers() {
    for n in [0, 1, 17, 4097, 40_000] {
      let x = randomValues(n, seed: 4), expected = naiveSum(x.map { naivePower($0, 2.5) })
      everywhere { place in #expect(powerSum(2.5, x, count: n) == expected, "\(place), \(n)") }
    }
    #expect(abs(powerSum(3, [2, -1, 0], count: 3) - 9) < 1e-5)
  }

  @Test(arguments: [(0, 3), (1, 1), (5, 1), (3, 17), (300, 40), (600, 5)])
  func constraintsEqualTheReferenceEverywhere(rows: Int, columns: Int) {
    let w = randomValues(rows * columns, seed: 5)
    for (minimum, maximum, rate): (Float, Float, Float) in [(0, 1, 1), (1, 1, 1), (2, 3, 0.25)] {
      let expected = naiveConstrainNorms(w, columns: columns, minimum: minimum, maximum: maximum, rate: rate)
      everywhere { place in
        var y = w + [7]
        constrainNorms(rows: rows, columns: columns, minimum: minimum, maximum: maximum, rate: rate, &y)
        #expect(bitMismatch(y, expected + [7]) == nil, "\(place), \(rows) x \(columns)")
      }
    }
  }

  @Test func wrongArgumentsStopTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = powerSum(0, [1], count: 1) }
    await #expect(processExitsWith: .failure) {
      var dx: [Float] = [1]
      penaltyGradient(count: 1, l1: 0, l2: 0, strength: 1, p: 0.5, [1], dy: [1], into: &dx)
    }
    await #expect(processExitsWith: .failure) {
      var w: [Float] = [1]
      constrainNorms(rows: 1, columns: 1, minimum: 2, maximum: 1, &w)
    }
  }
}
