import Kernels
import Reference
import Testing

/// What surrounds the plain product: epilogues, packed matrices, batches, accuracy, refused arguments.
@Suite struct GemmVariantTests {
  private static let shapes = [
    (1, 100, 30), (1, 10, 500), (4, 33, 385), (7, 500, 11), (60, 48, 390), (130, 70, 64), (0, 5, 3), (5, 4, 0),
  ]

  @Test(arguments: [false, true], [false, true]) func epiloguesFollowTheLastBlock(hasBias: Bool, hasResidual: Bool) {
    for (m, n, k) in GemmVariantTests.shapes {
      checkGemm(GemmCase(m: m, n: n, k: k, gap: 2, hasBias: hasBias, hasResidual: hasResidual), threads: [1, 3])
      checkGemm(GemmCase(m: m, n: n, k: k, alpha: 0.5, beta: 2, hasBias: hasBias, hasResidual: hasResidual), threads: [2])
    }
  }

  @Test(arguments: [Activation.relu, .leakyReLU(slope: 0.1), .elu(), .sigmoid, .tanh, .softplus, .gelu, .geluTanh, .silu])
  func activationIsTheOneOfActivate(f: Activation) {
    for (m, n, k) in [(1, 100, 30), (13, 37, 400), (110, 300, 20)] {
      let a = randomValues(m * k, seed: 1), b = randomValues(k * n, seed: 2), bias = randomValues(n, seed: 3)
      for tier in Tier.available {
        withTier(tier) {
          var expected = [Float](repeating: 0, count: m * n)
          bias.withUnsafeBufferPointer { bias in
            gemm(m: m, n: n, k: k, a, lda: k, b, ldb: n, &expected, ldc: n, epilogue: Epilogue(bias: bias.baseAddress))
          }
          expected.withUnsafeMutableBufferPointer {
            activate(f, UnsafePointer($0.baseAddress!), into: $0.baseAddress!, count: m * n)
          }
          var actual = expected
          bias.withUnsafeBufferPointer { bias in
            let epilogue = Epilogue(bias: bias.baseAddress, activation: f)
            gemm(m: m, n: n, k: k, a, lda: k, b, ldb: n, &actual, ldc: n, epilogue: epilogue)
          }
          #expect(bitMismatch(actual, expected, columns: n) == nil, "\(f) \(tier)")
        }
      }
    }
  }

  @Test(arguments: [false, true], [false, true]) func packedGivesTheSameBits(transposeA: Bool, transposeB: Bool) {
    for (m, n, k) in GemmVariantTests.shapes {
      checkGemm(
        GemmCase(m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB, gap: 1, hasBias: true, isPacked: true),
        threads: [1, 2])
    }
  }

  /// One or two rows take several panels at a time: every number of panels that is left over.
  @Test(arguments: [1, 2, 3], [1, 15, 16, 17, 32, 33, 48, 49, 64, 65, 100, 129]) func fewRowsOfPacked(m: Int, n: Int) {
    for k in [1, 5, 390] {
      checkGemm(GemmCase(m: m, n: n, k: k, gap: 1, offset: 1, isPacked: true), threads: [1, 2])
      checkGemm(
        GemmCase(m: m, n: n, k: k, alpha: 0.7, beta: -1.3, hasBias: true, hasResidual: true, isPacked: true), threads: [3])
    }
  }

  /// As in BLAS: what A and B hold, NaN included, does not count when alpha is 0.
  @Test(arguments: [0, -0.0, 1, 0.25] as [Float], [false, true]) func alphaZeroReadsNeitherAorB(beta: Float, transpose: Bool) {
    for (m, n, k) in GemmVariantTests.shapes + [(70, 35, 400), (2, 3, 100_000)] {
      let a = [Float](repeating: .nan, count: m * k), b = [Float](repeating: .infinity, count: k * n)
      let (lda, ldb) = (max(1, transpose ? m : k), max(1, transpose ? k : n))
      let before = beta == 0 ? [Float](repeating: .nan, count: 2 * m * n) : randomValues(2 * m * n, seed: 1)
      let bias = randomValues(n, seed: 2)
      let expected = before.indices.map { max(0, (beta == 0 ? 0 : beta * before[$0]) + bias[$0 % n]) }
      everywhere { place in
        let place = "m \(m) n \(n) k \(k), \(place)"
        var c = before
        bias.withUnsafeBufferPointer { bias in
          gemmBatched(
            batch: 2, m: m, n: n, k: k, alpha: 0, a, lda: lda, strideA: 0, transposeA: transpose, b, ldb: ldb, strideB: 0,
            transposeB: transpose, beta: beta, &c, ldc: n, strideC: m * n,
            epilogue: Epilogue(bias: bias.baseAddress, activation: .relu))
        }
        #expect(bitMismatch(c, expected, columns: max(n, 1)) == nil, "\(place)")
        c = before
        let packed = PackedMatrix(k: k, n: n, b, ldb: ldb, transposeB: transpose)
        gemm(m: m, alpha: 0, a, lda: lda, transposeA: transpose, packed, beta: beta, &c, ldc: n)
        #expect(bitMismatch(Array(c.prefix(m * n)), before.prefix(m * n).map { beta == 0 ? 0 : beta * $0 }) == nil, "\(place)")
      }
    }
  }

