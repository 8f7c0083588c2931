// Random numbers, one position at a time.

/// The four words of one block of Philox 4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011).
public func naivePhilox(counter: [UInt32], key: [UInt32]) -> [UInt32] {
  var (c, k) = (counter, key)
  for _ in 0..<10 {
    let a = c[0].multipliedFullWidth(by: 0xD251_1F53)
    let b = c[2].multipliedFullWidth(by: 0xCD9E_8D57)
    c = [b.high ^ c[1] ^ k[0], b.low, a.high ^ c[3] ^ k[1], a.low]
    k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
  }
  return c
}

/// A sequence of random numbers, asked for position by position.
public struct NaiveRandom {
  let seed: UInt64
  let stream: UInt64
  /// The logarithm of the kernels, which has tests of its own.
  let log: (Float) -> Float

  public init(seed: UInt64, stream: UInt64, log: @escaping (Float) -> Float) {
    self.seed = seed
    self.stream = stream
    self.log = log
  }

  private func block(_ number: UInt64, attempt: UInt32) -> [UInt32] {
    naivePhilox(
      counter: [
        UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32) | attempt << 24,
        UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32),
      ],
      key: [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)])
  }

  public func bits(_ position: UInt64) -> UInt32 { block(position / 4, attempt: 0)[Int(position % 4)] }

  private func unit(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }

  public func uniform(low: Float, high: Float, _ position: UInt64) -> Float {
    low.addingProduct(unit(bits(position)), high - low)
  }

  /// Standard normal numbers 2i and 2i + 1 of a block are made of its words 2i and 2i + 1.
  private func standardNormal(_ position: UInt64, attempt: UInt32) -> Float {
    let words = block(position / 4, attempt: attempt)
    let pair = Int(position % 4) / 2 * 2
    let radius = (-2 * log(unit(words[pair]) + 0x1p-24)).squareRoot()
    let (sine, cosine) = naiveSinCos(turns: unit(words[pair + 1]))
    return radius * (position % 2 == 0 ? cosine : sine)
  }

  public func normal(mean: Float, standardDeviation: Float, _ position: UInt64) -> Float {
    mean.addingProduct(standardNormal(position, attempt: 0), standardDeviation)
  }

  /// The first attempt within two standard deviations.
  public func truncatedNormal(mean: Float, standardDeviation: Float, _ position: UInt64) -> Float {
    var attempt: UInt32 = 0
    while standardNormal(position, attempt: attempt).magnitude > 2 { attempt += 1 }
    return mean.addingProduct(standardNormal(position, attempt: attempt), standardDeviation)
  }

  public func dropout(rate: Float, scale: Float, _ position: UInt64, _ x: Float) -> Float {
    unit(bits(position)) >= rate ? x * scale : 0
  }

  public func alphaDropout(rate: Float, _ position: UInt64, _ x: Float) -> Float {
    let alpha = 1.7580993408473766, rate64 = Double(rate)
    let a = Float(1 / ((1 - rate64) * (1 + rate64 * alpha * alpha)).squareRoot())
    let shift = Double(a) * alpha * rate64
    return unit(bits(position)) >= rate ? Float(shift).addingProduct(x, a) : Float(-alpha * Double(a) + shift)
  }

  /// Fisher and Yates; a word w gives w * bound / 2^32, drawn again where that would count a value once too often.
  public func permutation(_ n: Int) -> [Int32] {
    var result = (0..<n).map { Int32($0) }
    var position: UInt64 = 0
    for i in stride(from: n - 1, to: 0, by: -1) {
      let bound = UInt32(i + 1)
      var product: (high: UInt32, low: UInt32)
      repeat {
        product = bits(position).multipliedFullWidth(by: bound)
        position += 1
      } while product.low < (0 &- bound) % bound
      result.swapAt(i, Int(product.high))
    }
    return result
  }
}

/// The sine and cosine of 2 pi `turns`, 0 <= turns <= 1: reduced, exactly, to an eighth on either side of an axis.
func naiveSinCos(turns u: Float) -> (sine: Float, cosine: Float) {
  let quarter = (4 * u).rounded(.toNearestOrEven)
  let f = u.addingProduct(-quarter, 0.25)
  let s = f * horner(f * f, [0x1.921fb6p2, -0x1.4abc24p5, 0x1.4680a4p6, -0x1.33196p6])
  let c = horner(f * f, [1, -0x1.3bd3ccp4, 0x1.03c1bp6, -0x1.55b2b6p6, 0x1.d4f7eep5])
  switch Int(quarter) % 4 {
  case 0: return (s, c)
  case 1: return (c, -s)
  case 2: return (-s, -c)
  default: return (-c, s)
  }
}

private func horner(_ x: Float, _ c: [Float]) -> Float {
  c.dropLast().reversed().reduce(c.last!) { $1.addingProduct($0, x) }
}
