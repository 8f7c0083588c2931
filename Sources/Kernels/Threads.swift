import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How many threads kernels called from here may use: the limit of the innermost `withThreads`, else
/// `KERNELS_NUM_THREADS`, else what the machine has for this process (`ThreadDefault`). Never below 1, and 1 inside a chunk of
/// `parallelFor`.
///
/// More threads than processors divide the work as asked, but no more than one a processor run at the same time. Results never
/// depend on this number.
public var threadCount: Int {
  let limit = Int(lw_current_limit())
  return limit > 0 ? limit : chooseThreads()
}

/// Looks up the default, for the first time.
@inline(never) private func chooseThreads() -> Int {
  watchForks()
  let count = threadDefault.count
  lw_default_limit_set(Int32(count))
  return count
}

/// Runs `body` with every kernel called from it, on this thread, limited to `n` threads.
///
/// An inner limit can only lower an outer one or `KERNELS_NUM_THREADS`: whoever reserved the other cores keeps them.
///
///     withThreads(1) { gemm(m: m, n: n, k: k, a, lda: k, b, ldb: n, c, ldc: n) }
///
/// - Precondition: `n >= 1`.
public func withThreads<R>(_ n: Int, _ body: () throws -> R) rethrows -> R {
  precondition(n >= 1, "withThreads: \(n) threads; expected at least 1")
  watchForks()
  let outer = lw_thread_limit()
  let cap = outer > 0 ? Int(outer) : threadDefault.environment ?? ThreadDefault.maximum
  lw_thread_limit_set(Int32(min(n, cap)))
  defer { lw_thread_limit_set(outer) }
  return try body()
}

/// Piece `index` of `0..<count` cut into `parts` consecutive pieces whose sizes differ by at most one, the longer ones
/// first. With fewer elements than parts the last pieces are empty.
///
///     partition(10, into: 4, 1)  // 3..<6: the sizes are 3, 3, 2, 2
///
/// - Precondition: `count >= 0` and `0 <= index < parts`.
public func partition(_ count: Int, into parts: Int, _ index: Int) -> Range<Int> {
  precondition(count >= 0 && 0 <= index && index < parts, "partition: piece \(index) of \(parts) of \(count) elements")
  let (short, longer) = count.quotientAndRemainder(dividingBy: parts)
  let start = index * short + min(index, longer)
  return start..<start + short + (index < longer ? 1 : 0)
}

/// Nanoseconds on a clock that only goes forward.
func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}
