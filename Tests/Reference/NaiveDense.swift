// A dense layer, from the naive products and reductions.

/// y = f(x W + b) for as many rows as x has; W is `[fanIn, units]`.
public func naiveDense(
  _ x: [Float], fanIn: Int, _ w: [Float], _ b: [Float], activation: (Float) -> Float = { $0 }
) -> [Float] {
  let (rows, units) = (x.count / fanIn, b.count)
  var y = [Float](repeating: 0, count: rows * units)
  b.withUnsafeBufferPointer {
    naiveGemm(
      m: rows, n: units, k: fanIn, x, lda: fanIn, w, ldb: units, &y, ldc: units, bias: $0.baseAddress, activation: activation)
  }
  return y
}

/// Gradients of x W + b: dW = x^T dy, db = the column sums of dy, dx = dy W^T.
public func naiveDenseGradient(
  x: [Float], fanIn: Int, _ w: [Float], dy: [Float]
) -> (weights: [Float], bias: [Float], input: [Float]) {
  let (rows, units) = (x.count / fanIn, w.count / fanIn)
  var (dw, dx) = (w, x)
  naiveGemm(m: fanIn, n: units, k: rows, x, lda: fanIn, transposeA: true, dy, ldb: units, &dw, ldc: units)
  naiveGemm(m: rows, n: fanIn, k: units, dy, lda: units, w, ldb: units, transposeB: true, &dx, ldc: fanIn)
  let db = (0..<units).map { j in naiveReduce(.sum, (0..<rows).map { dy[$0 * units + j] }, isContiguous: false) }
  return (dw, db, dx)
}
