#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A shared library with single-precision matrix products, opened at run time.
///
/// `cblas_sgemm` is taken where there is one, otherwise the Fortran `sgemm_` (PyTorch's libtorch_cpu.so exports only that).
struct CBLAS {
  let name: String
  private typealias Product = (GEMMShape, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  private let sgemm: Product

  /// - Parameters:
  ///   - path: as for `dlopen`: a path, or a name that the system's search finds.
  ///   - threads: how many threads it may use.
  init(_ path: String, threads: Int) throws(BenchmarkError) {
    // Global: MKL looks its own parts up among the symbols already loaded. Deep binding keeps several BLAS apart.
    var flags = RTLD_NOW | RTLD_GLOBAL
    #if canImport(Glibc)
      flags |= RTLD_DEEPBIND
    #endif
    guard let library = dlopen(path, flags) else {
      throw BenchmarkError("cannot open \(path): \(dlerror().map { String(cString: $0) } ?? "unknown reason")")
    }
    name = path.split(separator: "/").last.map(String.init) ?? path
    if let symbol = dlsym(library, "cblas_sgemm") {
      sgemm = Self.rowMajor(unsafeBitCast(symbol, to: CFunction.self))
    } else if let symbol = dlsym(library, "sgemm_") {
      sgemm = Self.columnMajor(unsafeBitCast(symbol, to: FortranFunction.self))
    } else {
      throw BenchmarkError("\(path) has neither cblas_sgemm nor sgemm_")
    }
    Self.setThreads(threads, in: library)
  }

  /// C = op(A) * op(B), each row-major and without gaps.
  func multiply(_ s: GEMMShape, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>) {
    sgemm(s, a, b, c)
  }

  private typealias CFunction =
    @convention(c) (
      Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32, UnsafePointer<Float>, Int32,
      Float, UnsafeMutablePointer<Float>, Int32
    ) -> Void

  private static func rowMajor(_ function: @escaping CFunction) -> Product {
    let (rowMajor, plain, transposed): (Int32, Int32, Int32) = (101, 111, 112)
    return { s, a, b, c in
      function(
        rowMajor, s.transposeA ? transposed : plain, s.transposeB ? transposed : plain, Int32(s.m), Int32(s.n), Int32(s.k),
        1, a, Int32(s.lda), b, Int32(s.ldb), 0, c, Int32(s.n))
    }
  }

  private typealias FortranFunction =
    @convention(c) (
      UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<Int32>, UnsafePointer<Int32>, UnsafePointer<Int32>,
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Int32>, UnsafePointer<Float>, UnsafePointer<Int32>,
      UnsafePointer<Float>, UnsafeMutablePointer<Float>, UnsafePointer<Int32>
    ) -> Void

  /// Row-major C = A * B is column-major C' = B' * A': the same memory with the operands exchanged.
  private static func columnMajor(_ function: @escaping FortranFunction) -> Product {
    let (plain, transposed) = (CChar(UInt8(ascii: "N")), CChar(UInt8(ascii: "T")))
    return { s, a, b, c in
      var (transB, transA) = (s.transposeB ? transposed : plain, s.transposeA ? transposed : plain)
      var (m, n, k, lda, ldb) = (Int32(s.m), Int32(s.n), Int32(s.k), Int32(s.lda), Int32(s.ldb))
      var (one, zero): (Float, Float) = (1, 0)
      var ldc = n
      function(&transB, &transA, &n, &m, &k, &one, b, &ldb, a, &lda, &zero, c, &ldc)
    }
  }

  /// Every library has its own name for this. A library with none keeps what its environment says.
  private static func setThreads(_ threads: Int, in library: UnsafeMutableRawPointer) {
    let ofInt = ["MKL_Set_Num_Threads", "openblas_set_num_threads", "_ZN2at15set_num_threadsEi"]
    for name in ofInt {
      guard let symbol = dlsym(library, name) else { continue }
      return unsafeBitCast(symbol, to: (@convention(c) (Int32) -> Void).self)(Int32(threads))
    }
    if let symbol = dlsym(library, "bli_thread_set_num_threads") {
      unsafeBitCast(symbol, to: (@convention(c) (Int) -> Void).self)(threads)
    }
  }
}
