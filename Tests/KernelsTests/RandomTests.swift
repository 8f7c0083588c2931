import Kernels
import Reference
import Testing

@Suite struct RandomTests {
  /// From the known answers published with Random123 (philox4x32, 10 rounds): counter, key, words.
  private static let answers: [([UInt32], [UInt32], [UInt32])] = [
    ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    (
      [.max, .max, .max, .max], [.max, .max], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
    ),
    (
      [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
      [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    ),
  ]

  @Test func theReferenceGivesThePublishedAnswers() {
    for (counter, key, words) in Self.answers { #expect(naivePhilox(counter: counter, key: key) == words) }
  }

  @Test(arguments: Tier.available) func bitsGiveThePublishedAnswer(tier: Tier) {
    var words = [UInt32](repeating: 0, count: 4)
    withTier(tier) { RandomStream(seed: 0, stream: 0).bits(from: 0, into: &words, count: 4) }
    #expect(words == Self.answers[0].2)
  }

  /// Places in a sequence: aligned or not, where the block number's low word runs over, and at the very end.
  static let places: [(from: UInt64, count: Int)] = [
    (0, 0), (0, 1), (0, 64), (1, 3), (3, 1), (5, 200), (64, 129), (7, 16384 + 70), ((1 << 34) - 9, 100), ((1 << 58) - 21, 21),
  ]
  private static let (seed, stream): (UInt64, UInt64) = (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210)

  private func expectReference(
    _ place: (from: UInt64, count: Int), _ kernel: (RandomStream, UnsafeMutablePointer<Float>) -> Void,
    _ naive: (NaiveRandom, UInt64) -> Float
  ) {
    let reference = NaiveRandom(seed: Self.seed, stream: Self.stream) { x in
      var y: Float = 0
      withTier(.scalar) { Kernels.log([x], into: &y, count: 1) }
      return y
    }
    let expected = (0..<place.count).map { naive(reference, place.from + UInt64($0)) }
    everywhere { at in
      let y = GuardedBuffer(repeating: Float.nan, count: place.count)
      kernel(RandomStream(seed: Self.seed, stream: Self.stream), y.pointer)
      #expect(bitMismatch(y.values, expected) == nil, "\(place.count) from \(place.from), \(at)")
    }
  }

  @Test(arguments: places) func bitsHaveThoseOfTheReference(from: UInt64, count: Int) {
    expectReference(
      (from, count),
      { stream, y in
        y.withMemoryRebound(to: UInt32.self, capacity: count) { stream.bits(from: from, into: $0, count: count) }
      }, { Float(bitPattern: $0.bits($1)) })
  }

  @Test(arguments: places) func uniformHasTheBitsOfTheReference(from: UInt64, count: Int) {
    expectReference(
      (from, count), { $0.uniform(low: -0.3, high: 0.7, from: from, into: $1, count: count) },
      { $0.uniform(low: -0.3, high: 0.7, $1) })
  }

  @Test(arguments: places) func normalHasTheBitsOfTheReference(from: UInt64, count: Int) {
    expectReference(
      (from, count), { $0.normal(mean: 1, standardDeviation: 0.5, from: from, into: $1, count: count) },
      { $0.normal(mean: 1, standardDeviation: 0.5, $1) })
  }

  @Test(arguments: places) func truncatedNormalHasTheBitsOfTheReference(from: UInt64, count: Int) {
    expectReference(
      (from, count), { $0.truncatedNormal(mean: 1, standardDeviation: 0.5, from: from, into: $1, count: count) },
      { $0.truncatedNormal(mean: 1, standardDeviation: 0.5, $1) })
  }

  @Test(arguments: places) func dropoutHasTheBitsOfTheReference(from: UInt64, count: Int) {
    var x = randomValues(count, seed: 1)
    if count > 2 { x[2] = .nan }
    expectReference(
      (from, count), { $0.dropout(rate: 0.4, scale: 1 / 0.6, from: from, x, into: $1, count: count) },
      { $0.dropout(rate: 0.4, scale: 1 / 0.6, $1, x[Int($1 - from)]) })
  }

  @Test(arguments: [0, 1, 2, 3, 10, 1000]) func permutationIsThatOfTheReference(n: Int) {
    let expected = NaiveRandom(seed: 5, stream: 6, log: { $0 }).permutation(n)
    everywhere { #expect(RandomStream(seed: 5, stream: 6).permutation(n) == expected, "\($0)") }
    #expect(expected.sorted() == (0..<Int32(n)).map { $0 })
  }

  @Test func aPartOfASequenceIsThatPartOfTheWhole() {
    let stream = RandomStream(seed: 11, stream: 12)
    var whole = [Float](repeating: 0, count: 1000)
    stream.truncatedNormal(into: &whole, count: 1000)
    for from in [0, 1, 2, 3, 4, 61, 64, 500] {
      var part = [Float](repeating: 0, count: 300)
      stream.truncatedNormal(from: UInt64(from), into: &part, count: 300)
      #expect(bitMismatch(part, Array(whole[from..<from + 300])) == nil, "from \(from)")
    }
  }

  @Test func streamsAndSeedsDiffer() {
    let streams = [
      RandomStream(seed: 1, stream: 0), .init(seed: 2, stream: 0), .init(seed: 1, stream: 1), .init(seed: 1, stream: 1 << 32),
    ]
    let words = streams.map { stream in
      var y = [UInt32](repeating: 0, count: 8)
      stream.bits(from: 0, into: &y, count: 8)
      return y
    }
    #expect(Set(words).count == streams.count)
  }

  private func moments(_ x: [Float]) -> (mean: Double, deviation: Double) {
    let mean = x.reduce(0) { $0 + Double($1) } / Double(x.count)
    return (mean, (x.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(x.count)).squareRoot())
  }

  /// Sum of (observed - expected)^2 / expected over equally likely cells.
  private func chiSquare(_ counts: [Int]) -> Double {
    let expected = Double(counts.reduce(0, +)) / Double(counts.count)
    return counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
  }

  @Test func uniformNumbersAreUniform() {
    var x = [Float](repeating: 0, count: 1 << 18)
    RandomStream(seed: 3, stream: 0).uniform(into: &x, count: x.count)
    #expect(x.allSatisfy { $0 >= 0 && $0 < 1 })
    let (mean, deviation) = moments(x)
    #expect(abs(mean - 0.5) < 0.003 && abs(deviation - (1.0 / 12).squareRoot()) < 0.002)
    var counts = [Int](repeating: 0, count: 256)
    for value in x { counts[Int(value * 256)] += 1 }
    // 255 degrees of freedom: mean 255, standard deviation 22.6.
    #expect(abs(chiSquare(counts) - 255) < 90)
  }

  @Test func normalNumbersAreNormal() {
    var x = [Float](repeating: 0, count: 1 << 18)
    RandomStream(seed: 4, stream: 0).normal(mean: 2, standardDeviation: 3, into: &x, count: x.count)
    let (mean, deviation) = moments(x)
    #expect(abs(mean - 2) < 0.03 && abs(deviation - 3) < 0.02)
    // Quartiles and the 97.7 % point of the standard normal distribution.
    for (z, share) in [(-0.67449, 0.25), (0, 0.5), (0.67449, 0.75), (2, 0.97725)] {
      let below = Double(x.filter { Double($0) < 2 + 3 * z }.count) / Double(x.count)
      #expect(abs(below - share) < 0.005, "below \(z)")
    }
  }

  @Test func truncatedNormalNumbersStayWithinTwoDeviations() {
    var x = [Float](repeating: 0, count: 1 << 18)
    RandomStream(seed: 5, stream: 0).truncatedNormal(into: &x, count: x.count)
    #expect(x.allSatisfy { abs($0) <= 2 })
    let (mean, deviation) = moments(x)
    #expect(abs(mean) < 0.01 && abs(deviation - 0.87962566) < 0.005)
  }

  @Test(arguments: places) func alphaDropoutHasTheBitsOfTheReference(from: UInt64, count: Int) {
    var x = randomValues(count, seed: 1)
    if count > 2 { x[2] = .nan }
    expectReference(
      (from, count), { $0.alphaDropout(rate: 0.4, from: from, x, into: $1, count: count) },
      { $0.alphaDropout(rate: 0.4, $1, x[Int($1 - from)]) })
  }

  @Test func alphaDropoutKeepsMeanAndVariance() {
    let stream = RandomStream(seed: 6, stream: 0)
    for rate: Float in [0, 0.1, 0.5, 0.9] {
      var x = [Float](repeating: 0, count: 1 << 18)
      RandomStream(seed: 6, stream: 1).normal(into: &x, count: x.count)
      var y = x
      stream.alphaDropout(rate: rate, x, into: &y, count: x.count)
      let found = moments(y)
      #expect(abs(found.mean) < 0.01 && abs(found.deviation - 1) < 0.01, "rate \(rate)")
    }
  }

  @Test func dropoutKeepsItsShare() {
    let x = [Float](repeating: 1, count: 1 << 18)
    for rate: Float in [0, 0.1, 0.5, 1] {
      var y = x
      RandomStream(seed: 6, stream: 0).dropout(rate: rate, scale: 2, x, into: &y, count: x.count)
      #expect(y.allSatisfy { $0 == 0 || $0 == 2 })
      #expect(abs(moments(y).mean - 2 * Double(1 - rate)) < 0.01, "rate \(rate)")
    }
  }

  @Test func everyPermutationIsEquallyLikely() {
    var counts: [[Int32]: Int] = [:]
    for stream in 0..<12_000 as Range<UInt64> { counts[RandomStream(seed: 7, stream: stream).permutation(4), default: 0] += 1 }
    #expect(counts.count == 24)
    // 23 degrees of freedom: mean 23, standard deviation 6.8.
    #expect(chiSquare(Array(counts.values)) < 55)
  }

  @Test func impossibleArgumentsStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      var y: [Float] = [0, 0]
      RandomStream(seed: 0, stream: 0).uniform(from: 1 << 58 - 1, into: &y, count: 2)
    }
    await #expect(processExitsWith: .failure) {
      var y: [Float] = [0]
      RandomStream(seed: 0, stream: 0).dropout(rate: 1.5, scale: 1, [1], into: &y, count: 1)
    }
    await #expect(processExitsWith: .failure) { _ = RandomStream(seed: 0, stream: 0).permutation(-1) }
  }
}
