/// The shape of a product: m x k times k x n.
struct GEMMShape: Equatable, Sendable {
  var m, n, k: Int
  var transposeA = false
  var transposeB = false

  /// Rows of A and B as they lie in memory.
  var lda: Int { transposeA ? m : k }
  var ldb: Int { transposeB ? k : n }

  var name: String { "\(m)x\(n)x\(k)\(transposeA ? ":ta" : "")\(transposeB ? ":tb" : "")" }
  var workload: String { "gemm m=\(m) n=\(n) k=\(k)\(transposeA ? " ta=1" : "")\(transposeB ? " tb=1" : "")" }

  /// Squares; a 784-500-500-10 network of batch 100 forward, its weight gradient and its input gradient; one row; the
  /// products behind 1x1 and 3x3 convolutions of ResNets.
  static let standard: [GEMMShape] =
    [64, 128, 256, 512, 1024, 2048].map { GEMMShape(m: $0, n: $0, k: $0) } + [
      GEMMShape(m: 100, n: 500, k: 784), GEMMShape(m: 100, n: 500, k: 500), GEMMShape(m: 100, n: 10, k: 500),
      GEMMShape(m: 784, n: 500, k: 100, transposeA: true), GEMMShape(m: 100, n: 784, k: 500, transposeB: true),
      GEMMShape(m: 1, n: 1024, k: 1024), GEMMShape(m: 3136, n: 64, k: 576), GEMMShape(m: 196, n: 256, k: 2304),
      GEMMShape(m: 49, n: 512, k: 4608),
    ]

  /// Shapes written as `64x64x64,784x500x100:ta`.
  static func list(_ text: String) throws(BenchmarkError) -> [GEMMShape] {
    var shapes: [GEMMShape] = []
    for item in text.split(separator: ",", omittingEmptySubsequences: false) { shapes.append(try GEMMShape(item)) }
    return shapes
  }

  init(m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false) {
    (self.m, self.n, self.k) = (m, n, k)
    (self.transposeA, self.transposeB) = (transposeA, transposeB)
  }

  private init(_ text: Substring) throws(BenchmarkError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let sizes = parts[0].split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    let marks = parts.dropFirst()
    guard sizes.count == 3, sizes.allSatisfy({ (1...1 << 20).contains($0) }), marks.allSatisfy({ $0 == "ta" || $0 == "tb" })
    else { throw BenchmarkError("--shapes: '\(text)' is not MxNxK, MxNxK:ta or MxNxK:tb with sizes in 1...\(1 << 20)") }
    self.init(m: sizes[0], n: sizes[1], k: sizes[2], transposeA: marks.contains("ta"), transposeB: marks.contains("tb"))
  }
}
