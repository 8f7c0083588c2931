// Scaled dot-product attention of many heads (Vaswani et al. 2017).

import CKernels

/// The sizes of an attention. Rows of queries, keys, values and results hold the heads side by side:
///
/// | array | shape |
/// |---|---|
/// | q | `[batch, queries, heads * keySize]` |
/// | k | `[batch, keys, heads * keySize]` |
/// | v | `[batch, keys, heads * valueSize]` |
/// | y | `[batch, queries, heads * valueSize]` |
/// | probabilities | `[batch, heads, queries, keys]` |
/// | mask | `[batch, keys]` |
public struct AttentionShape: Hashable, Sendable {
  public var batch, heads, queries, keys: Int
  /// Values of a query or a key, and of a value, for each head.
  public var keySize, valueSize: Int
  /// Whether query i sees keys 0...i only.
  public var isCausal: Bool
  /// What scores are multiplied by; 1 / sqrt(keySize) by default.
  public var scale: Float

  public init(
    batch: Int, heads: Int, queries: Int, keys: Int, keySize: Int, valueSize: Int, isCausal: Bool = false, scale: Float? = nil
  ) {
    precondition(
      min(batch, heads, queries, keys, keySize, valueSize) >= 0,
      "attention: batch \(batch), heads \(heads), queries \(queries), keys \(keys), sizes \(keySize), \(valueSize); "
        + "expected none negative")
    (self.batch, self.heads, self.queries, self.keys) = (batch, heads, queries, keys)
    (self.keySize, self.valueSize, self.isCausal) = (keySize, valueSize, isCausal)
    self.scale = scale ?? 1 / Float(max(keySize, 1)).squareRoot()
  }

  public var queryCount: Int { batch * queries * heads * keySize }
  public var keyCount: Int { batch * keys * heads * keySize }
  public var valueCount: Int { batch * keys * heads * valueSize }
  public var outputCount: Int { batch * queries * heads * valueSize }
  public var probabilityCount: Int { batch * heads * queries * keys }
  /// Multiply-adds of the forward pass.
  public var multiplyAdds: Int { probabilityCount * (keySize + valueSize) }
}

/// Attention, for each example and each head:
///
///     y = P v        P = softmax(scale q k^T) by row
///
/// A key whose mask is 0, or that comes after the query where `isCausal`, has probability 0; a query that sees no key gets zeros.
/// Products sum as `gemm` does, rows of P as `softmax` does over the keys that come into question.
///
/// - Parameters:
///   - mask: which keys are real: any number but 0; nil for all.
///   - probabilities: P, which the gradient needs.
/// - Precondition: the results overlap no operand and not each other; at most 2^24 keys.
public func attention(
  _ s: AttentionShape, q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>,
  mask: UnsafePointer<Float>? = nil, into y: UnsafeMutablePointer<Float>, probabilities: UnsafeMutablePointer<Float>
) {
  checkRows(rows: s.queries, columns: s.keys, "attention")
  checkResult(s, y, s.outputCount, q: q, k: k, v: v)
  checkResult(s, probabilities, s.probabilityCount, q: q, k: k, v: v)
  checkApart(y, s.outputCount, probabilities, s.probabilityCount, "attention: y overlaps the probabilities")
  let table = kernels
  forEachHead(s, cutting: s.queries, multiplyAdds: s.multiplyAdds) { head, rows in
    let p = probabilities + head.probability + rows.lowerBound * s.keys
    gemm(
      m: rows.count, n: s.keys, k: s.keySize, q + head.query + rows.lowerBound * s.keyRow, lda: s.keyRow, k + head.key,
      ldb: s.keyRow, transposeB: true, p, ldc: s.keys)
    var job = s.rows(rows, mask: mask, head)
    table.pointee.attention_softmax(&job, p, s.keys)
    gemm(
      m: rows.count, n: s.valueSize, k: s.keys, p, lda: s.keys, v + head.value, ldb: s.valueRow,
      y + head.output + rows.lowerBound * s.valueRow, ldc: s.valueRow)
  }
}

