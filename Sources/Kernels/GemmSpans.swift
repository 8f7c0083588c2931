#if compiler(>=6.2)

  /// C = activation(beta*C + alpha*op(A)*op(B) + bias + residual): `gemm(m:n:k:...)` on spans that have room for their
  /// matrices.
  ///
  /// - Parameters:
  ///   - bias: n values, one a column of C.
  ///   - residual: m x n with rows `ldr` apart.
  public func gemm(
    m: Int, n: Int, k: Int, alpha: Float = 1,
    _ a: Span<Float>, lda: Int, transposeA: Bool = false,
    _ b: Span<Float>, ldb: Int, transposeB: Bool = false,
    beta: Float = 0, _ c: inout MutableSpan<Float>, ldc: Int,
    bias: Span<Float>? = nil, residual: Span<Float>? = nil, ldr: Int = 0, activation: Activation = .linear
  ) {
    checkRoom(rows: transposeA ? k : m, columns: transposeA ? m : k, ld: lda, count: a.count, "A", "gemm")
    checkRoom(rows: transposeB ? n : k, columns: transposeB ? k : n, ld: ldb, count: b.count, "B", "gemm")
    checkRoom(rows: m, columns: n, ld: ldc, count: c.count, "C", "gemm")
    if let residual { checkRoom(rows: m, columns: n, ld: ldr, count: residual.count, "residual", "gemm") }
    withEpilogue(columns: n, bias, residual, ldr: ldr, activation, "gemm") { epilogue in
      a.withPointer { a in
        b.withPointer { b in
          c.withPointer {
            gemm(
              m: m, n: n, k: k, alpha: alpha, a, lda: lda, transposeA: transposeA, b, ldb: ldb, transposeB: transposeB,
              beta: beta, $0, ldc: ldc, epilogue: epilogue)
          }
        }
      }
    }
  }

  /// C = activation(beta*C + alpha*op(A)*B + bias + residual) with a packed B. Spans as in the form with an unpacked B.
  public func gemm(
    m: Int, alpha: Float = 1, _ a: Span<Float>, lda: Int, transposeA: Bool = false,
    _ b: PackedMatrix, beta: Float = 0, _ c: inout MutableSpan<Float>, ldc: Int,
    bias: Span<Float>? = nil, residual: Span<Float>? = nil, ldr: Int = 0, activation: Activation = .linear
  ) {
    checkRoom(rows: transposeA ? b.k : m, columns: transposeA ? m : b.k, ld: lda, count: a.count, "A", "gemm")
    checkRoom(rows: m, columns: b.n, ld: ldc, count: c.count, "C", "gemm")
    if let residual { checkRoom(rows: m, columns: b.n, ld: ldr, count: residual.count, "residual", "gemm") }
    withEpilogue(columns: b.n, bias, residual, ldr: ldr, activation, "gemm") { epilogue in
      a.withPointer { a in
        c.withPointer {
          gemm(m: m, alpha: alpha, a, lda: lda, transposeA: transposeA, b, beta: beta, $0, ldc: ldc, epilogue: epilogue)
        }
      }
    }
  }

  /// `batch` products of the same shape, matrices `stride` elements apart: `gemmBatched(batch:m:n:k:...)` on spans that have
  /// room for all of them. A residual moves along with C (by `strideC`); the bias is shared.
  public func gemmBatched(
    batch: Int, m: Int, n: Int, k: Int, alpha: Float = 1,
    _ a: Span<Float>, lda: Int, strideA: Int, transposeA: Bool = false,
    _ b: Span<Float>, ldb: Int, strideB: Int, transposeB: Bool = false,
    beta: Float = 0, _ c: inout MutableSpan<Float>, ldc: Int, strideC: Int,
    bias: Span<Float>? = nil, residual: Span<Float>? = nil, ldr: Int = 0, activation: Activation = .linear
  ) {
    func check(_ rows: Int, _ columns: Int, ld: Int, stride: Int, _ count: Int, _ name: StaticString) {
      checkRoom(batch: batch, stride: stride, rows: rows, columns: columns, ld: ld, count: count, name, "gemmBatched")
    }
    check(transposeA ? k : m, transposeA ? m : k, ld: lda, stride: strideA, a.count, "A")
    check(transposeB ? n : k, transposeB ? k : n, ld: ldb, stride: strideB, b.count, "B")
    check(m, n, ld: ldc, stride: strideC, c.count, "C")
    if let residual { check(m, n, ld: ldr, stride: strideC, residual.count, "residual") }
    withEpilogue(columns: n, bias, residual, ldr: ldr, activation, "gemmBatched") { epilogue in
      a.withPointer { a in
        b.withPointer { b in
          c.withPointer {
            gemmBatched(
              batch: batch, m: m, n: n, k: k, alpha: alpha, a, lda: lda, strideA: strideA, transposeA: transposeA,
              b, ldb: ldb, strideB: strideB, transposeB: transposeB, beta: beta, $0, ldc: ldc, strideC: strideC,
              epilogue: epilogue)
          }
        }
      }
    }
  }

  /// Calls `body` with the epilogue of these spans, of which the residual's has been checked.
  func withEpilogue(
    columns: Int, _ bias: Span<Float>?, _ residual: Span<Float>?, ldr: Int, _ activation: Activation,
    _ function: StaticString, _ body: (Epilogue) -> Void
  ) {
    if let bias { checkCounts(bias.count, columns, function) }
    withPointer(bias) { bias in
      withPointer(residual) { body(Epilogue(bias: bias, residual: $0, ldr: ldr, activation: activation)) }
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
