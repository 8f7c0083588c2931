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
  forEachHead(s, multiplyAdds: s.multiplyAdds) { head in
    let p = probabilities + head.probability
    gemm(
      m: s.queries, n: s.keys, k: s.keySize, q + head.query, lda: s.keyRow, k + head.key, ldb: s.keyRow, transposeB: true, p,
      ldc: s.keys)
    forEachRowGroup(rows: s.queries, columns: s.keys, nanoseconds: softmaxNanoseconds(s.keys)) { row, rows in
      var job = s.rows(row, rows, mask: mask, head)
      table.pointee.attention_softmax(&job, p + row * s.keys, s.keys)
    }
    gemm(
      m: s.queries, n: s.valueSize, k: s.keys, p, lda: s.keys, v + head.value, ldb: s.valueRow, y + head.output,
      ldc: s.valueRow)
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
  forEachHead(s, multiplyAdds: 2 * s.multiplyAdds) { head in
    let (p, dy) = (probabilities + head.probability, dy + head.output)
    gemm(
      m: s.keys, n: s.valueSize, k: s.queries, p, lda: s.keys, transposeA: true, dy, ldb: s.valueRow, dv + head.value,
      ldc: s.valueRow)
    withScratch(s.queries * s.keys) { dp in
      gemm(
        m: s.queries, n: s.keys, k: s.valueSize, dy, lda: s.valueRow, v + head.value, ldb: s.valueRow, transposeB: true, dp,
        ldc: s.keys)
      forEachRowGroup(rows: s.queries, columns: s.keys, nanoseconds: softmaxNanoseconds(s.keys)) { row, rows in
        var job = s.rows(row, rows, mask: mask, head)
        table.pointee.attention_softmax_gradient(&job, p + row * s.keys, s.keys, dp + row * s.keys, s.keys)
      }
      gemm(
        m: s.queries, n: s.keySize, k: s.keys, dp, lda: s.keys, k + head.key, ldb: s.keyRow, dq + head.query, ldc: s.keyRow)
      gemm(
        m: s.keys, n: s.keySize, k: s.queries, dp, lda: s.keys, transposeA: true, q + head.query, ldb: s.keyRow,
        dk + head.key, ldc: s.keyRow)
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

  fileprivate func rows(_ first: Int, _ count: Int, mask: UnsafePointer<Float>?, _ head: Head) -> lw_attention_rows {
    lw_attention_rows(
      rows: count, columns: keys, first: first, is_causal: isCausal ? 1 : 0, scale: scale,
      mask: mask.map { $0 + head.example * keys })
  }
}

/// Runs `body` for every head of every example.
///
/// - Parameter multiplyAdds: of all, which run at some 20 in a nanosecond.
private func forEachHead(_ s: AttentionShape, multiplyAdds: Int, _ body: (Head) -> Void) {
  let softmax = softmaxNanoseconds(s.keys) * Double(s.probabilityCount)
  forEach(s.batch * s.heads, nanoseconds: Double(multiplyAdds) / 20 + softmax) { body(Head(s, $0)) }
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
