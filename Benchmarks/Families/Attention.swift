import Kernels
import Reference

/// `attention`: scaled dot-product attention of many heads, forward or forward and backward.
struct AttentionFamily: Family {
  static let name = "attention"
  static let summary = "scaled dot-product attention, all heads"
  static let keys: [Key] = [
    .size("steps"), .size("batch", default: 1), .size("heads", default: 1), .size("dim"), .flag("causal"),
    .choice("dir", ["fwd", "train"], default: "fwd"),
  ]
  static let examples = ["steps=64 batch=32 heads=4 dim=32 causal=1", "steps=128 batch=8 heads=12 dim=64"].flatMap { sizes in
    ["fwd", "train"].map { "attention \(sizes) dir=\($0)" }
  }

  private var shape: AttentionShape
  private let isTraining: Bool

  init(_ values: Values) throws {
    isTraining = values.choice("dir") == "train"
    let (steps, dim) = (values.size("steps"), values.size("dim"))
    shape = AttentionShape(
      batch: values.size("batch"), heads: values.size("heads"), queries: steps, keys: steps, keySize: dim, valueSize: dim,
      isCausal: values.flag("causal"))
  }

  /// Training: two products forward and four backward.
  var cost: Cost {
    let values = 4 * Double(shape.queryCount)
    return Cost(
      flops: 2 * Double(shape.multiplyAdds) * (isTraining ? 3 : 1), bytesRead: values * (isTraining ? 7 : 3),
      bytesWritten: values * (isTraining ? 4 : 1))
  }

  func check() -> String? {
    var small = self
    (small.shape.batch, small.shape.heads) = (min(shape.batch, 2), min(shape.heads, 2))
    (small.shape.queries, small.shape.keys) = (min(shape.queries, 40), min(shape.keys, 40))
    let s = small.shape
    let o = Operands(s)
    small.work(on: o)()
    let naive = NaiveAttention(
      heads: s.heads, queries: s.queries, keys: s.keys, keySize: s.keySize, valueSize: s.valueSize, isCausal: s.isCausal,
      scale: s.scale)
    let expected = naive.forward(batch: s.batch, q: o.q.values, k: o.k.values, v: o.v.values, mask: nil)
    if let found = bitMismatch(o.y.values, expected.y) { return "y: \(found)" }
    guard isTraining else { return nil }
    let gradients = naive.backward(
      batch: s.batch, q: o.q.values, k: o.k.values, v: o.v.values, probabilities: expected.probabilities, dy: o.dy.values)
    return bitMismatch(o.dq.values, gradients.dq).map { "dq: \($0)" } ?? bitMismatch(o.dk.values, gradients.dk).map {
      "dk: \($0)"
    }
      ?? bitMismatch(o.dv.values, gradients.dv).map { "dv: \($0)" }
  }

  func prepare() -> () -> Void { work(on: Operands(shape)) }

  private final class Operands {
    let q, k, v, dy, y, probabilities, dq, dk, dv: Buffer

    init(_ s: AttentionShape) {
      q = Buffer(random: s.queryCount, seed: 1)
      k = Buffer(random: s.keyCount, seed: 2)
      v = Buffer(random: s.valueCount, seed: 3)
      dy = Buffer(random: s.outputCount, seed: 4)
      y = Buffer(s.outputCount, filledWith: 0)
      probabilities = Buffer(s.probabilityCount, filledWith: 0)
      dq = Buffer(s.queryCount, filledWith: 0)
      dk = Buffer(s.keyCount, filledWith: 0)
      dv = Buffer(s.valueCount, filledWith: 0)
    }
  }

  private func work(on o: Operands) -> () -> Void {
    let (shape, isTraining) = (shape, isTraining)
    return {
      attention(
        shape, q: o.q.pointer, k: o.k.pointer, v: o.v.pointer, into: o.y.pointer, probabilities: o.probabilities.pointer)
      if isTraining {
        attentionGradient(
          shape, q: o.q.pointer, k: o.k.pointer, v: o.v.pointer, probabilities: o.probabilities.pointer, dy: o.dy.pointer,
          into: o.dq.pointer, dk: o.dk.pointer, dv: o.dv.pointer)
      }
      blackHole(o)
    }
  }
}
