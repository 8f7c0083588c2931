import Kernels
import Reference
import Testing

/// One product to check: sizes, layout, scalars and epilogue, from which the inputs follow.
struct GemmCase: CustomStringConvertible, Sendable {
  var m: Int
  var n: Int
  var k: Int
  var alpha: Float = 1
  var beta: Float = 0
  var transposeA = false
  var transposeB = false
  /// Added to each distance between rows.
  var gap = 0
  /// How far the matrices start from the alignment of an allocation, in elements.
  var offset = 0
  var hasBias = false
  var hasResidual = false
  var isPacked = false
  var seed: UInt64 = 1

  var description: String {
    "m \(m) n \(n) k \(k) alpha \(alpha) beta \(beta) tA \(transposeA) tB \(transposeB) gap \(gap) offset \(offset) "
      + "bias \(hasBias) residual \(hasResidual) packed \(isPacked) seed \(seed)"
  }

  var lda: Int { (transposeA ? m : k) + gap }
  var ldb: Int { (transposeB ? k : n) + gap }
  var ldc: Int { n + gap }
  var aCount: Int { extent(transposeA ? k : m, transposeA ? m : k, lda) }
  var bCount: Int { extent(transposeB ? n : k, transposeB ? k : n, ldb) }
  var cCount: Int { extent(m, n, ldc) }

  private func extent(_ rows: Int, _ columns: Int, _ ld: Int) -> Int {
    rows == 0 || columns == 0 ? 0 : (rows - 1) * ld + columns
  }
}

/// The inputs of a case, each between pages without access.
struct GemmInputs {
  let a, b, c, bias, residual: GuardedBuffer<Float>
  let expected: [Float]

  init(_ g: GemmCase, side: GuardedBuffer<Float>.Side = .end, values: (Int, UInt64) -> [Float] = { randomValues($0, seed: $1) }) {
    func buffer(_ count: Int, _ salt: UInt64) -> GuardedBuffer<Float> {
      GuardedBuffer(values(count + g.offset, g.seed &* 31 &+ salt), side: side)
    }
    a = buffer(g.aCount, 1)
    b = buffer(g.bCount, 2)
    bias = buffer(g.n, 3)
    residual = buffer(g.cCount, 4)
    // With beta = 0, C must not be read.
    c = g.beta == 0 ? GuardedBuffer(repeating: .nan, count: g.cCount + g.offset, side: side) : buffer(g.cCount, 5)
    var expected = c.values
    let offset = g.offset
    let (a, b, bias, residual) = (a, b, bias, residual)
    expected.withUnsafeMutableBufferPointer {
      naiveGemm(
        m: g.m, n: g.n, k: g.k, alpha: g.alpha, a.pointer + offset, lda: g.lda, transposeA: g.transposeA, b.pointer + offset,
        ldb: g.ldb, transposeB: g.transposeB, beta: g.beta, $0.baseAddress! + offset, ldc: g.ldc,
        bias: g.hasBias ? bias.pointer + offset : nil, residual: g.hasResidual ? residual.pointer + offset : nil, ldr: g.ldc)
    }
    self.expected = expected
  }

  /// Runs the kernel on a copy of C and compares all of C, gaps included, with the reference.
  func mismatch(_ g: GemmCase, side: GuardedBuffer<Float>.Side = .end) -> String? {
    let out = GuardedBuffer(c.values, side: side)
    let offset = g.offset
    let epilogue = Epilogue(
      bias: g.hasBias ? UnsafePointer(bias.pointer + offset) : nil,
      residual: g.hasResidual ? UnsafePointer(residual.pointer + offset) : nil, ldr: g.ldc)
    if g.isPacked {
      let packed = PackedMatrix(k: g.k, n: g.n, b.pointer + offset, ldb: g.ldb, transposeB: g.transposeB)
      gemm(
        m: g.m, alpha: g.alpha, a.pointer + offset, lda: g.lda, transposeA: g.transposeA, packed, beta: g.beta,
        out.pointer + offset, ldc: g.ldc, epilogue: epilogue)
    } else {
      gemm(
        m: g.m, n: g.n, k: g.k, alpha: g.alpha, a.pointer + offset, lda: g.lda, transposeA: g.transposeA, b.pointer + offset,
        ldb: g.ldb, transposeB: g.transposeB, beta: g.beta, out.pointer + offset, ldc: g.ldc, epilogue: epilogue)
    }
    return bitMismatch(out.values, expected, columns: g.ldc).map { "\(g): \($0)" }
  }
}

