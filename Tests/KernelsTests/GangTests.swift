import Dispatch
import Kernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How often each chunk of a job has run. Without a lock: a chunk that runs twice at once is a race to be seen.
private final class Tally: @unchecked Sendable {
  private let counts: UnsafeMutableBufferPointer<Int>

  init(_ chunks: Int) {
    counts = .allocate(capacity: chunks)
    counts.initialize(repeating: 0)
  }

  deinit { counts.deallocate() }

  func record(_ chunk: Int) { counts[chunk] += 1 }

  var isComplete: Bool { counts.allSatisfy { $0 == 1 } }
}

/// Long enough to be divided, whatever the processor.
private let long = 1e9

@Suite struct GangTests {
  @Test(arguments: [1, 2, 3, 7], [0, 1, 2, 3, 17, 1000, 100_000])
  func everyChunkRunsOnce(threads: Int, chunks: Int) {
    withThreads(threads) {
      let tally = Tally(chunks)
      parallelFor(chunks, nanoseconds: long) { tally.record($0) }
      #expect(tally.isComplete)
    }
  }

  @Test(arguments: [0, 1_000, 3_000, 10_000, 100_000, -1, Double.nan, Double.infinity, 1e300])
  func anyEstimateIsLegal(nanoseconds: Double) {
    let tally = Tally(8)
    parallelFor(8, nanoseconds: nanoseconds) { tally.record($0) }
    #expect(tally.isComplete)
  }

  @Test func resultsAreVisibleWhenTheCallReturns() {
    nonisolated(unsafe) let values = UnsafeMutablePointer<Int>.allocate(capacity: 64)
    defer { values.deallocate() }
    for job in 0..<20_000 {
      parallelFor(64, nanoseconds: long) { values[$0] = job &* $0 }
      for i in 0..<64 where values[i] != job &* i { Issue.record("job \(job): chunk \(i) left \(values[i])") }
    }
  }

  @Test func jobsOfChangingSizeFollowEachOther() {
    nonisolated(unsafe) let values = UnsafeMutablePointer<Int>.allocate(capacity: 40)
    defer { values.deallocate() }
    for job in 0..<20_000 {
      let chunks = 1 + job % 40
      parallelFor(chunks, nanoseconds: Double(job % 7) * 2_000) { values[$0] = job }
      for i in 0..<chunks where values[i] != job { Issue.record("job \(job): chunk \(i) of \(chunks) did not run") }
    }
  }

  @Test(arguments: [2, 5]) func severalSubmitters(submitters: Int) {
    DispatchQueue.concurrentPerform(iterations: submitters) { submitter in
      for job in 0..<2_000 {
        let tally = Tally(1 + job % 9)
        parallelFor(1 + job % 9, nanoseconds: long) { tally.record($0) }
        if !tally.isComplete { Issue.record("submitter \(submitter), job \(job): not each chunk ran once") }
      }
    }
  }

  @Test func nestedJobsRunInTheirChunk() {
    for _ in 0..<200 {
      let tally = Tally(6 * 5 * 4)
      parallelFor(6, nanoseconds: long) { i in
        parallelFor(5, nanoseconds: long) { j in
          parallelFor(4, nanoseconds: long) { k in tally.record((i * 5 + j) * 4 + k) }
        }
      }
      #expect(tally.isComplete)
    }
  }

  @Test(arguments: Tier.available) func chunksRunOnTheTierOfTheCaller(tier: Tier) {
    let tally = Tally(1600)
    withTier(tier) {
      for job in 0..<100 {
        parallelFor(16, nanoseconds: long) { if Tier.current == tier { tally.record(job * 16 + $0) } }
      }
    }
    #expect(tally.isComplete)
  }

  @Test func helpersKeepNoSettings() {
    let outer = threadCount
    let tally = Tally(100)
    withTier(.scalar) { parallelFor(1_000, nanoseconds: long) { _ in } }
    usleep(10_000)
    DispatchQueue.concurrentPerform(iterations: 100) {
      if Tier.current == Tier.preferred && threadCount == outer { tally.record($0) }
      usleep(100)
    }
    #expect(tally.isComplete)
  }

  @Test func anIdleProcessHasNoRunningHelper() async {
    await #expect(processExitsWith: .success) {  // alone: other tests compute
      parallelFor(100, nanoseconds: long) { _ in usleep(10) }
      usleep(50_000)
      let seconds = processorSeconds { usleep(500_000) }
      precondition(seconds < 0.1, "\(seconds) s of processor time while idle")
    }
  }
}

/// The processor time this process uses, in all its threads, while `body` runs.
private func processorSeconds(_ body: () -> Void) -> Double {
  func used() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
  let before = used()
  body()
  return used() - before
}

@Suite struct ThreadsTests {
  @Test func withThreadsLimitsItsBodyOnly() {
    let outer = threadCount
    #expect(outer >= 1)
    withThreads(1) { #expect(threadCount == 1) }
    #expect(threadCount == outer)
  }

  @Test(.enabled(if: getenv("KERNELS_NUM_THREADS") == nil)) func moreThreadsThanCoresMayBeAskedFor() {
    withThreads(7) { #expect(threadCount == 7) }
  }

  @Test func anInnerLimitOnlyLowers() {
    withThreads(2) {
      let outer = threadCount
      withThreads(7) { #expect(threadCount == outer) }
      withThreads(1) { #expect(threadCount == 1) }
      #expect(threadCount == outer)
    }
  }

  @Test func anErrorLeavesTheScope() {
    struct Failure: Error {}
    let outer = threadCount
    #expect(throws: Failure.self) { try withThreads(1) { throw Failure() } }
    #expect(threadCount == outer)
  }

  @Test func theBodysValueIsReturned() {
    #expect(withThreads(3) { 42 } == 42)
  }

  @Test func environmentSetsTheNumber() async {
    await #expect(processExitsWith: .success) {
      setenv("KERNELS_NUM_THREADS", "3", 1)
      precondition(threadCount == 3)
      withThreads(2) { precondition(threadCount == 2) }
      withThreads(7) { precondition(threadCount == 3) }
    }
  }

  @Test(arguments: ["0", "-1", "two", "1.5", "99999999999999999999"])
  func aBadNumberInTheEnvironmentIsRefused(text: String) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [text] in
      setenv("KERNELS_NUM_THREADS", text, 1)
      _ = threadCount
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("KERNELS_NUM_THREADS=\(text): expected a whole number from 1 to 4096"))
  }

  @Test func zeroThreadsAreAnError() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { withThreads(0) {} }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("withThreads: 0 threads; expected at least 1"))
  }

  @Test(arguments: [0, 1, 2, 9, 100, 101], [1, 2, 3, 7, 16]) func partitionCoversEachElementOnce(count: Int, parts: Int) {
    let pieces = (0..<parts).map { partition(count, into: parts, $0) }
    #expect(pieces.flatMap { Array($0) } == Array(0..<count))
    let sizes = pieces.map(\.count)
    #expect(sizes.max()! - sizes.min()! <= 1)
    #expect(sizes == sizes.sorted(by: >))
  }
}
