import Kernels
import Reference

/// `gemm`: C = op(A) * op(B), one product or a batch of them.
struct GEMMFamily: Family {
  static let name = "gemm"
  static let summary = "C[m,n] = op(A)[m,k] * op(B)[k,n]"
  static let keys: [Key] = [
    .size("m"), .size("n"), .size("k"), .flag("ta"), .flag("tb"), .size("batch", default: 1),
    .choice("epilogue", ["none", "bias", "bias+relu"], default: "none"), .flag("prepacked"),
  ]
  static let examples =
    GEMMShape.standard.map(\.workload) + [
      "gemm m=100 n=500 k=784 epilogue=bias+relu", "gemm m=100 n=500 k=784 prepacked=1", "gemm m=64 n=64 k=64 batch=64",
    ]

  private var shape: GEMMShape
  private let batch: Int
  private let epilogue: String
  private let isPrepacked: Bool

  init(_ values: Values) throws {
    shape = GEMMShape(
      m: values.size("m"), n: values.size("n"), k: values.size("k"),
      transposeA: values.flag("ta"), transposeB: values.flag("tb"))
    batch = values.size("batch")
    epilogue = values.choice("epilogue")
    isPrepacked = values.flag("prepacked")
    guard !isPrepacked || batch == 1 else {
      throw BenchmarkError("prepacked=1 with batch=\(batch): a packed B serves one product, so batch must be 1")
    }
  }

  var cost: Cost {
    let (m, n, k, batch) = (Double(shape.m), Double(shape.n), Double(shape.k), Double(batch))
    return Cost(flops: 2 * m * n * k * batch, bytesRead: 4 * (m * k + k * n) * batch, bytesWritten: 4 * m * n * batch)
  }

  func check() -> String? {
    var small = self
    // Beyond 384, k is cut into blocks: keep such a case in.
    small.shape.m = min(shape.m, 37)
    small.shape.n = min(shape.n, 75)
    small.shape.k = min(shape.k, 400)
    let operands = Operands(small.shape, batch: min(batch, 3))
    small.work(on: operands)()
    return bitMismatch(operands.c.values, small.expected(operands), columns: small.shape.n)
  }

  func prepare() -> () -> Void { work(on: Operands(shape, batch: batch)) }

  private func work(on operands: Operands) -> () -> Void {
    let s = shape
    let (a, b, c) = (operands.a.pointer, operands.b.pointer, operands.c.pointer)
    let epilogue = Epilogue(operands, named: epilogue)
    if isPrepacked {
      let packed = PackedMatrix(k: s.k, n: s.n, b, ldb: s.ldb, transposeB: s.transposeB)
      return {
        gemm(m: s.m, a, lda: s.lda, transposeA: s.transposeA, packed, c, ldc: s.n, epilogue: epilogue)
        blackHole(operands)
      }
    }
    if operands.batch > 1 {
      return {
        gemmBatched(
          batch: operands.batch, m: s.m, n: s.n, k: s.k,
          a, lda: s.lda, strideA: s.m * s.k, transposeA: s.transposeA,
          b, ldb: s.ldb, strideB: s.k * s.n, transposeB: s.transposeB,
          c, ldc: s.n, strideC: s.m * s.n, epilogue: epilogue)
        blackHole(operands)
      }
    }
    return {
      gemm(
        m: s.m, n: s.n, k: s.k, a, lda: s.lda, transposeA: s.transposeA, b, ldb: s.ldb, transposeB: s.transposeB,
        c, ldc: s.n, epilogue: epilogue)
      blackHole(operands)
    }
  }

  private func expected(_ operands: Operands) -> [Float] {
    let s = shape
    let c = Buffer(operands.c.count, filledWith: 0)
    for i in 0..<operands.batch {
      naiveGemm(
        m: s.m, n: s.n, k: s.k, operands.a.pointer + i * s.m * s.k, lda: s.lda, transposeA: s.transposeA,
        operands.b.pointer + i * s.k * s.n, ldb: s.ldb, transposeB: s.transposeB,
        c.pointer + i * s.m * s.n, ldc: s.n, bias: epilogue == "none" ? nil : UnsafePointer(operands.bias.pointer),
        activation: epilogue == "bias+relu" ? { max($0, 0) } : { $0 })
    }
    return c.values
  }
}

/// The buffers of a product, or of a batch of them one after the other.
private final class Operands {
  let batch: Int
  let a, b, c, bias: Buffer

  init(_ shape: GEMMShape, batch: Int) {
    self.batch = batch
    a = Buffer(random: batch * shape.m * shape.k, seed: 1)
    b = Buffer(random: batch * shape.k * shape.n, seed: 2)
    c = Buffer(batch * shape.m * shape.n, filledWith: 0)
    bias = Buffer(random: shape.n, seed: 3)
  }
}

extension Epilogue {
  fileprivate init(_ operands: Operands, named name: String) {
    self = .none
    if name == "none" { return }
    bias = UnsafePointer(operands.bias.pointer)
    if name == "bias+relu" { activation = .relu }
  }
}
