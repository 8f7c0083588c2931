import Kernels
import Reference
import Testing

@Suite struct AttentionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let shape: AttentionShape
    let isMasked: Bool

    init(
      _ batch: Int, _ heads: Int, _ queries: Int, _ keys: Int, _ keySize: Int, _ valueSize: Int, causal: Bool = false,
      masked: Bool = false
    ) {
      shape = AttentionShape(
        batch: batch, heads: heads, queries: queries, keys: keys, keySize: keySize, valueSize: valueSize, isCausal: causal)
      isMasked = masked
    }

    var testDescription: String { "\(shape) masked \(isMasked)" }

    var naive: NaiveAttention {
      NaiveAttention(
        heads: shape.heads, queries: shape.queries, keys: shape.keys, keySize: shape.keySize, valueSize: shape.valueSize,
        isCausal: shape.isCausal, scale: shape.scale)
    }

    /// q, k, v, dy, mask: of each example some keys are hidden, of the last all.
    var values: (q: [Float], k: [Float], v: [Float], dy: [Float], mask: [Float]?) {
      let mask = (0..<shape.batch * shape.keys).map { i -> Float in
        i / max(shape.keys, 1) == shape.batch - 1 && shape.batch > 1 ? 0 : i % 3 == 2 ? 0 : 1
      }
      return (
        randomValues(shape.queryCount, seed: 1, in: -2...2), randomValues(shape.keyCount, seed: 2, in: -2...2),
        randomValues(shape.valueCount, seed: 3), randomValues(shape.outputCount, seed: 4), isMasked ? mask : nil
      )
    }
  }

  static let cases = [
    // Heads that are cut: fewer than threads, and long ones that two threads cannot deal out evenly.
    Case(1, 1, 67, 70, 16, 24, causal: true), Case(1, 3, 83, 67, 33, 20, causal: true, masked: true),
    Case(1, 1, 1, 1, 1, 1), Case(0, 2, 3, 3, 4, 4), Case(2, 2, 0, 3, 4, 4), Case(1, 2, 5, 5, 3, 2, causal: true),
    Case(2, 3, 7, 17, 16, 5), Case(2, 3, 17, 7, 8, 8, causal: true), Case(3, 2, 16, 16, 16, 16, masked: true),
    Case(2, 2, 33, 33, 15, 17, causal: true, masked: true), Case(4, 4, 19, 19, 32, 32),
    Case(1, 1, 130, 130, 24, 24, causal: true),
  ]

  @Test(arguments: cases) func equalsTheReferenceEverywhere(_ c: Case) {
    let (s, (q, k, v, dy, mask)) = (c.shape, c.values)
    let expected = c.naive.forward(batch: s.batch, q: q, k: k, v: v, mask: mask)
    let gradient = c.naive.backward(batch: s.batch, q: q, k: k, v: v, probabilities: expected.probabilities, dy: dy)
    everywhere { place in
      var y = [Float](repeating: 7, count: s.outputCount + 1)
      var p = [Float](repeating: 7, count: s.probabilityCount + 1)
      attention(s, q: q, k: k, v: v, mask: mask, into: &y, probabilities: &p)
      #expect(bitMismatch(p, expected.probabilities + [7], columns: s.keys) == nil, "\(place), probabilities")
      #expect(bitMismatch(y, expected.y + [7]) == nil, "\(place)")
      var (dq, dk, dv) = (q + [7], k + [7], v + [7])
      attentionGradient(
        s, q: q, k: k, v: v, mask: mask, probabilities: expected.probabilities, dy: dy, into: &dq, dk: &dk, dv: &dv)
      #expect(bitMismatch(dq, gradient.dq + [7]) == nil, "\(place), dq")
      #expect(bitMismatch(dk, gradient.dk + [7]) == nil, "\(place), dk")
      #expect(bitMismatch(dv, gradient.dv + [7]) == nil, "\(place), dv")
    }
  }

  /// softmax(scale q k^T) v in float64.
  @Test func isWithinItsBoundOfTheTruth() {
    let c = Case(2, 2, 9, 40, 16, 8, causal: true)
    let (s, (q, k, v, _, _)) = (c.shape, c.values)
    var truth = [Double](repeating: 0, count: s.outputCount)
    for b in 0..<2 {
      for h in 0..<2 {
        for i in 0..<9 {
          let scores = (0...i).map { j -> Double in
            var dot = 0.0
            for d in 0..<16 { dot += Double(q[((b * 9 + i) * 2 + h) * 16 + d]) * Double(k[((b * 40 + j) * 2 + h) * 16 + d]) }
            return exponential(dot * 0.25)
          }
          let sum = scores.reduce(0, +)
          for d in 0..<8 {
            truth[((b * 9 + i) * 2 + h) * 8 + d] = (0...i).reduce(0.0) {
              $0 + scores[$1] / sum * Double(v[((b * 40 + $1) * 2 + h) * 8 + d])
            }
          }
        }
      }
    }
    var (y, p) = ([Float](repeating: 0, count: s.outputCount), [Float](repeating: 0, count: s.probabilityCount))
    attention(s, q: q, k: k, v: v, into: &y, probabilities: &p)
    #expect(boundMismatch(y, truth, bound: truth.map { _ in 64 * 0x1p-24 }) == nil)
  }

  @Test func staysInsideItsBuffers() {
    let c = Case(1, 1, 3, 17, 5, 3, causal: true)
    let (s, (q, k, v, dy, _)) = (c.shape, c.values)
    let expected = c.naive.forward(batch: 1, q: q, k: k, v: v, mask: nil)
    for tier in Tier.available {
      for side in GuardedBuffer<Float>.Side.allCases {
        let operands = [q, k, v, dy].map { GuardedBuffer($0, side: side) }
        let mask = GuardedBuffer<Float>(repeating: 1, count: 17, side: side)
        let results = [s.outputCount, s.probabilityCount, q.count, k.count, v.count].map {
          GuardedBuffer<Float>(repeating: 0, count: $0, side: side)
        }
        withTier(tier) {
          attention(
            s, q: operands[0].pointer, k: operands[1].pointer, v: operands[2].pointer, mask: mask.pointer,
            into: results[0].pointer, probabilities: results[1].pointer)
          attentionGradient(
            s, q: operands[0].pointer, k: operands[1].pointer, v: operands[2].pointer, mask: mask.pointer,
            probabilities: results[1].pointer, dy: operands[3].pointer, into: results[2].pointer, dk: results[3].pointer,
            dv: results[4].pointer)
        }
        #expect(bitMismatch(results[0].values, expected.y) == nil)
      }
    }
  }

  /// A NaN among the scores of a row makes the row NaN, and no other.
  @Test func propagatesNaN() {
    let s = AttentionShape(batch: 1, heads: 1, queries: 2, keys: 2, keySize: 1, valueSize: 1)
    var (y, p): ([Float], [Float]) = ([0, 0], [0, 0, 0, 0])
    attention(s, q: [.nan, 1], k: [1, 1], v: [1, 3], into: &y, probabilities: &p)
    #expect(y[0].isNaN && y[1] == 2)
  }

  @Test func wrongArgumentsStopTheProgram() async {
    let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = AttentionShape(batch: 1, heads: -1, queries: 1, keys: 1, keySize: 1, valueSize: 1)
    }
    let message = String(decoding: shape?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("heads -1"))
    await #expect(processExitsWith: .failure) {
      let s = AttentionShape(batch: 1, heads: 1, queries: 2, keys: 2, keySize: 1, valueSize: 1)
      var (x, p): ([Float], [Float]) = ([0, 0], [0, 0, 0, 0])
      x.withUnsafeMutableBufferPointer {
        let q = $0.baseAddress!
        attention(s, q: q, k: [1, 1], v: [1, 1], into: q, probabilities: &p)
      }
    }
  }

  #if compiler(>=6.2)
    @Test func takesSpans() {
      let s = AttentionShape(batch: 1, heads: 1, queries: 1, keys: 2, keySize: 1, valueSize: 1)
      var (y, p): ([Float], [Float]) = ([0], [0, 0])
      var a = y.mutableSpan
      var b = p.mutableSpan
      attention(s, q: [0].span, k: [1, 2].span, v: [1, 3].span, into: &a, probabilities: &b)
      #expect(y == [2] && p == [0.5, 0.5])
      var (dq, dk, dv): ([Float], [Float], [Float]) = ([0], [0, 0], [0, 0])
      var c = dq.mutableSpan
      var d = dk.mutableSpan
      var e = dv.mutableSpan
      attentionGradient(
        s, q: [0].span, k: [1, 2].span, v: [1, 3].span, probabilities: [0.5, 0.5].span, dy: [1].span, into: &c, dk: &d, dv: &e)
      #expect(dq == [0.5] && dk == [0, 0] && dv == [0.5, 0.5])
    }
  #endif
}
