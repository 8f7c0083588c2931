// Attention and embeddings, one element at a time.

/// A row of attention scores to probabilities: softmax over the keys up to `seen` whose mask is not 0.
public func naiveAttentionSoftmax(_ x: [Float], scale: Float, mask: [Float]?, seen: Int) -> [Float] {
  let scores = (0..<seen).map { mask == nil || mask![$0] != 0 ? x[$0] * scale : -.infinity }
  let hidden = [Float](repeating: 0, count: x.count - seen)
  guard scores.contains(where: { $0 != -.infinity }) else { return x.map { _ in 0 } }
  return naiveSoftmax(scores) + hidden
}

public func naiveAttentionSoftmaxGradient(y: [Float], dy: [Float], scale: Float, seen: Int) -> [Float] {
  let dot = naiveDot(Array(y[..<seen]), Array(dy[..<seen]))
  return y.indices.map { $0 < seen ? y[$0] * (dy[$0] - dot) * scale : 0 }
}

/// Attention of `heads` heads: the arrays are those of `AttentionShape`.
public struct NaiveAttention {
  public let heads, queries, keys, keySize, valueSize: Int
  public let isCausal: Bool
  public let scale: Float

  public init(heads: Int, queries: Int, keys: Int, keySize: Int, valueSize: Int, isCausal: Bool, scale: Float) {
    (self.heads, self.queries, self.keys, self.keySize, self.valueSize) = (heads, queries, keys, keySize, valueSize)
    (self.isCausal, self.scale) = (isCausal, scale)
  }

  private func seen(_ query: Int) -> Int { isCausal ? min(query + 1, keys) : keys }

  /// Calls `body` with where q, k, v, y and the probabilities of each head begin, and the example.
  private func forEachHead(_ batch: Int, _ body: (_ q: Int, _ k: Int, _ v: Int, _ y: Int, _ p: Int, _ example: Int) -> Void) {
    for b in 0..<batch {
      for h in 0..<heads {
        body(
          b * queries * heads * keySize + h * keySize, b * keys * heads * keySize + h * keySize,
          b * keys * heads * valueSize + h * valueSize, b * queries * heads * valueSize + h * valueSize,
          (b * heads + h) * queries * keys, b)
      }
    }
  }

  public func forward(
    batch: Int, q: [Float], k: [Float], v: [Float], mask: [Float]?
  ) -> (y: [Float], probabilities: [Float]) {
    let (row, valueRow) = (heads * keySize, heads * valueSize)
    var y = [Float](repeating: 0, count: batch * queries * valueRow)
    var probabilities = [Float](repeating: 0, count: batch * heads * queries * keys)
    forEachHead(batch) { qi, ki, vi, yi, pi, example in
      var p = [Float](repeating: 0, count: queries * keys)
      at(q, qi) { q in
        at(k, ki) { k in
          naiveGemm(m: queries, n: keys, k: keySize, q, lda: row, k, ldb: row, transposeB: true, &p, ldc: keys)
        }
      }
      let shown = mask.map { Array($0[example * keys..<(example + 1) * keys]) }
      for i in 0..<queries {
        let scores = Array(p[i * keys..<(i + 1) * keys])
        p.replaceSubrange(
          i * keys..<(i + 1) * keys, with: naiveAttentionSoftmax(scores, scale: scale, mask: shown, seen: seen(i)))
      }
      probabilities.replaceSubrange(pi..<pi + queries * keys, with: p)
      at(v, vi) { v in
        y.withUnsafeMutableBufferPointer {
          guard let start = $0.baseAddress else { return }
          naiveGemm(m: queries, n: valueSize, k: keys, p, lda: keys, v, ldb: valueRow, start + yi, ldc: valueRow)
        }
      }
    }
    return (y, probabilities)
  }

  public func backward(
    batch: Int, q: [Float], k: [Float], v: [Float], probabilities: [Float], dy: [Float]
  ) -> (dq: [Float], dk: [Float], dv: [Float]) {
    let (row, valueRow) = (heads * keySize, heads * valueSize)
    var (dq, dk, dv) = (q, k, v)
    forEachHead(batch) { qi, ki, vi, yi, pi, _ in
      let p = Array(probabilities[pi..<pi + queries * keys])
      var ds = [Float](repeating: 0, count: queries * keys)
      at(dy, yi) { dy in
        at(v, vi) { v in
          naiveGemm(m: queries, n: keys, k: valueSize, dy, lda: valueRow, v, ldb: valueRow, transposeB: true, &ds, ldc: keys)
        }
        dv.withUnsafeMutableBufferPointer {
          naiveGemm(
            m: keys, n: valueSize, k: queries, p, lda: keys, transposeA: true, dy, ldb: valueRow, $0.baseAddress! + vi,
            ldc: valueRow)
        }
      }
      for i in 0..<queries {
        let range = i * keys..<(i + 1) * keys
        ds.replaceSubrange(
          range, with: naiveAttentionSoftmaxGradient(y: Array(p[range]), dy: Array(ds[range]), scale: scale, seen: seen(i)))
      }
      at(k, ki) { k in
        dq.withUnsafeMutableBufferPointer {
          naiveGemm(m: queries, n: keySize, k: keys, ds, lda: keys, k, ldb: row, $0.baseAddress! + qi, ldc: row)
        }
      }
      at(q, qi) { q in
        dk.withUnsafeMutableBufferPointer {
          naiveGemm(m: keys, n: keySize, k: queries, ds, lda: keys, transposeA: true, q, ldb: row, $0.baseAddress! + ki, ldc: row)
        }
      }
    }
    return (dq, dk, dv)
  }

  private func at(_ values: [Float], _ start: Int, _ body: (UnsafePointer<Float>) -> Void) {
    values.withUnsafeBufferPointer { if let address = $0.baseAddress { body(address + start) } }
  }
}

/// The row of each token.
public func naiveEmbedding(columns: Int, tokens: [Float], table: [Float]) -> [Float] {
  tokens.flatMap { table[Int($0) * columns..<(Int($0) + 1) * columns] }
}

/// For each row of the table, the sum of dy over the places of its token, ascending, from 0.
public func naiveEmbeddingGradient(columns: Int, vocabulary: Int, tokens: [Float], dy: [Float]) -> [Float] {
  var gradient = [Float](repeating: 0, count: vocabulary * columns)
  for (i, token) in tokens.enumerated() {
    for j in 0..<columns { gradient[Int(token) * columns + j] += dy[i * columns + j] }
  }
  return gradient
}
