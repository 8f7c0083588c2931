import CKernels
import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Runs `body(0)`, ... `body(chunks - 1)`, each exactly once, in any order and possibly at the same time, and returns
/// when all have ended. The one place where kernels divide work over cores.
///
/// A chunk runs under the caller's `withTier`; a `parallelFor` inside it runs serially.
///
/// - Parameters:
///   - chunks: the number of pieces. Two to four a thread balance well; where the cut can change bits (partial sums)
///     it must follow from the shape alone, never from `threadCount`.
///   - nanoseconds: an estimate of the serial time of the whole job. It decides how many threads are worth it: a short
///     job runs on the calling thread.
///   - body: does one piece. It must not wait for another piece: all may run on one thread, in any order.
/// - Precondition: `chunks >= 0`.
public func parallelFor(_ chunks: Int, nanoseconds: Double, _ body: (Int) -> Void) {
  precondition(chunks >= 0, "parallelFor: \(chunks) chunks")
  watchForks()
  Gang.shared.run(chunks, nanoseconds: nanoseconds, body)
}

/// Runs `body` for each of some jobs of equal size that can use several cores themselves: one a core when there are enough of
/// them to keep every core busy, or each is too short to be divided well; else one after the other, each on all cores.
func forEach(_ jobs: Int, nanoseconds: Double, _ body: (Int) -> Void) {
  let isBalanced = jobs >= 2 * threadCount || jobs % threadCount == 0
  if isBalanced || nanoseconds < GangTuning.workPerDividedJob * Double(jobs) {
    parallelFor(jobs, nanoseconds: nanoseconds, body)
  } else {
    for job in 0..<jobs { body(job) }
  }
}

/// When dividing pays. Two cores (AMD Zen 3, virtual machine), jobs of two chunks back to back, helper live:
///
/// | serial time of the job, us | 1 | 2 | 3 | 5 | 10 | 20 | 40 | 100 | 1000 |
/// |---|---|---|---|---|---|---|---|---|---|
/// | speed-up | 1.0 | 1.37 | 1.52 | 1.68 | 1.82 | 1.90 | 1.94 | 1.94 | 1.97 |
///
/// Four chunks instead of two cost 0.05 to 0.1 of it below 10 us, and nothing above 20 us.
enum GangTuning {
  /// The work each thread must get, in nanoseconds, for another thread to join: the job is opened, noticed and closed
  /// within 0.4 us, so two threads break even at 1 us of work, and one fewer leaves a core to others below 3 us.
  static let workPerThread = 1_500.0

  /// The work, in nanoseconds, below which one of several jobs is better not divided: three jobs on two cores end after two
  /// thirds of the time, and one that is divided takes 0.6 of it when it is short.
  static let workPerDividedJob = 8_000.0

  /// The work, in nanoseconds, for which helpers are called when none is live. The call costs the caller about 5 us,
  /// and the helpers arrive 15 to 50 us later. Jobs too short for it add up: the second, third ... of a series finds
  /// helpers.
  static let workPerCall = 60_000.0

  /// How long a helper looks for the next job, in nanoseconds, before it goes: longer than the serial stretches inside
  /// a training step, short enough not to be seen as load when a program stops computing.
  static let patience: UInt64 = 50_000

  /// How often a helper looks for a job between two looks at the clock. A pause takes 10 to 50 ns.
  static let pollsPerClock = 16

  /// Into how many claims a thread's share is cut at most: enough to balance, few enough that claiming (30 to 100 ns
  /// when contended) stays invisible.
  static let claimsPerThread = 16
}

/// Threads that share out the chunks of one job at a time.
///
/// Waking a thread costs 10 us or more, as much as a small matrix product. So helpers, once called, stay for 50 us after
/// each job and look for the next one. They are started by `DispatchQueue.concurrentPerform` and leave it when no work
/// comes: an idle process has no running helper.
///
/// A job is opened by storing its `Ticket`, one 64-bit word. Whoever advances the word by compare-and-swap has claimed
/// the chunk it names; only then may it read the job. The submitter claims too and returns when every claimed chunk is
/// done, so the job stays valid for whoever holds a claim, and nobody ever waits for a helper that has not come: there
/// is no deadlock, on any number of cores. A second submitter, or a job inside a chunk, finds the gang busy and runs
/// serially.
///
/// The submitter claims from the front and helpers from the back. Then two threads find, job after job, their own half of the
/// data in their own cache; what the other core has written comes over at a fraction of that speed.
final class Gang: Sendable {
  static let shared = Gang(threads: threadDefault.cpus)

  /// What a helper must know. Written by the submitter before it opens the ticket, read after a successful claim.
  private struct Job {
    var body: ChunkBody
    var chunks: Int
    var claims: Int
    var table: UnsafePointer<lw_table>?
  }

