#if compiler(>=6.2)

  /// C = activation(beta*C + alpha*op(A)*op(B)): `gemm(m:n:k:...)` on spans that have room for their matrices.
  public func gemm(
    m: Int, n: Int, k: Int, alpha: Float = 1,
    _ a: Span<Float>, lda: Int, transposeA: Bool = false,
    _ b: Span<Float>, ldb: Int, transposeB: Bool = false,
    beta: Float = 0, _ c: inout MutableSpan<Float>, ldc: Int, activation: Activation = .linear
  ) {
    checkRoom(rows: transposeA ? k : m, columns: transposeA ? m : k, ld: lda, count: a.count, "A", "gemm")
    checkRoom(rows: transposeB ? n : k, columns: transposeB ? k : n, ld: ldb, count: b.count, "B", "gemm")
    checkRoom(rows: m, columns: n, ld: ldc, count: c.count, "C", "gemm")
    a.withPointer { a in
      b.withPointer { b in
        c.withPointer {
          gemm(
            m: m, n: n, k: k, alpha: alpha, a, lda: lda, transposeA: transposeA, b, ldb: ldb, transposeB: transposeB,
            beta: beta, $0, ldc: ldc, epilogue: Epilogue(activation: activation))
        }
      }
    }
  }

  /// C = activation(beta*C + alpha*op(A)*B + bias) with a packed B and one value of `bias` a column of C.
  public func gemm(
    m: Int, alpha: Float = 1, _ a: Span<Float>, lda: Int, transposeA: Bool = false,
    _ b: PackedMatrix, beta: Float = 0, _ c: inout MutableSpan<Float>, ldc: Int, bias: Span<Float>,
    activation: Activation = .linear
  ) {
    checkRoom(rows: transposeA ? b.k : m, columns: transposeA ? m : b.k, ld: lda, count: a.count, "A", "gemm")
    checkRoom(rows: m, columns: b.n, ld: ldc, count: c.count, "C", "gemm")
    checkCounts(bias.count, b.n, "gemm")
    a.withPointer { a in
      bias.withPointer { bias in
        c.withPointer {
          gemm(
            m: m, alpha: alpha, a, lda: lda, transposeA: transposeA, b, beta: beta, $0, ldc: ldc,
            epilogue: Epilogue(bias: bias, activation: activation))
        }
      }
    }
  }

  extension PackedMatrix {
    /// Packs op(B), k x n, from a span that has room for the matrix.
    public static func packing(k: Int, n: Int, _ b: Span<Float>, ldb: Int, transposeB: Bool = false) -> PackedMatrix {
      checkRoom(rows: transposeB ? n : k, columns: transposeB ? k : n, ld: ldb, count: b.count, "B", "PackedMatrix")
      return b.withPointer { PackedMatrix(k: k, n: n, $0, ldb: ldb, transposeB: transposeB) }
    }
  }

#endif