/// The gradients of ``attention(_:q:k:v:mask:into:probabilities:)``, for each example and head:
///
///     dv = P^T dy        dS = scale P (dP - sum(P dP) by row), dP = dy v^T        dq = dS k        dk = dS^T q
///
/// - Parameter probabilities: as the forward pass left them.
/// - Precondition: the results overlap no operand and not each other.
public func attentionGradient(
  _ s: AttentionShape, q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>,
  mask: UnsafePointer<Float>? = nil, probabilities: UnsafePointer<Float>, dy: UnsafePointer<Float>,
  into dq: UnsafeMutablePointer<Float>, dk: UnsafeMutablePointer<Float>, dv: UnsafeMutablePointer<Float>
) {
  checkRows(rows: s.queries, columns: s.keys, "attentionGradient")
  func check(_ result: UnsafeMutablePointer<Float>, _ count: Int) {
    checkResult(s, result, count, q: q, k: k, v: v)
    checkApart(dy, s.outputCount, result, count, "attentionGradient: a gradient of \(count) values overlaps dy")
    checkApart(
      probabilities, s.probabilityCount, result, count,
      "attentionGradient: a gradient of \(count) values overlaps the probabilities")
  }
  check(dq, s.queryCount)
  check(dk, s.keyCount)
  check(dv, s.valueCount)
  checkApart(dq, s.queryCount, dk, s.keyCount, "attentionGradient: dq overlaps dk")
  checkApart(dq, s.queryCount, dv, s.valueCount, "attentionGradient: dq overlaps dv")
  checkApart(dk, s.keyCount, dv, s.valueCount, "attentionGradient: dk overlaps dv")
  let table = kernels

  /// dS and dq of some queries of a head.
  func scores(_ head: Head, _ rows: Range<Int>, into ds: UnsafeMutablePointer<Float>) {
    let ds = ds + rows.lowerBound * s.keys
    gemm(
      m: rows.count, n: s.keys, k: s.valueSize, dy + head.output + rows.lowerBound * s.valueRow, lda: s.valueRow,
      v + head.value, ldb: s.valueRow, transposeB: true, ds, ldc: s.keys)
    var job = s.rows(rows, mask: mask, head)
    let p = probabilities + head.probability + rows.lowerBound * s.keys
    table.pointee.attention_softmax_gradient(&job, p, s.keys, ds, s.keys)
    gemm(
      m: rows.count, n: s.keySize, k: s.keys, ds, lda: s.keys, k + head.key, ldb: s.keyRow,
      dq + head.query + rows.lowerBound * s.keyRow, ldc: s.keyRow)
  }

  /// dk and dv of some keys of a head.
  func sums(_ head: Head, _ rows: Range<Int>, from ds: UnsafePointer<Float>) {
    gemm(
      m: rows.count, n: s.valueSize, k: s.queries, probabilities + head.probability + rows.lowerBound, lda: s.keys,
      transposeA: true, dy + head.output, ldb: s.valueRow, dv + head.value + rows.lowerBound * s.valueRow, ldc: s.valueRow)
    gemm(
      m: rows.count, n: s.keySize, k: s.queries, ds + rows.lowerBound, lda: s.keys, transposeA: true, q + head.query,
      ldb: s.keyRow, dk + head.key + rows.lowerBound * s.keyRow, ldc: s.keyRow)
  }

  let scoreCount = s.queries * s.keys
  if !s.cutsHeads(multiplyAdds: 2 * s.multiplyAdds) {
    forEachHead(s, cutting: s.queries, multiplyAdds: 2 * s.multiplyAdds) { head, rows in
      withScratch(scoreCount) { ds in
        scores(head, rows, into: ds)
        sums(head, 0..<s.keys, from: ds)
      }
    }
  } else {
    withScratch(s.probabilityCount) { ds in
      nonisolated(unsafe) let ds = ds
      forEachHead(s, cutting: s.queries, multiplyAdds: s.multiplyAdds) { scores($0, $1, into: ds + $0.probability) }
      forEachHead(s, cutting: s.keys, multiplyAdds: s.multiplyAdds) { sums($0, $1, from: ds + $0.probability) }
    }
  }
}

/// Where the matrices of one head of one example begin.
private struct Head {
  let example: Int
  let query, key, value, output, probability: Int

  init(_ s: AttentionShape, _ index: Int) {
    let head = index % s.heads
    example = index / s.heads
    query = example * s.queries * s.keyRow + head * s.keySize
    key = example * s.keys * s.keyRow + head * s.keySize
    value = example * s.keys * s.valueRow + head * s.valueSize
    output = example * s.queries * s.valueRow + head * s.valueSize
    probability = index * s.queries * s.keys
  }
}

extension AttentionShape {
  /// The distances between rows.
  fileprivate var keyRow: Int { heads * keySize }
  fileprivate var valueRow: Int { heads * valueSize }

  fileprivate func rows(_ queries: Range<Int>, mask: UnsafePointer<Float>?, _ head: Head) -> lw_attention_rows {
    lw_attention_rows(
      rows: queries.count, columns: keys, first: queries.lowerBound, is_causal: isCausal ? 1 : 0, scale: scale,
      mask: mask.map { $0 + head.example * keys })
  }
}

/// How attention is shared out. Nothing here changes a bit.
private enum AttentionTuning {
  /// Queries or keys of a piece of a head: with fewer, turning the other matrix for the piece alone would take longer than its use.
  static let leastRows = 8
  /// The time of a piece of a head, in nanoseconds, that makes up for it.
  static let pieceNanoseconds = 3_000.0
  /// Multiply-adds in a nanosecond: products of one head are small.
  static let multiplyAdds = 20.0
}

