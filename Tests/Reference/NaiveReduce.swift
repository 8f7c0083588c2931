// Reductions, element by element, in the order the kernels promise.

/// What a reduction adds up for each element: differences and their squares are those from `shift`.
public enum NaiveTerm: Sendable { case value, magnitude, square, difference, deviation }

private func step(_ term: NaiveTerm, _ sum: Float, _ x: Float, _ shift: Float) -> Float {
  switch term {
  case .value: return sum + x
  case .magnitude: return sum + x.magnitude
  case .square: return sum.addingProduct(x, x)
  case .difference: return sum + (x - shift)
  case .deviation:
    let d = x - shift
    return sum.addingProduct(d, d)
  }
}

/// Sixteen lanes to one: lane l joins l+8, then l+4, l+2, l+1.
public func naiveTree(_ lanes: [Float]) -> Float {
  var lanes = lanes
  for half in [8, 4, 2, 1] {
    for l in 0..<half { lanes[l] = lanes[l] + lanes[l + half] }
  }
  return lanes[0]
}

/// Any number of contiguous elements: chunks of 4096, element i of a chunk in lane i mod 16, then the chunks' results.
private func contiguous(_ n: Int, _ step: (_ lane: Float, _ i: Int) -> Float) -> Float {
  var results: [Float] = []
  for start in stride(from: 0, to: n, by: 4096) {
    var lanes = [Float](repeating: 0, count: 16)
    for i in start..<min(start + 4096, n) { lanes[(i - start) % 16] = step(lanes[(i - start) % 16], i) }
    results.append(naiveTree(lanes))
  }
  if results.isEmpty { return 0 }
  return results.count == 1 ? results[0] : contiguous(results.count) { $0 + results[$1] }
}

/// The sum of the terms of contiguous elements.
public func naiveSum(_ x: [Float], _ term: NaiveTerm = .value, shift: Float = 0) -> Float {
  contiguous(x.count) { step(term, $0, x[$1], shift) }
}

/// The dot product: each lane a chain of fused multiply-adds.
public func naiveDot(_ x: [Float], _ y: [Float]) -> Float {
  contiguous(x.count) { $0.addingProduct(x[$1], y[$1]) }
}

/// The sum of the terms of elements that lie apart: blocks of 256 in ascending order from zero, joined in order.
public func naiveStridedSum(_ x: [Float], _ term: NaiveTerm = .value, shift: Float = 0) -> Float {
  var total: Float = 0
  for start in stride(from: 0, to: x.count, by: 256) {
    var block: Float = 0
    for i in start..<min(start + 256, x.count) { block = step(term, block, x[i], shift) }
    total += block
  }
  return total
}

/// The largest element: a NaN if there is one, never -0, -infinity of nothing.
public func naiveMaximum(_ x: [Float]) -> Float {
  var best = -Float.infinity
  for value in x {
    if value.isNaN { return .nan }
    if value > best { best = value }
  }
  return best + 0
}

/// The index of the first NaN, otherwise of the first of the largest elements.
public func naiveArgmax(_ x: [Float]) -> Int {
  var best = 0
  for (i, value) in x.enumerated() {
    if value.isNaN { return i }
    if value > x[best] { best = i }
  }
  return best
}

/// The reductions by the names the kernels give them.
public enum NaiveReduction: CaseIterable, Sendable { case sum, mean, variance, maximum, norm1, norm2, normInfinity }

/// One reduction of `x`, whose elements lie next to each other or apart.
public func naiveReduce(_ r: NaiveReduction, _ x: [Float], isContiguous: Bool) -> Float {
  func total(_ term: NaiveTerm, _ shift: Float = 0) -> Float { naiveTotal(x, term, shift: shift, isContiguous: isContiguous) }
  switch r {
  case .sum: return total(.value)
  case .mean: return total(.value) / Float(x.count)
  case .variance:
    guard let origin = x.first else { return .nan }
    return total(.deviation, origin + total(.difference, origin) / Float(x.count)) / Float(x.count)
  case .maximum: return naiveMaximum(x)
  case .norm1: return total(.magnitude)
  case .norm2: return Float(naiveNorm2(x, isContiguous: isContiguous))
  case .normInfinity: return naiveMaximum([0] + x.map(\.magnitude))
  }
}

private func naiveTotal(_ x: [Float], _ term: NaiveTerm, shift: Float = 0, isContiguous: Bool) -> Float {
  isContiguous ? naiveSum(x, term, shift: shift) : naiveStridedSum(x, term, shift: shift)
}

/// The Euclidean norm: where it comes out as infinity or below 2^-63 it is that of the elements times a power of two.
public func naiveNorm2(_ x: [Float], isContiguous: Bool) -> Double {
  let plain = naiveTotal(x, .square, isContiguous: isContiguous).squareRoot()
  let largest = naiveMaximum([0] + x.map(\.magnitude))
  guard plain == .infinity || plain < 0x1p-63, largest > 0, largest.isFinite else { return Double(plain) }
  let unit = Float(sign: .plus, exponent: -min(max(Int(largest.exponent), -127), 126), significand: 1)
  return Double(naiveTotal(x.map { $0 * unit }, .square, isContiguous: isContiguous).squareRoot()) / Double(unit)
}

/// The middle axis of `x[outer][n][inner]` reduced by `f`, which is given the elements along it.
public func naiveAlongAxis<R>(outer: Int, n: Int, inner: Int, _ x: [Float], _ f: ([Float]) -> R) -> [R] {
  var results: [R] = []
  for o in 0..<outer {
    for j in 0..<inner { results.append(f((0..<n).map { x[(o * n + $0) * inner + j] })) }
  }
  return results
}
