import Kernels

/// What a benchmark run may be told.
struct Options: Sendable {
  var threads = threadCount
  var tier = Tier.preferred
  /// Measuring time a workload.
  var seconds = 0.5
  var json = false
  /// For `gemm-vs`.
  var shapes = GEMMShape.standard
}

/// The command line, read.
struct Command {
  enum Mode: Equatable {
    case help
    /// These workloads; nil: the list of every family.
    case workloads([String]?)
    case serve
    case versus([String])
  }

  var mode: Mode
  var options = Options()

  init(_ arguments: ArraySlice<String>) throws(BenchmarkError) {
    var words: [String] = []
    var rest = arguments
    while let argument = rest.popFirst() {
      switch argument {
      case "--help", "-h":
        mode = .help
        return
      case "--json": options.json = true
      case "--threads": options.threads = try Self.count(of: argument, rest.popFirst())
      case "--seconds": options.seconds = try Self.seconds(of: argument, rest.popFirst())
      case "--isa": options.tier = try Self.tier(cappedAt: rest.popFirst())
      case "--shapes": options.shapes = try GEMMShape.list(rest.popFirst() ?? "")
      case _ where argument.hasPrefix("-"):
        throw BenchmarkError("unknown option \(argument); expected --threads --isa --seconds --json --shapes --help")
      default: words.append(argument)
      }
    }
    mode = try Self.mode(words)
  }

  private static func mode(_ words: [String]) throws(BenchmarkError) -> Mode {
    let operands = Array(words.dropFirst())
    switch words.first {
    case nil: return .workloads(nil)
    case "run" where !operands.isEmpty: return .workloads(joined(operands))
    case "run": throw BenchmarkError("run needs a workload, for example: run gemm m=1024 n=1024 k=1024")
    case "serve" where operands.isEmpty: return .serve
    case "serve": throw BenchmarkError("serve reads workloads from standard input; it does not take '\(operands[0])'")
    case "gemm-vs" where !operands.isEmpty: return .versus(operands)
    case "gemm-vs": throw BenchmarkError("gemm-vs needs a CBLAS shared library, for example: gemm-vs libopenblas.so.0")
    case .some(let word): throw BenchmarkError("unknown command '\(word)'; expected run, serve or gemm-vs")
    }
  }

  /// Workloads may be quoted (`"gemm m=64 n=64 k=64"`) or bare: a bare word without `=` begins the next one.
  private static func joined(_ words: [String]) -> [String] {
    words.reduce(into: []) { workloads, word in
      if word.contains("="), !word.contains(" "), let last = workloads.popLast() {
        workloads.append("\(last) \(word)")
      } else {
        workloads.append(word)
      }
    }
  }

  private static func count(of option: String, _ text: String?) throws(BenchmarkError) -> Int {
    guard let n = text.flatMap({ Int($0) }), n >= 1 else {
      throw BenchmarkError("\(option) \(text ?? ""): expected a number of threads, 1 or more")
    }
    return n
  }

  private static func seconds(of option: String, _ text: String?) throws(BenchmarkError) -> Double {
    guard let seconds = text.flatMap({ Double($0) }), seconds > 0, seconds <= 3600 else {
      throw BenchmarkError("\(option) \(text ?? ""): expected a time above 0 and up to 3600 seconds")
    }
    return seconds
  }

  /// The best tier this processor has that is not above the named one, nor above `KERNELS_MAX_ISA`.
  private static func tier(cappedAt text: String?) throws(BenchmarkError) -> Tier {
    guard let cap = text.flatMap({ Tier(rawValue: $0) }) else {
      throw BenchmarkError("--isa \(text ?? ""): expected one of scalar avx2 avx512 neon")
    }
    return min(Tier.available.last { $0 <= cap } ?? .scalar, Tier.preferred)
  }

  static let help = """
    Usage: Benchmarks [COMMAND] [OPTIONS]

      (none)               every family on its default shapes: seconds, GFLOPS or GB/s, % of this machine's limit
      run WORKLOAD ...     those workloads, for example: run gemm m=1024 n=1024 k=1024
      serve                one workload a line from standard input, one line of JSON each, until the end of input
      gemm-vs LIBRARY ...  GEMM against CBLAS shared libraries, alternating in one process

    Options
      --threads N          threads of ours and of the libraries (default: what kernels use; here \(threadCount))
      --isa TIER           a cap: scalar, avx2, avx512 or neon (here \(Tier.preferred)); libraries that have such a switch follow
      --seconds S          measuring time a workload (default 0.5)
      --json               one JSON object a line
      --shapes LIST        gemm-vs: MxNxK, comma-separated, with :ta or :tb for a transposed A or B

    Workloads: a name and KEY=VALUE pairs in any order; the default in brackets
    \(families.map { "  \($0.name): \($0.keys.map(\.usage).joined(separator: ", "))" }.joined(separator: "\n"))

    Environment: KERNELS_NUM_THREADS, KERNELS_MAX_ISA, KERNELS_VERBOSE=1
    """
}

/// What was wrong with a command or a workload, and what was expected.
struct BenchmarkError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
