import CKernels

/// C = activation(beta*C + alpha*op(A)*op(B) + bias + residual), single precision, row-major.
///
/// op(A) is m x k: A itself, or the transpose of the k x m matrix A when `transposeA`. op(B) is k x n, likewise.
/// `lda`, `ldb`, `ldc` are distances between rows in elements. Zero sizes are legal; with k = 0 the product is zero.
/// C is not read when `beta` is 0, nor A and B when `alpha` is 0, so they may hold anything then, NaN included.
///
/// Every element of C is computed by the same sequence of roundings on every tier and for any number of threads: for each
/// block of 384 values of k one chain of fused multiply-adds over ascending k, the blocks' sums added in order.
///
///     var c = [Float](repeating: 0, count: 2 * 2)
///     gemm(m: 2, n: 2, k: 3, a, lda: 3, b, ldb: 2, &c, ldc: 2)
///
/// - Precondition: sizes are not negative, each distance between rows is at least a row's length, and C overlaps
///   neither A nor B.
public func gemm(
  m: Int, n: Int, k: Int, alpha: Float = 1,
  _ a: UnsafePointer<Float>, lda: Int, transposeA: Bool = false,
  _ b: UnsafePointer<Float>, ldb: Int, transposeB: Bool = false,
  beta: Float = 0, _ c: UnsafeMutablePointer<Float>, ldc: Int, epilogue: Epilogue = .none
) {
  let product = Product(
    m: m, n: n, k: k, alpha: alpha, a: .matrix(Operand(a, ld: lda, isTransposed: transposeA)),
    b: .matrix(Operand(b, ld: ldb, isTransposed: transposeB)), beta: beta, c: c, ldc: ldc, epilogue: epilogue)
  product.check()
  product.run(on: kernels)
}

/// `gemm` with a B that was packed beforehand: worth it for a B that is used again, like the weights of a network.
///
/// n and k are those of `b`. Everything else, every bit of the result included, is as in `gemm(m:n:k:...)`.
public func gemm(
  m: Int, alpha: Float = 1, _ a: UnsafePointer<Float>, lda: Int, transposeA: Bool = false,
  _ b: PackedMatrix, beta: Float = 0, _ c: UnsafeMutablePointer<Float>, ldc: Int, epilogue: Epilogue = .none
) {
  let product = Product(
    m: m, n: b.n, k: b.k, alpha: alpha, a: .matrix(Operand(a, ld: lda, isTransposed: transposeA)), b: .packed(b.panels),
    beta: beta, c: c, ldc: ldc, epilogue: epilogue)
  product.check()
  withExtendedLifetime(b) { product.run(on: kernels) }
}

/// `batch` products of the same shape: A, B, C and the residual of product i start `i * stride` elements after the first's.
///
/// `strideA` or `strideB` 0 uses the same matrix in each. A residual moves along with C (by `strideC`); the bias is shared.
///
/// - Precondition: as for `gemm`, and no two products share an element of C.
public func gemmBatched(
  batch: Int, m: Int, n: Int, k: Int, alpha: Float = 1,
  _ a: UnsafePointer<Float>, lda: Int, strideA: Int, transposeA: Bool = false,
  _ b: UnsafePointer<Float>, ldb: Int, strideB: Int, transposeB: Bool = false,
  beta: Float = 0, _ c: UnsafeMutablePointer<Float>, ldc: Int, strideC: Int, epilogue: Epilogue = .none
) {
  precondition(batch >= 0, "gemmBatched: batch \(batch); expected at least 0")
  precondition(strideA >= 0 && strideB >= 0, "gemmBatched: strides \(strideA), \(strideB); expected at least 0")
  let isApart = strideC >= max(m - 1, 0) * ldc + n || (strideC >= n && max(batch - 1, 0) * strideC + n <= ldc)
  precondition(batch <= 1 || m == 0 || n == 0 || isApart, "gemmBatched: strideC \(strideC) makes the \(m) x \(n) results overlap")
  func product(_ i: Int) -> Product {
    var own = epilogue
    own.residual = epilogue.residual.map { $0 + i * strideC }
    return Product(
      m: m, n: n, k: k, alpha: alpha, a: .matrix(Operand(a + i * strideA, ld: lda, isTransposed: transposeA)),
      b: .matrix(Operand(b + i * strideB, ld: ldb, isTransposed: transposeB)), beta: beta,
      c: c + i * strideC, ldc: ldc, epilogue: own)
  }
  for i in 0..<batch { product(i).check() }

  nonisolated(unsafe) let table = kernels
  forEach(batch, nanoseconds: product(0).nanoseconds(on: table) * Double(batch)) { product($0).run(on: table) }
}
