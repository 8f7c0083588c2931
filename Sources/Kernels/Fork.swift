import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// The child of a fork has one thread, the one that forked, and a copy of everything else as it was at that moment. So that it can
// compute: forks wait for what is locked (`Locked`) and for what another thread is just making for the first time (here), and
// the child's gang forgets the helpers that the child does not have.

/// Makes forks safe for what kernels share; to be called before anything of it is first used.
@inline(__always) func watchForks() {
  lw_fork_watch({ makeShared() }, { Gang.shared.startAfreshInChild() })
}

/// Makes all that is otherwise made when first used, or waits until the thread that has begun it is done: in the child nobody would
/// ever finish it.
private func makeShared() {
  _ = Tier.preferred
  _ = threadDefault
  _ = Gang.shared
  _ = isVerbose
  makeScratch()
  makeLog()
}

/// How many forks lie between the process the program began as and this one.
package var forkCount: UInt32 { lw_fork_count() }

/// The calling thread, also after a fork.
package var currentThread: UInt {
  #if canImport(Glibc)
    pthread_self()
  #else
    UInt(bitPattern: pthread_self())
  #endif
}

/// Starts a thread of its own that runs `body` and ends; false where the system has none to give.
func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
  final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let work = Unmanaged.passRetained(Work(body))
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  pthread_attr_setstacksize(&attributes, 1 << 20)  // of which only what is used is taken; some systems give much less

  // Signals are for the threads of the program: a new thread has them blocked as its maker has.
  var (all, before) = (sigset_t(), sigset_t())
  sigfillset(&all)
  pthread_sigmask(SIG_BLOCK, &all, &before)
  defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
  #if canImport(Glibc)
    var thread = pthread_t()
    let status = pthread_create(&thread, &attributes, { run($0) }, work.toOpaque())
  #elseif canImport(Musl)
    var thread: pthread_t?
    let status = pthread_create(&thread, &attributes, { run($0) }, work.toOpaque())
  #else
    var thread: pthread_t?
    let status = pthread_create(&thread, &attributes, { run($0) }, work.toOpaque())
  #endif
  func run(_ work: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    Unmanaged<Work>.fromOpaque(work!).takeRetainedValue().body()
    return nil
  }
  if status != 0 { work.release() }
  return status == 0
}