  /// Two cache lines apart (processors fetch pairs): helpers that watch one word must not slow writes to another.
  private struct Gap { let bytes: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0) }

  /// The most threads that run at the same time, the submitter included.
  private let threads: Int
  /// Helpers called and not yet gone.
  private let helpers = Atomic<Int>(0)
  /// Work done serially for lack of helpers since they were last called, in nanoseconds.
  private let backlog = Atomic<Int>(0)
  private let isBusy = Atomic<Bool>(false)
  /// The thread whose job is open, 0 where none is.
  private let submitter = Atomic<UInt>(0)
  private let gap1 = (Gap(), Gap())
  private let ticket = Atomic<UInt64>(0)
  private nonisolated(unsafe) let job = UnsafeMutablePointer<Job>.allocate(capacity: 1)
  private let gap2 = (Gap(), Gap())
  /// Claims that helpers have finished, of the open job.
  private let finished = Atomic<Int>(0)
  private let gap3 = (Gap(), Gap())

  /// A gang of up to `threads` threads, the submitter included.
  init(threads: Int) {
    self.threads = min(threads, Ticket.maximumSeats)
  }

  deinit { job.deallocate() }

  func run(_ chunks: Int, nanoseconds: Double, _ body: (Int) -> Void) {
    let seats = min(threads, threadCount, chunks, Self.threadsWorth(nanoseconds)) - 1
    guard seats > 0, tryEnter() else { return Self.runSerially(chunks, body) }
    guard haveHelpers(seats, for: nanoseconds) else {
      leave()
      return Self.runSerially(chunks, body)
    }
    share(chunks, seats: seats, body)
    leave()
  }

  private static func runSerially(_ chunks: Int, _ body: (Int) -> Void) {
    for chunk in 0..<chunks { body(chunk) }
  }

  /// How many threads a job of this length can keep busy.
  private static func threadsWorth(_ nanoseconds: Double) -> Int {
    guard nanoseconds >= GangTuning.workPerThread else { return 1 }  // also when it is not a number
    return Int(min(nanoseconds / GangTuning.workPerThread, Double(Ticket.maximumSeats)))
  }

  private func tryEnter() -> Bool {
    guard isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else { return false }
    submitter.store(currentThread, ordering: .relaxed)
    return true
  }

  private func leave() {
    submitter.store(0, ordering: .relaxed)
    isBusy.store(false, ordering: .releasing)
  }

  // MARK: Submitter

  /// Whether helpers are, or will soon be, there; calls up to `seats` of them when there is work enough.
  private func haveHelpers(_ seats: Int, for nanoseconds: Double) -> Bool {
    let present = helpers.load(ordering: .relaxed)
    guard present < seats else { return true }
    let work = backlog.load(ordering: .relaxed) + Int(min(nanoseconds, GangTuning.workPerCall))
    let isEnough = Double(work) >= GangTuning.workPerCall
    backlog.store(isEnough ? 0 : work, ordering: .relaxed)
    if isEnough { callHelpers(seats - present) }
    return isEnough || present > 0
  }

  private func callHelpers(_ count: Int) {
    helpers.add(count, ordering: .relaxed)
    // Dispatch cannot be used in the child of a fork.
    guard forkCount == 0 else { return startThreads(count) }
    DispatchQueue.global(qos: .userInitiated).async {
      DispatchQueue.concurrentPerform(iterations: count) { _ in self.help() }
    }
  }

  /// Opens a job to `seats` helpers, works on it, and waits for the chunks that helpers have claimed.
  ///
  /// Never inlined: `body` must outlive the last helper's call, and a caller keeps its arguments until we return.
  @inline(never) private func share(_ chunks: Int, seats: Int, _ body: (Int) -> Void) {
    let claims = min(chunks, (seats + 1) * GangTuning.claimsPerThread)
    job.initialize(to: Job(body: ChunkBody(body), chunks: chunks, claims: claims, table: lw_thread_table()))
    finished.store(0, ordering: .relaxed)
    let opened = Ticket(rawValue: ticket.load(ordering: .relaxed)).next(seats: seats, claims: claims)
    ticket.store(opened.rawValue, ordering: .releasing)

    let forks = forkCount
    let outer = lw_thread_limit()
    lw_thread_limit_set(1)
    var membership = opened.epoch
    var own = 0
    while let claim = claim(&membership, fromBack: false) {
      perform(claim)
      own += 1
    }
    lw_thread_limit_set(outer)
    wait(for: claims - own, forks: forks)
  }

  /// Spins until helpers have finished `count` claims. A helper may have lost its core to another thread, so after a
  /// while the wait offers ours. In a child that was forked from one of our chunks, no helper will come to finish another.
  private func wait(for count: Int, forks: UInt32) {
    var polls = 0
    while finished.load(ordering: .acquiring) < count {
      precondition(forks == forkCount, "parallelFor: a chunk forked and its child returned; expected it to exit in the chunk")
      lw_spin_pause()
      polls += 1
      if polls > 1_000 { sched_yield() }
    }
  }

  // MARK: Children of forks

  /// In the child of a fork: there are no helpers, and a job that another thread had open is nobody's. If it is the forking thread's
  /// own, then we are in one of its chunks, and it stays open until that thread leaves.
  func startAfreshInChild() {
    helpers.store(0, ordering: .relaxed)
    backlog.store(0, ordering: .relaxed)
    guard submitter.load(ordering: .relaxed) != currentThread else { return }
    ticket.store(Ticket(rawValue: ticket.load(ordering: .relaxed)).next(seats: 0, claims: 0).rawValue, ordering: .relaxed)
    leave()
  }

  /// Starts helpers that are threads of our own, as far as the system has them.
  private func startThreads(_ count: Int) {
    for _ in 0..<count where !startThread({ self.help() }) { helpers.subtract(1, ordering: .relaxed) }
  }

  // MARK: Submitter and helpers

  /// Claims the next piece of the open job, or nil when there is none or no seat left.
  ///
  /// `membership` is the epoch of the job this thread has a seat in. That the word may have run through all epochs
  /// since it was read does no harm: a successful swap claims a piece of the job that is open now.
  private func claim(_ membership: inout UInt64, fromBack: Bool) -> Int? {
    var seen = Ticket(rawValue: ticket.load(ordering: .relaxed))
    while seen.isOpen {
      let isMember = membership == seen.epoch
      guard isMember || seen.seats > 0 else { return nil }
      let (exchanged, actual) = ticket.weakCompareExchange(
        expected: seen.rawValue, desired: seen.claimed(fromBack: fromBack, takingSeat: !isMember).rawValue,
        successOrdering: .acquiring, failureOrdering: .relaxed)
      if exchanged {
        membership = seen.epoch
        return fromBack ? seen.end - 1 : seen.start
      }
      seen = Ticket(rawValue: actual)
    }
    return nil
  }

  private func perform(_ claim: Int) {
    for chunk in partition(job.pointee.chunks, into: job.pointee.claims, claim) { job.pointee.body(chunk) }
  }

  // MARK: Helper

  /// The life of a helper, with the settings its thread carries meanwhile.
  private func help() {
    lw_thread_limit_set(1)
    keepingScratch(work)
    lw_thread_limit_set(0)
    lw_thread_table_set(nil)
    helpers.subtract(1, ordering: .relaxed)
  }

  /// Works on whatever job is open until none has come for a while.
  private func work() {
    var membership = UInt64.max  // no epoch
    var deadline: UInt64?
    var polls = 0
    while true {
      if let claim = claim(&membership, fromBack: true) {
        lw_thread_table_set(job.pointee.table)
        perform(claim)
        finished.add(1, ordering: .releasing)
        deadline = nil
      } else {
        lw_spin_pause()
        polls += 1
        guard polls % GangTuning.pollsPerClock == 0 else { continue }
        let now = monotonicNanoseconds()
        guard now < deadline ?? .max else { return }
        deadline = deadline ?? now + GangTuning.patience
      }
    }
  }
}

/// The state of a job in one word: `{epoch: 22, seats: 10, end: 16, start: 16}` bits, highest first.
private struct Ticket {
  static let maximumSeats = 1 << 10 - 1

  let rawValue: UInt64

  /// Counts the jobs, modulo 2^22.
  var epoch: UInt64 { rawValue >> 42 }
  /// Helpers that may still join.
  var seats: Int { Int(rawValue >> 32 & 0x3ff) }
  /// The pieces of the job that nobody has claimed: from `start` up to, without, `end`.
  var end: Int { Int(rawValue >> 16 & 0xffff) }
  var start: Int { Int(rawValue & 0xffff) }

  var isOpen: Bool { start < end }

  /// - Precondition: it is open.
  func claimed(fromBack: Bool, takingSeat: Bool) -> Ticket {
    let left = fromBack ? rawValue - (1 << 16) : rawValue + 1
    return Ticket(rawValue: left - (takingSeat ? 1 << 32 : 0))
  }

  /// The ticket of the job after this one.
  func next(seats: Int, claims: Int) -> Ticket {
    let fields = UInt64(seats) << 32 | UInt64(claims) << 16
    return Ticket(rawValue: (epoch &+ 1) << 42 | fields)
  }
}
