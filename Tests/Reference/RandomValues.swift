// Seeded inputs: every test names its seed, so every failure can be repeated.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
public struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// An index from `range`.
  public mutating func index(in range: ClosedRange<Int>) -> Int { .random(in: range, using: &self) }

  /// One of `choices`, which must not be empty.
  public mutating func pick<T>(_ choices: [T]) -> T { choices.randomElement(using: &self)! }
}

/// `count` values, uniform in `range`.
public func randomValues(_ count: Int, seed: UInt64, in range: ClosedRange<Float> = -1...1) -> [Float] {
  var generator = SplitMix64(seed: seed)
  let width = range.upperBound - range.lowerBound
  return (0..<count).map { _ in range.lowerBound + width * (Float(generator.next() >> 40) * 0x1p-24) }
}

/// `count` small integers as floats: products and sums of a few thousand of them are exact, whatever the order.
public func randomIntegers(_ count: Int, seed: UInt64, in range: ClosedRange<Int> = -8...8) -> [Float] {
  var generator = SplitMix64(seed: seed)
  let width = UInt64(range.upperBound - range.lowerBound + 1)
  return (0..<count).map { _ in Float(range.lowerBound + Int(generator.next() % width)) }
}

/// A seed that differs from run to run, printed with the way to repeat it; `KERNELS_TEST_SEED` sets it.
public func freshSeed(_ test: String) -> UInt64 {
  if let text = getenv("KERNELS_TEST_SEED").map({ String(cString: $0) }), let seed = UInt64(text) { return seed }
  let seed = UInt64.random(in: 0..<1 << 32)
  print("\(test): repeat with KERNELS_TEST_SEED=\(seed)")
  return seed
}
