/// Partial sums over k are cut here: part of the numerical contract, not a tuning parameter.
public let naiveGemmBlock = 384

/// C = f(beta*C + alpha*op(A)*op(B) + bias + residual), row-major.
///
/// Every element is, for each block of 384 values of k, one chain of fused multiply-adds from 0 over ascending k;
/// the blocks' sums, times alpha, are added in order. C is not read when beta is 0, A and B are not when alpha is 0.
///
/// - Parameters:
///   - a: m x k, or k x m when `transposeA`.
///   - b: k x n, or n x k when `transposeB`.
///   - bias: n values, one a column.
///   - residual: m x n with rows `ldr` apart.
public func naiveGemm(
  m: Int, n: Int, k: Int, alpha: Float = 1,
  _ a: UnsafePointer<Float>, lda: Int, transposeA: Bool = false,
  _ b: UnsafePointer<Float>, ldb: Int, transposeB: Bool = false,
  beta: Float = 0, _ c: UnsafeMutablePointer<Float>, ldc: Int,
  bias: UnsafePointer<Float>? = nil, residual: UnsafePointer<Float>? = nil, ldr: Int = 0,
  activation: (Float) -> Float = { $0 }
) {
  for i in 0..<m {
    for j in 0..<n {
      var t: Float = beta == 0 ? 0 : beta * c[i * ldc + j]
      for start in stride(from: 0, to: alpha == 0 ? 0 : k, by: naiveGemmBlock) {
        var p: Float = 0
        for l in start..<min(start + naiveGemmBlock, k) {
          p.addProduct(transposeA ? a[l * lda + i] : a[i * lda + l], transposeB ? b[j * ldb + l] : b[l * ldb + j])
        }
        t = start == 0 && beta == 0 ? alpha * p : t.addingProduct(alpha, p)
      }
      if let bias { t += bias[j] }
      if let residual { t += residual[i * ldr + j] }
      c[i * ldc + j] = activation(t)
    }
  }
}