/// Checks a case on every tier with each number of threads.
func checkGemm(_ g: GemmCase, threads: [Int] = [1, 2, 3, 7]) {
  let inputs = GemmInputs(g)
  for tier in Tier.available {
    for count in threads {
      let mismatch = withTier(tier) { withThreads(count) { inputs.mismatch(g) } }
      #expect(mismatch == nil, "\(tier), \(count) threads")
    }
  }
}

@Suite struct GemmTests {
  /// Around every border of the implementation: vectors of 16, tiles up to 14 rows and 64 columns, blocks of 384.
  static let sizes = [1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 15, 16, 17, 31, 33, 47, 49, 64, 65, 97]

  @Test(arguments: sizes) func everySmallShapeIsRight(m: Int) {
    for n in GemmTests.sizes {
      for k in [1, 5, 16, 383, 385] { checkGemm(GemmCase(m: m, n: n, k: k, seed: UInt64(m * 1000 + n)), threads: [1]) }
    }
  }

  /// The last columns of a B that ends in the first half of a vector, and as many rows as it takes to pack a B whose rows do not begin
  /// with a cache line.
  @Test(arguments: [17, 18, 20, 23, 24, 25, 36, 56]) func columnsOfHalfAVector(n: Int) {
    for m in [1, 2, 3, 4, 5, 8, 9, 103, 131] {
      for k in [1, 7, 384, 390] {
        checkGemm(GemmCase(m: m, n: n, k: k, hasBias: true), threads: [1])
        checkGemm(GemmCase(m: m, n: n, k: k, beta: 1, transposeA: true, gap: 3, hasResidual: true), threads: [3])
        checkGemm(GemmCase(m: m, n: n, k: k, alpha: 0.7, beta: -1.3, transposeB: true, isPacked: true), threads: [1])
      }
    }
  }

  @Test(arguments: [0, 1, 4, 383, 384, 385, 768, 769, 773]) func blocksOfKAreAddedInOrder(k: Int) {
    for (m, n) in [(1, 1), (1, 100), (3, 5), (13, 70), (50, 129), (101, 33)] {
      checkGemm(GemmCase(m: m, n: n, k: k))
      checkGemm(GemmCase(m: m, n: n, k: k, alpha: 0.7, beta: -1.3))
      checkGemm(GemmCase(m: m, n: n, k: k, beta: 1, hasBias: true))
    }
  }

  @Test(arguments: [false, true], [false, true]) func allTransposes(transposeA: Bool, transposeB: Bool) {
    for (m, n, k) in [(1, 1, 1), (1, 65, 400), (65, 1, 400), (7, 19, 23), (64, 64, 64), (61, 127, 390)] {
      for gap in [0, 3] {
        checkGemm(GemmCase(m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB, gap: gap, offset: gap))
      }
    }
  }

  @Test(arguments: [0, 1, -1, 0.5, 2] as [Float], [0, 1, -1, 0.25] as [Float]) func alphaAndBeta(alpha: Float, beta: Float) {
    for (m, n, k) in [(1, 90, 7), (5, 11, 3), (70, 35, 400)] {
      checkGemm(GemmCase(m: m, n: n, k: k, alpha: alpha, beta: beta, gap: 1), threads: [1, 2])
    }
  }
}
