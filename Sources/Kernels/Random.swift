// Random numbers from a counter: a value depends on (seed, stream, position) and on nothing else, so any part of a
// sequence can be made on any core, in any order, and a gradient can ask again for the mask of its forward pass.

import CKernels

/// A sequence of random numbers that can be entered at any position.
///
/// The generator is Philox 4x32-10 (Salmon et al., SC 2011) with the seed as key. The counter holds the position and the
/// stream: streams of one seed are independent, and each has 2^58 positions. The value at position p is made of word
/// p mod 4 of block p / 4 (normal numbers: of a pair of words of the block).
///
///     let stream = RandomStream(seed: 7, stream: 0)
///     stream.normal(mean: 0, standardDeviation: 0.05, into: weights, count: 1000)
public struct RandomStream: Hashable, Sendable {
  private let seed: UInt64
  private let stream: UInt64

  /// The sequence `stream` of `seed`.
  public init(seed: UInt64, stream: UInt64) {
    self.seed = seed
    self.stream = stream
  }

  private var c: lw_random { lw_random(seed: seed, stream: stream) }

  /// The generator's words at positions `position ..< position + count`.
  public func bits(from position: UInt64, into y: UnsafeMutablePointer<UInt32>, count: Int) {
    check(position, count, "bits")
    let (c, kernel) = (c, kernels.pointee.random_bits)
    forEachPiece(count, nanoseconds: 0.8) { kernel(c, position + UInt64($0), y + $0, $1) }
  }

  /// Numbers spread evenly over `low ..< high`: `fma(word / 256 * 2^-24, high - low, low)`.
  ///
  /// In 0 ..< 1 every value is a multiple of 2^-24. Elsewhere rounding may give `high` itself.
  public func uniform(
    low: Float = 0, high: Float = 1, from position: UInt64 = 0, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    check(position, count, "uniform")
    precondition(low <= high, "uniform: low \(low) and high \(high); expected low <= high")
    let (c, kernel) = (c, kernels.pointee.random_uniform)
    forEachPiece(count, nanoseconds: 0.8) { kernel(c, position + UInt64($0), low, high, y + $0, $1) }
  }

  /// Normal numbers by the method of Box and Muller: `fma(z, standardDeviation, mean)`, |z| <= 5.77.
  public func normal(
    mean: Float = 0, standardDeviation: Float = 1, from position: UInt64 = 0, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    check(position, count, "normal")
    let (c, kernel) = (c, kernels.pointee.random_normal)
    forEachPiece(count, nanoseconds: 1.6) { kernel(c, position + UInt64($0), mean, standardDeviation, y + $0, $1) }
  }

  /// Normal numbers, those beyond two standard deviations drawn again (their own standard deviation is 0.8796 of
  /// `standardDeviation`).
  public func truncatedNormal(
    mean: Float = 0, standardDeviation: Float = 1, from position: UInt64 = 0, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    check(position, count, "truncatedNormal")
    let (c, kernel) = (c, kernels.pointee.random_truncated_normal)
    forEachPiece(count, nanoseconds: 4) { kernel(c, position + UInt64($0), mean, standardDeviation, y + $0, $1) }
  }

  /// A permutation of 0 ..< n, every one equally likely.
  public func permutation(_ n: Int) -> [Int32] {
    precondition(n >= 0, "permutation: n \(n) is negative")
    return [Int32](unsafeUninitializedCapacity: n) { buffer, count in
      permute(into: UnsafeMutableBufferPointer(rebasing: buffer[..<n]))
      count = n
    }
  }

  /// Fills `y` with a permutation of 0 ..< y.count, without allocating.
  public func permute(into y: UnsafeMutableBufferPointer<Int32>) {
    precondition(y.count <= Int(Int32.max), "permute: \(y.count) elements; an Int32 counts to \(Int32.max)")
    guard let base = y.baseAddress else { return }
    kernels.pointee.random_permutation(c, base, y.count)
  }

  /// Dropout: `y[i] = kept ? x[i] * scale : 0`, where position `position + i` is kept when its uniform number in 0 ..< 1
  /// is at least `rate`. `y` may be `x`.
  ///
  /// The mask is never stored: the same call on the output's gradient gives the input's.
  public func dropout(
    rate: Float, scale: Float, from position: UInt64 = 0, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    check(position, count, "dropout")
    precondition(rate >= 0 && rate <= 1, "dropout: rate \(rate); expected 0 to 1")
    checkOverlap(x, y, elements: count, "dropout")
    let (c, kernel) = (c, kernels.pointee.random_dropout)
    forEachPiece(count, nanoseconds: 1.1) { kernel(c, position + UInt64($0), rate, scale, x + $0, y + $0, $1) }
  }

  /// Alpha dropout (Klambauer et al. 2017), which leaves mean 0 and variance 1 as they are: positions that ``dropout`` would drop
  /// become -alpha, the value of SELU at minus infinity, and then all of it is brought back to that mean and variance:
  ///
  ///     y[i] = fma(kept ? x[i] : -alpha, a, b),   alpha = 1.7580993,   a = 1 / sqrt((1 - rate) (1 + rate alpha^2)),   b = a alpha rate
  ///
  /// The gradient is ``dropout`` of the output's with scale a, which is ``alphaDropoutScale(rate:)``. `y` may be `x`.
  public func alphaDropout(
    rate: Float, from position: UInt64 = 0, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    check(position, count, "alphaDropout")
    precondition(rate >= 0 && rate < 1, "alphaDropout: rate \(rate); expected at least 0 and less than 1")
    checkOverlap(x, y, elements: count, "alphaDropout")
    let a = Double(Self.alphaDropoutScale(rate: rate)), shift = a * Self.alpha * Double(rate)
    let dropped = Float(-Self.alpha * a + shift)
    let (c, kernel) = (c, kernels.pointee.random_affine_dropout)
    forEachPiece(count, nanoseconds: 1.1) {
      kernel(c, position + UInt64($0), rate, Float(a), Float(shift), dropped, x + $0, y + $0, $1)
    }
  }

  /// What alpha dropout multiplies what it keeps by.
  public static func alphaDropoutScale(rate: Float) -> Float {
    let rate = Double(rate)
    return Float(1 / ((1 - rate) * (1 + rate * alpha * alpha)).squareRoot())
  }

  /// 1.05070098 * 1.67326324.
  private static let alpha = 1.7580993408473766

  private func check(_ position: UInt64, _ count: Int, _ function: StaticString) {
    precondition(count >= 0, "RandomStream.\(function): count \(count) is negative")
    precondition(
      position <= 1 << 58 && UInt64(count) <= 1 << 58 - position,
      "RandomStream.\(function): positions \(position) and \(count) more; a stream has 2^58")
  }
}