  /// B goes through the cache block by block, packed on the way, up to 128 rows, and as a whole from then on.
  @Test(arguments: [5, 25, 127, 128, 129], [false, true]) func blocksPackedOnTheWay(m: Int, transposeA: Bool) {
    for (n, k) in [(193, 385), (400, 769), (17, 50)] {
      checkGemm(
        GemmCase(
          m: m, n: n, k: k, alpha: 0.5, beta: 2, transposeA: transposeA, transposeB: true, gap: 1, hasBias: true,
          hasResidual: true), threads: [1, 2, 3])
    }
    // Rows of B a multiple of a page apart.
    checkGemm(GemmCase(m: m, n: 1024, k: 390, transposeA: transposeA), threads: [1, 2])
  }

  /// At most four rows go through strips of columns, several of them when B is wide.
  @Test(arguments: 1...5) func fewRows(m: Int) {
    for (n, k) in [(65, 770), (500, 385), (1030, 39), (2049, 6)] {
      checkGemm(GemmCase(m: m, n: n, k: k, gap: 1, hasBias: true, hasResidual: true), threads: [1, 2, 3])
      checkGemm(GemmCase(m: m, n: n, k: k, alpha: 0.5, beta: 2, transposeA: true), threads: [2])
    }
  }

  @Test(arguments: Tier.available) func packedOnOneTierServesAllOthers(tier: Tier) {
    let (m, n, k) = (50, 150, 400)
    let a = randomValues(m * k, seed: 1), b = randomValues(k * n, seed: 2)
    var expected = [Float](repeating: 0, count: m * n)
    naiveGemm(m: m, n: n, k: k, a, lda: k, b, ldb: n, &expected, ldc: n)
    let packed = withTier(tier) { PackedMatrix(k: k, n: n, b, ldb: n) }
    for other in Tier.available {
      var c = [Float](repeating: .nan, count: m * n)
      withTier(other) { gemm(m: m, a, lda: k, packed, &c, ldc: n) }
      #expect(bitMismatch(c, expected, columns: n) == nil, "packed on \(tier), used on \(other)")
    }
  }

  @Test(arguments: [1, 2, 3, 7]) func batchesAreSeparateProducts(threads: Int) {
    for batch in [0, 1, 3, 20] {
      let (m, n, k) = (9, 21, 40)
      let a = randomValues(max(1, batch) * m * k, seed: 1), b = randomValues(k * n, seed: 2)
      // Results side by side in rows of one matrix, B shared.
      let ldc = max(1, batch) * n + 1
      let start = randomValues(m * ldc, seed: 3)
      var expected = start
      expected.withUnsafeMutableBufferPointer { c in
        for i in 0..<batch {
          a.withUnsafeBufferPointer {
            naiveGemm(
              m: m, n: n, k: k, $0.baseAddress! + i * m * k, lda: k, b, ldb: n, beta: 0.5, c.baseAddress! + i * n, ldc: ldc)
          }
        }
      }
      for tier in Tier.available {
        var c = start
        withTier(tier) {
          withThreads(threads) {
            gemmBatched(
              batch: batch, m: m, n: n, k: k, a, lda: k, strideA: m * k, b, ldb: n, strideB: 0, beta: 0.5, &c, ldc: ldc,
              strideC: n)
          }
        }
        #expect(bitMismatch(c, expected, columns: ldc) == nil, "\(tier) batch \(batch)")
      }
    }
  }

  /// Each element is within k rounding errors of the exact sum (Higham, "Accuracy and Stability", section 3.1).
  @Test(arguments: Tier.available) func errorsStayWithinTheBound(tier: Tier) {
    let (m, n, k) = (31, 47, 1000)
    let a = randomValues(m * k, seed: 1), b = randomValues(k * n, seed: 2)
    var c = [Float](repeating: 0, count: m * n)
    withTier(tier) { gemm(m: m, n: n, k: k, a, lda: k, b, ldb: n, &c, ldc: n) }
    var exact = [Double](repeating: 0, count: m * n)
    var bound = exact
    for i in 0..<m {
      for j in 0..<n {
        for l in 0..<k {
          let product = Double(a[i * k + l]) * Double(b[l * n + j])
          exact[i * n + j] += product
          bound[i * n + j] += abs(product) * Double(k) * 0x1p-24
        }
      }
    }
    #expect(boundMismatch(c, exact, bound: bound, columns: n) == nil)
  }

  @Test func integersAreExact() {
    for (m, n, k) in [(17, 33, 1000), (20, 50, 784), (1, 300, 900)] {
      let a = randomIntegers(m * k, seed: 1), b = randomIntegers(k * n, seed: 2)
      let exact = (0..<m * n).map { e in
        Float((0..<k).reduce(0) { $0 + Int(a[e / n * k + $1]) * Int(b[$1 * n + e % n]) })
      }
      for tier in Tier.available {
        var c = [Float](repeating: 0, count: m * n)
        withTier(tier) { gemm(m: m, n: n, k: k, a, lda: k, b, ldb: n, &c, ldc: n) }
        #expect(bitMismatch(c, exact, columns: n) == nil, "\(tier)")
      }
    }
  }

