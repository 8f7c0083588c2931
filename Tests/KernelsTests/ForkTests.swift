import ForkHelper
import Reference
import Synchronization
import Testing

@testable import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The child of a fork must be able to compute whatever the parent's threads are doing. Each test in a process of its own: forks of a
/// process that runs other tests would copy theirs.
@Suite struct ForkTests {
  @Test func childrenComputeWhileOtherThreadsDo() async {
    await #expect(processExitsWith: .success) {
      let work = Work()
      let workers = Workers(2) { work.check() }
      for fork in 0..<40 { expectChild("fork \(fork)") { work.check() } }
      workers.stop()
    }
  }

  /// Locks that are held most of the time.
  @Test func childrenFindNoLockHeld() async {
    await #expect(processExitsWith: .success) {
      let work = Work()
      let locked = Locked([0])
      let workers = Workers(2) { for _ in 0..<1000 { withScratch(1000) { _ in locked.withLock { $0.append($0.removeLast()) } } } }
      for fork in 0..<40 {
        expectChild("fork \(fork)") {
          work.check()
          locked.withLock { precondition($0 == [0]) }
        }
      }
      workers.stop()
    }
  }

  /// The threads begin just when the process forks: what is made when first used is being made.
  @Test(arguments: 0..<8) func childrenComputeBeforeTheParentHas(round: Int) async {
    await #expect(processExitsWith: .success) { [round] in
      let product = Product()
      let workers = Workers(2) { product.run() }
      usleep(UInt32(round) * 50)
      for _ in 0..<4 { expectChild("a fork at the start") { product.run() } }
      workers.stop()
    }
  }

  @Test func childrenOfAParentThatNeverComputed() async {
    await #expect(processExitsWith: .success) {
      expectChild("a fork before the first use") { Work().check() }
    }
  }

  @Test func childrenHaveThreads() async {
    await #expect(processExitsWith: .success) {
      parallelFor(8, nanoseconds: 1e9) { _ in usleep(100) }
      expectChild("a child with helpers") {
        let seen = Mutex<Set<UInt>>([])
        let expected = min(2, ThreadDefault.current.cpus)
        // A helper that finds no job goes: on a busy machine not each job has one.
        for _ in 0..<100 where seen.withLock({ $0.count }) < expected {
          withThreads(2) {
            parallelFor(16, nanoseconds: 1e9) { _ in
              let thread = currentThread
              seen.withLock { _ = $0.insert(thread) }
              usleep(1_000)
            }
          }
        }
        precondition(seen.withLock { $0.count } == expected)
      }
    }
  }

  /// A chunk forks, on the thread that submitted the job and on helpers.
  @Test(arguments: [1, 2, 3]) func childrenOfChunks(threads: Int) async {
    await #expect(processExitsWith: .success) { [threads] in
      let work = Work()
      withThreads(threads) {
        parallelFor(12, nanoseconds: 1e9) { chunk in
          expectChild("chunk \(chunk)") {
            work.check()
            exit_child(0)
          }
        }
      }
      work.check()
    }
  }

  /// Children fork, too, and use threads while they do.
  @Test func childrenOfChildren() async {
    await #expect(processExitsWith: .success) {
      let work = Work()
      let workers = Workers(2) { work.check() }
      for _ in 0..<4 {
        expectChild("a child that forks") {
          let own = Workers(2) { work.check() }
          for fork in 0..<4 { expectChild("grandchild \(fork)") { work.check() } }
          own.stop()
        }
      }
      workers.stop()
    }
  }

  @Test func settingsOfTheForkingThreadAreItsChilds() async {
    await #expect(processExitsWith: .success) {
      let work = Work()
      withTier(.scalar) {
        withThreads(1) {
          expectChild("a fork in two scopes") {
            precondition(Tier.current == .scalar && threadCount == 1)
            work.check()
          }
        }
      }
    }
  }
}

/// Forks; stops the process unless the child, which runs `body`, ends well and in time.
private func expectChild(_ name: String, _ body: () -> Void) {
  withoutActuallyEscaping(body) { body in
    var body = body
    let child = withUnsafeMutablePointer(to: &body) { context in
      fork_and_run({ $0!.assumingMemoryBound(to: (() -> Void).self).pointee() }, context, 20)
    }
    precondition(child > 0, "\(name): fork failed with \(child)")
    let end = wait_for_child(child)
    precondition(end == 0, "\(name): the child ended with \(end)\(end == 256 + SIGALRM ? ": it hung" : "")")
  }
}

/// Threads that do the same over and over.
private final class Workers {
  private final class State: Sendable {
    let isStopped = Atomic<Bool>(false)
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private let state: State
  private let threads: [OpaquePointer]

  init(_ count: Int, _ body: @escaping @Sendable () -> Void) {
    let state = State(body)
    self.state = state
    threads = (0..<count).map { _ in
      start_worker(
        { context in
          let state = Unmanaged<State>.fromOpaque(context!).takeRetainedValue()
          while !state.isStopped.load(ordering: .relaxed) { state.body() }
        }, Unmanaged.passRetained(state).toOpaque())
    }
  }

  func stop() {
    state.isStopped.store(true, ordering: .relaxed)
    for thread in threads { join_worker(thread) }
  }
}

/// A matrix product large enough to be divided, with the result it must have to the bit.
private final class Product: Sendable {
  private let (m, n, k) = (64, 96, 400)
  private let a, b, c: [Float]

  init() {
    a = randomValues(m * k, seed: 1)
    b = randomValues(k * n, seed: 2)
    var c = [Float](repeating: 0, count: m * n)
    naiveGemm(m: m, n: n, k: k, a, lda: k, b, ldb: n, &c, ldc: n)
    self.c = c
  }

  func run() {
    var result = [Float](repeating: .nan, count: m * n)
    gemm(m: m, n: n, k: k, a, lda: k, b, ldb: n, &result, ldc: n)
    precondition(bitMismatch(result, c, columns: n) == nil, "gemm: other bits")
  }
}

/// Products and convolutions, forward and backward, direct and Winograd's, also in a scope of its own.
private final class Work: @unchecked Sendable {
  private let product = Product()
  private let convolution = ConvCase(.square(2, (9, 9), 16, 16, kernel: 3, padding: 1))
  private let winograd: [Float]

  init() {
    let convolution = convolution
    winograd = withTier(.scalar) { withThreads(1) { Work.winograd(convolution) } }
  }

  private static func winograd(_ c: ConvCase) -> [Float] {
    var y = [Float](repeating: .nan, count: c.shape.outputCount)
    conv2d(c.shape, c.x.pointer, weights: c.weights.pointer, into: &y)
    return y
  }

  func check() {
    product.run()
    precondition(convolution.mismatch() == nil, "conv2d: other bits")
    withThreads(2) {
      product.run()
      precondition(bitMismatch(Work.winograd(convolution), winograd, columns: 16) == nil, "Winograd's convolution: other bits")
    }
  }
}
