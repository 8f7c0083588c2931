/// How many threads kernels called from here may use.
public var threadCount: Int { 1 }

/// Runs `body` with kernels called from it limited to `n` threads.
public func withThreads<R>(_ n: Int, _ body: () throws -> R) rethrows -> R {
  precondition(n >= 1, "withThreads: \(n) threads; expected at least 1")
  return try body()
}

/// Runs `body(0)`, ... `body(chunks - 1)`, in any order and possibly at the same time.
///
/// `nanoseconds` estimates the serial time of the whole job: short jobs are not worth waking another core.
public func parallelFor(_ chunks: Int, nanoseconds: Double, _ body: (Int) -> Void) {
  for chunk in 0..<chunks { body(chunk) }
}