  @Test func specialValuesSpread() {
    let (m, n, k) = (7, 20, 50)
    for value in [Float.nan, .infinity, -.infinity, .leastNonzeroMagnitude] {
      var a = randomValues(m * k, seed: 1), b = randomValues(k * n, seed: 2)
      a[3 * k + 7] = value
      b[9 * n + 4] = value
      var expected = [Float](repeating: 0, count: m * n)
      naiveGemm(m: m, n: n, k: k, a, lda: k, b, ldb: n, &expected, ldc: n)
      for tier in Tier.available {
        var c = [Float](repeating: 0, count: m * n)
        withTier(tier) { gemm(m: m, n: n, k: k, a, lda: k, b, ldb: n, &c, ldc: n) }
        #expect(bitMismatch(c, expected, columns: n) == nil, "\(value) \(tier)")
      }
    }
  }

  @Test func randomCases() {
    var random = SplitMix64(seed: freshSeed("GemmVariantTests.randomCases"))
    for _ in 0..<60 {
      let large = random.index(in: 0...9) == 0
      let g = GemmCase(
        m: random.index(in: 0...(large ? 260 : 40)), n: random.index(in: 0...(large ? 400 : 90)),
        k: random.index(in: 0...(large ? 800 : 420)), alpha: random.pick([1, 1, 0.5, -2]), beta: random.pick([0, 0, 1, -0.5]),
        transposeA: .random(using: &random), transposeB: .random(using: &random), gap: random.index(in: 0...3),
        offset: random.index(in: 0...3), hasBias: .random(using: &random), hasResidual: .random(using: &random),
        isPacked: .random(using: &random), seed: random.next() >> 32)
      checkGemm(g, threads: [random.pick([1, 2, 3, 7])])
    }
  }

  @Test func buffersAreNotReadBeforeTheirStart() {
    for (m, n, k) in GemmVariantTests.shapes {
      for transposed in [false, true] {
        let g = GemmCase(m: m, n: n, k: k, transposeA: transposed, transposeB: transposed, hasBias: true, hasResidual: true)
        let inputs = GemmInputs(g, side: .start)
        for tier in Tier.available { #expect(withTier(tier) { inputs.mismatch(g, side: .start) } == nil, "\(tier)") }
      }
    }
  }

  @Test func refusesRowsThatOverlap() async {
    await #expect(processExitsWith: .failure) {
      let a = [Float](repeating: 0, count: 6)
      var c = [Float](repeating: 0, count: 4)
      gemm(m: 2, n: 2, k: 3, a, lda: 2, a, ldb: 2, &c, ldc: 2)
    }
    await #expect(processExitsWith: .failure) {
      let a = [Float](repeating: 0, count: 6)
      var c = [Float](repeating: 0, count: 4)
      gemm(m: 2, n: 2, k: 3, a, lda: 3, a, ldb: 2, &c, ldc: 1)
    }
  }

  @Test func refusesNegativeSizes() async {
    await #expect(processExitsWith: .failure) {
      let a = [Float](repeating: 0, count: 6)
      var c = [Float](repeating: 0, count: 4)
      gemm(m: -1, n: 2, k: 3, a, lda: 3, a, ldb: 2, &c, ldc: 2)
    }
  }

  @Test func refusesAResultThatOverlapsAnOperand() async {
    await #expect(processExitsWith: .failure) {
      var a = [Float](repeating: 0, count: 9)
      a.withUnsafeMutableBufferPointer {
        gemm(
          m: 3, n: 3, k: 3, UnsafePointer($0.baseAddress!), lda: 3, UnsafePointer($0.baseAddress!), ldb: 3, $0.baseAddress!,
          ldc: 3)
      }
    }
    await #expect(processExitsWith: .failure) {
      let a = [Float](repeating: 0, count: 64)
      var c = [Float](repeating: 0, count: 64)
      gemmBatched(batch: 2, m: 3, n: 3, k: 3, a, lda: 3, strideA: 9, a, ldb: 3, strideB: 9, &c, ldc: 3, strideC: 8)
    }
  }

  /// Columns of one matrix may be the operand and others the result.
  @Test func resultMayLieBesideAnOperand() {
    let (m, n, k) = (5, 4, 6)
    let b = randomValues(k * n, seed: 2)
    var both = randomValues(m * 10, seed: 1)
    var expected = both
    expected.withUnsafeMutableBufferPointer {
      naiveGemm(m: m, n: n, k: k, UnsafePointer($0.baseAddress!), lda: 10, b, ldb: n, $0.baseAddress! + 6, ldc: 10)
    }
    both.withUnsafeMutableBufferPointer {
      gemm(m: m, n: n, k: k, UnsafePointer($0.baseAddress!), lda: 10, b, ldb: n, $0.baseAddress! + 6, ldc: 10)
    }
    #expect(bitMismatch(both, expected, columns: 10) == nil)
  }
}
