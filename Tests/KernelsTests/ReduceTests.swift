import Kernels
import Reference
import Testing

extension Reduction {
  fileprivate var naive: NaiveReduction {
    switch self {
    case .sum: .sum
    case .mean: .mean
    case .variance: .variance
    case .maximum: .maximum
    case .norm1: .norm1
    case .norm2: .norm2
    case .normInfinity: .normInfinity
    }
  }
}

@Suite struct ReduceTests {
  @Test(arguments: Reduction.allCases) func contiguousReductionsHaveTheBitsOfTheReference(r: Reduction) {
    for count in awkwardCounts + [4096 * 20 + 1] {
      let x = GuardedBuffer(randomValues(count, seed: UInt64(count), in: -3...5), side: count % 2 == 0 ? .start : .end)
      let expected = [naiveReduce(r.naive, x.values, isContiguous: true)]
      everywhere { place in
        let y = GuardedBuffer(repeating: Float(7), count: 1)
        reduce(r, outer: 1, n: count, inner: 1, x.pointer, into: y.pointer)
        #expect(bitMismatch(y.values, expected) == nil, "\(r) of \(count), \(place)")
      }
    }
  }

  /// More than 4096 chunks: their results have chunks of their own.
  @Test func sumsOfMillionsAreRecursive() {
    let count = 4096 * 4097 + 77
    let long = randomValues(count, seed: 1)
    let expected = naiveSum(long)
    for tier in Tier.available {
      withTier(tier) {
        #expect(sum(long, count: count) == expected)
        var rows: [Float] = [0, 0]
        reduce(.sum, outer: 1, n: count, inner: 1, long, into: &rows)
        #expect(rows[0] == expected)
      }
    }
  }

  @Test(
    arguments: Reduction.allCases,
    [
      (1, 1, 1), (3, 0, 2), (0, 4, 3), (2, 3, 0), (1, 255, 7), (1, 256, 16), (1, 257, 33), (2, 513, 5), (3, 100, 500),
      (1, 1000, 65), (40, 17, 1), (5, 5000, 1), (1, 70000, 2),
    ])
  func anyAxisHasTheBitsOfTheReference(r: Reduction, shape: (Int, Int, Int)) {
    let (outer, n, inner) = shape
    let x = GuardedBuffer(randomValues(outer * n * inner, seed: 3, in: -3...5))
    let expected = naiveAlongAxis(outer: outer, n: n, inner: inner, x.values) {
      naiveReduce(r.naive, $0, isContiguous: inner == 1)
    }
    everywhere { place in
      let y = GuardedBuffer(repeating: Float(7), count: outer * inner)
      reduce(r, outer: outer, n: n, inner: inner, x.pointer, into: y.pointer)
      #expect(bitMismatch(y.values, expected, columns: inner) == nil, "\(r) \(shape), \(place)")
    }
  }

