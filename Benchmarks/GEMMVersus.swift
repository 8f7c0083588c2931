import Kernels
import Reference

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `gemm-vs`: our products and those of other libraries, taking turns in one process, best round of each.
func compareGEMM(with paths: [String], _ options: Options) throws {
  holdPeers(to: options.tier)
  var libraries: [CBLAS] = []
  for path in paths { libraries.append(try CBLAS(path, threads: threadCount)) }
  let names = libraries.map(\.name)
  if !options.json {
    writeLine("tier \(Tier.current), threads \(threadCount); GFLOPS, and ours divided by theirs")
    writeLine(row("shape", ["ours"] + names.flatMap { [$0, "ratio"] }))
  }
  var ratios: [[Double]] = names.map { _ in [] }
  for shape in options.shapes {
    let contest = try Contest(shape, libraries)
    let (ours, theirs) = contest.run(seconds: options.seconds)
    for (i, seconds) in theirs.enumerated() { ratios[i].append(seconds / ours) }
    writeLine(options.json ? json(shape, ours, names, theirs) : text(shape, ours, theirs))
  }
  guard !options.json else { return }
  let best = options.shapes.indices.map { i in ratios.map { $0[i] }.min()! }
  writeLine(row("geometric mean", [""] + ratios.flatMap { ["", rounded(geometricMean($0), to: 3)] }))
  if names.count > 1 { writeLine("geometric mean against the best of them \(rounded(geometricMean(best), to: 3))") }
  writeLine("lowest ratio \(rounded(best.min() ?? .nan, to: 3))")
}

/// Libraries that have a switch for it use the same instructions as a capped run of ours, unless the user set the switch.
private func holdPeers(to tier: Tier) {
  // Intel's OpenMP keeps its threads spinning for 200 ms after a call, in our way; 20 ms is still far above the time
  // between two calls of a round.
  setenv("KMP_BLOCKTIME", "20", 0)
  guard tier == .avx2, tier < Tier.available.last! else { return }
  setenv("MKL_ENABLE_INSTRUCTIONS", "AVX2", 0)
  setenv("OPENBLAS_CORETYPE", "Haswell", 0)
  setenv("BLIS_ARCH_TYPE", "haswell", 0)
}

/// One shape, every competitor on the same A and B.
private struct Contest {
  // Longer than the threads of any of the libraries spin after their last call.
  static let rest = 0.04
  static let rounds = 5

  let shape: GEMMShape
  let libraries: [CBLAS]
  let a, b, c: Buffer

  init(_ shape: GEMMShape, _ libraries: [CBLAS]) throws(BenchmarkError) {
    self.shape = shape
    self.libraries = libraries
    a = Buffer(random: shape.m * shape.k, seed: 1)
    b = Buffer(random: shape.k * shape.n, seed: 2)
    c = Buffer(shape.m * shape.n, filledWith: 0)
    try compareResults()
  }

  /// Best seconds of ours and of each library.
  func run(seconds: Double) -> (ours: Double, theirs: [Double]) {
    var ours = Double.infinity
    var theirs = libraries.map { _ in Double.infinity }
    for _ in 0..<Self.rounds {
      ours = min(ours, measure(seconds: seconds / Double(Self.rounds)) { multiply() }.min)
      for (i, library) in libraries.enumerated() {
        let timing = measure(seconds: seconds / Double(Self.rounds)) { multiply(with: library) }
        theirs[i] = min(theirs[i], timing.min)
        if threadCount > 1 { pause(seconds: Self.rest) }
      }
    }
    return (ours, theirs)
  }

  private func multiply() {
    let s = shape
    gemm(
      m: s.m, n: s.n, k: s.k, a.pointer, lda: s.lda, transposeA: s.transposeA, b.pointer, ldb: s.ldb,
      transposeB: s.transposeB, c.pointer, ldc: s.n)
  }

  private func multiply(with library: CBLAS) { library.multiply(shape, a.pointer, b.pointer, into: c.pointer) }

  /// Sums of k products of values in -1...1, taken in two orders, differ by less than eps * k in practice (the rigorous
  /// bound grows with k squared); a product that is missing or misplaced differs by far more.
  private func compareResults() throws(BenchmarkError) {
    multiply()
    let ours = c.values
    let bound = [Double](repeating: 4 * Double(Float.ulpOfOne) * Double(shape.k), count: ours.count)
    for library in libraries {
      c.pointer.update(repeating: .nan, count: c.count)
      multiply(with: library)
      if let difference = boundMismatch(ours, c.values.map(Double.init), bound: bound, columns: shape.n) {
        throw BenchmarkError("\(shape.name): ours and \(library.name) differ: \(difference)")
      }
    }
  }
}

private func row(_ label: String, _ cells: [String]) -> String {
  padded(label, to: 20) + cells.map { padded($0, to: 16) }.joined()
}

private func text(_ shape: GEMMShape, _ ours: Double, _ theirs: [Double]) -> String {
  let gflop = 2e-9 * Double(shape.m) * Double(shape.n) * Double(shape.k)
  let cells = theirs.flatMap { [rounded(gflop / $0, to: 1), rounded($0 / ours, to: 3)] }
  return row(shape.name, [rounded(gflop / ours, to: 1)] + cells)
}

private func json(_ shape: GEMMShape, _ ours: Double, _ names: [String], _ theirs: [Double]) -> String {
  var object = JSONObject()
  object.add("workload", shape.workload)
  object.add("shape", shape.name)
  object.add("isa", Tier.current.rawValue)
  object.add("threads", threadCount)
  object.add("ours", ours)
  for (name, seconds) in zip(names, theirs) {
    object.add(name, seconds)
    object.add("ratio \(name)", seconds / ours)
  }
  return object.text
}