extension AttentionShape {
  /// The serial time, roughly, of so many multiply-adds and of the softmax.
  fileprivate func nanoseconds(multiplyAdds: Int) -> Double {
    Double(multiplyAdds) / AttentionTuning.multiplyAdds + softmaxNanoseconds(keys) * Double(probabilityCount)
  }

  /// Whether heads are cut: they are fewer than threads; or few, long, and not to be dealt out evenly.
  fileprivate func cutsHeads(multiplyAdds: Int) -> Bool {
    let count = batch * heads
    if count < threadCount { return true }
    let isUneven = count < 2 * threadCount && count % threadCount != 0
    return isUneven && nanoseconds(multiplyAdds: multiplyAdds) >= GangTuning.workPerDividedJob * Double(count)
  }
}

/// Runs `body` for every head of every example: for all of its `rows`, or piece by piece where heads are cut.
///
/// - Parameter multiplyAdds: of all.
private func forEachHead(
  _ s: AttentionShape, cutting rows: Int, multiplyAdds: Int, _ body: (_ head: Head, _ rows: Range<Int>) -> Void
) {
  let heads = s.batch * s.heads
  let time = s.nanoseconds(multiplyAdds: multiplyAdds)
  let most = heads < threadCount ? threadCount : 2 * threadCount
  let pieces = s.cutsHeads(multiplyAdds: multiplyAdds) ? min(most, Int(time / AttentionTuning.pieceNanoseconds)) : 1
  let cut = Cut(rows, unit: AttentionTuning.leastRows, into: heads == 0 ? 1 : (pieces + heads - 1) / heads)
  parallelFor(heads * cut.count, nanoseconds: time) {
    let (head, piece) = $0.quotientAndRemainder(dividingBy: cut.count)
    body(Head(s, head), cut.range(piece))
  }
}

/// Stops the program where `result` overlaps an operand.
private func checkResult(
  _ s: AttentionShape, _ result: UnsafeMutablePointer<Float>, _ count: Int, q: UnsafePointer<Float>, k: UnsafePointer<Float>,
  v: UnsafePointer<Float>
) {
  checkApart(q, s.queryCount, result, count, "attention: a result of \(count) values overlaps q")
  checkApart(k, s.keyCount, result, count, "attention: a result of \(count) values overlaps k")
  checkApart(v, s.valueCount, result, count, "attention: a result of \(count) values overlaps v")
}

#if compiler(>=6.2)

  /// `attention` on spans of exactly the sizes of `s`.
  public func attention(
    _ s: AttentionShape, q: Span<Float>, k: Span<Float>, v: Span<Float>, mask: Span<Float>? = nil,
    into y: inout MutableSpan<Float>, probabilities: inout MutableSpan<Float>
  ) {
    checkSpans(s, q.count, k.count, v.count, mask?.count, y.count, probabilities.count, "attention")
    q.withPointer { q in
      k.withPointer { k in
        v.withPointer { v in
          withPointer(mask) { mask in
            y.withPointer { y in
              probabilities.withPointer { attention(s, q: q, k: k, v: v, mask: mask, into: y, probabilities: $0) }
            }
          }
        }
      }
    }
  }

  /// `attentionGradient` on spans of exactly the sizes of `s`.
  public func attentionGradient(
    _ s: AttentionShape, q: Span<Float>, k: Span<Float>, v: Span<Float>, mask: Span<Float>? = nil,
    probabilities: Span<Float>, dy: Span<Float>, into dq: inout MutableSpan<Float>, dk: inout MutableSpan<Float>,
    dv: inout MutableSpan<Float>
  ) {
    checkSpans(s, q.count, k.count, v.count, mask?.count, dy.count, probabilities.count, "attentionGradient")
    checkSpans(s, dq.count, dk.count, dv.count, nil, dy.count, probabilities.count, "attentionGradient")
    q.withPointer { q in
      k.withPointer { k in
        v.withPointer { v in
          withPointer(mask) { mask in
            probabilities.withPointer { probabilities in
              dy.withPointer { dy in
                dq.withPointer { dq in
                  dk.withPointer { dk in
                    dv.withPointer {
                      attentionGradient(
                        s, q: q, k: k, v: v, mask: mask, probabilities: probabilities, dy: dy, into: dq, dk: dk, dv: $0)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  private func checkSpans(
    _ s: AttentionShape, _ q: Int, _ k: Int, _ v: Int, _ mask: Int?, _ y: Int, _ probabilities: Int, _ function: StaticString
  ) {
    checkCounts(q, s.queryCount, function)
    checkCounts(k, s.keyCount, function)
    checkCounts(v, s.valueCount, function)
    if let mask { checkCounts(mask, s.batch * s.keys, function) }
    checkCounts(y, s.outputCount, function)
    checkCounts(probabilities, s.probabilityCount, function)
  }

#endif