  @Test func dotHasTheBitsOfTheReference() {
    for count in awkwardCounts {
      let (x, y) = (GuardedBuffer(randomValues(count, seed: 5)), GuardedBuffer(randomValues(count, seed: 6), side: .start))
      let expected = naiveDot(x.values, y.values)
      everywhere { #expect(dot(x.pointer, y.pointer, count: count) == expected, "\(count) elements, \($0)") }
    }
  }

  @Test func resultsAreNearThoseOfDoublePrecision() {
    let x = randomValues(50_000, seed: 7, in: -1...3)
    let exact = x.map(Double.init)
    let total = exact.reduce(0, +), mean = total / 50_000
    let square = exact.reduce(0) { $0 + $1 * $1 }
    let spread = exact.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 50_000
    // A lane adds at most 256 numbers and the trees another few: 300 roundings of the sum of magnitudes.
    let epsilon = 300 * Double(Float.ulpOfOne) / 2
    let magnitudes = exact.reduce(0) { $0 + abs($1) }
    #expect(abs(Double(sum(x, count: x.count)) - total) <= epsilon * magnitudes)
    #expect(abs(Double(norm1(x, count: x.count)) - magnitudes) <= epsilon * magnitudes)
    #expect(abs(Double(norm2(x, count: x.count)) - square.squareRoot()) <= epsilon * square.squareRoot())
    #expect(abs(Double(variance(x, count: x.count)) - spread) <= 2 * epsilon * spread)
    #expect(abs(Double(dot(x, x, count: x.count)) - square) <= epsilon * square)
  }

  @Test func emptyReductionsDoWhatMathematicsSays() {
    let none = GuardedBuffer<Float>([])
    #expect(sum(none.pointer, count: 0) == 0)
    #expect(mean(none.pointer, count: 0).isNaN)
    #expect(variance(none.pointer, count: 0).isNaN)
    #expect(maximum(none.pointer, count: 0) == -.infinity)
    #expect(norm2(none.pointer, count: 0) == 0)
    #expect(normInfinity(none.pointer, count: 0) == 0)
    #expect(dot(none.pointer, none.pointer, count: 0) == 0)
    #expect(isFinite(none.pointer, count: 0))
  }

  @Test(arguments: [1, 2, 17, 4097, 20000]) func aNaNIsTheMaximumWhereverItStands(count: Int) {
    for place in Set([0, count / 2, count - 1]) {
      var x = randomValues(count, seed: 8)
      x[place] = .nan
      everywhere { at in
        #expect(maximum(x, count: count).isNaN, "NaN at \(place), \(at)")
        #expect(normInfinity(x, count: count).isNaN, "NaN at \(place), \(at)")
        #expect(argmax(x, count: count) == place, "NaN at \(place), \(at)")
      }
    }
  }

  @Test func aMaximumOfZerosIsPlusZero() {
    everywhere { place in
      for x in [[-0.0, 0], [0, -0.0], [-0.0, -0.0]] as [[Float]] {
        #expect(maximum(x, count: 2).sign == .plus, "\(place)")
        #expect(argmax(x, count: 2) == 0, "\(place)")
      }
    }
  }

  @Test(arguments: [(1, 1, 1), (7, 10, 1), (3, 33, 5), (2, 5, 33), (1, 5000, 1), (4, 300, 16)])
  func argmaxTakesTheFirstOfEquals(outer: Int, n: Int, inner: Int) {
    var x = randomIntegers(outer * n * inner, seed: 9, in: -3...3)
    for i in stride(from: 5, to: x.count, by: 71) { x[i] = .nan }
    let expected = naiveAlongAxis(outer: outer, n: n, inner: inner, x) { Int32(naiveArgmax($0)) }
    let buffer = GuardedBuffer(x)
    everywhere { place in
      let y = GuardedBuffer(repeating: Int32(-1), count: outer * inner)
      argmax(outer: outer, n: n, inner: inner, buffer.pointer, into: y.pointer)
      #expect(y.values == expected, "\(place)")
    }
  }

  @Test func isFiniteFindsOneBadElement() {
    for count in [1, 16, 17, 31, 4096, 4097, 10_003] {
      for side in GuardedBuffer<Float>.Side.allCases {
        let x = GuardedBuffer([Float](repeating: .greatestFiniteMagnitude, count: count), side: side)
        everywhere { #expect(isFinite(x.pointer, count: count), "\(count), \($0)") }
        for bad in [Float.nan, .infinity, -.infinity] {
          for place in Set([0, count / 3, count - 1]) {
            x.pointer[place] = bad
            everywhere { #expect(!isFinite(x.pointer, count: count), "\(bad) at \(place) of \(count), \($0)") }
            x.pointer[place] = 1
          }
        }
      }
    }
  }

  @Test func impossibleArgumentsStopTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = argmax([1], count: 0) }
    await #expect(processExitsWith: .failure) { _ = sum([1], count: -1) }
    await #expect(processExitsWith: .failure) {
      var y: [Float] = [0]
      reduce(.sum, outer: 1, n: -1, inner: 1, [1], into: &y)
    }
  }
}
