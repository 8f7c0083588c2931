import Kernels

// Who may do what at the same time. Readers share the model; a writer has it alone, and may read it too (callbacks of fit
// evaluate and predict). Nobody waits: whoever may not proceed gets an error.

extension Model {
  /// What threads share under the lock.
  struct Shared: Sendable {
    private(set) var readers = 0
    private var forks = forkCount
    var writer: Writer?
    /// Whether a callback asked `fit` to end.
    var isStopping = false
    /// Executions nobody uses at the moment.
    var idle: [Execution] = []
    /// What inference made of the weights, nil when they have changed since.
    var prepared: PreparedWeights?

    mutating func addReader() {
      forgetOtherProcesses()
      readers += 1
    }

    mutating func removeReader() { readers = max(0, readers - 1) }

    /// In the child of a fork the readers of the parent's other threads do not exist, and never end. (A writer's model stays half changed.)
    mutating func forgetOtherProcesses() {
      guard forks != forkCount else { return }
      (forks, readers) = (forkCount, 0)
    }

    /// Takes out the idle execution with the least room that is enough.
    mutating func takeIdle(_ purpose: Plan.Purpose, batch: Int) -> Execution? {
      var best: Int?
      for i in idle.indices where idle[i].plan.purpose == purpose && idle[i].plan.capacity >= batch {
        if best == nil || idle[i].plan.capacity < idle[best!].plan.capacity { best = i }
      }
      return best.map { idle.remove(at: $0) }
    }
  }

  struct Writer: Sendable {
    let thread: UInt
    let name: String
  }

  /// Executions kept for reuse. More than this many threads can predict at once; the surplus allocates each time.
  private static let idleLimit = 32

  /// Runs `body` as one of any number of readers.
  func reading<R>(_ name: String, _ body: () throws -> R) throws -> R {
    try shared.withLock { shared throws in
      if let writer = shared.writer, writer.thread != currentThread {
        throw NetError("\(name): the model is being changed by \(writer.name) on another thread")
      }
      shared.addReader()
    }
    defer { shared.withLock { $0.removeReader() } }
    return try body()
  }

  /// Runs `body` with the model for itself.
  ///
  /// - Parameter reentrant: whether a callback of the present writer may do it.
  func changing<R>(_ name: String, reentrant: Bool = false, _ body: () throws -> R) throws -> R {
    let isNested = try shared.withLock { shared throws in
      if let writer = shared.writer {
        guard reentrant, writer.thread == currentThread else {
          throw NetError("\(name): the model is being changed by \(writer.name); wait until it has finished")
        }
        return true
      }
      shared.forgetOtherProcesses()
      guard shared.readers == 0 else {
        throw NetError("\(name): the model is being read on another thread; wait until it has finished")
      }
      shared.writer = Writer(thread: currentThread, name: name)
      return false
    }
    defer { if !isNested { shared.withLock { $0.writer = nil } } }
    return try body()
  }

  var isStopping: Bool { shared.withLock { $0.isStopping } }

  /// Says that what was prepared of the weights is out of date.
  func weightsChanged() {
    shared.withLock { $0.prepared = nil }
  }

  /// Lends an execution for up to `batch` examples, with the weights as they are now.
  func withExecution<R>(_ purpose: Plan.Purpose, batch: Int, _ body: (Execution) throws -> R) throws -> R {
    let found = shared.withLock { $0.takeIdle(purpose, batch: batch) }
    let execution = try found ?? makeExecution(purpose, capacity: batch)
    execution.use(preparedWeights(for: execution.plan))
    defer {
      shared.withLock { if $0.idle.count < Model.idleLimit { $0.idle.append(execution) } }
    }
    return try body(execution)
  }

  /// What inference makes of the weights as they are now.
  func preparedWeights(for plan: Plan) -> PreparedWeights { shared.withLock { $0.prepared } ?? prepare(plan) }

  private func makeExecution(_ purpose: Plan.Purpose, capacity: Int) throws -> Execution {
    // Powers of two: few sizes serve all batches.
    var rounded = 1
    while rounded < capacity { rounded *= 2 }
    return Execution(try plan(purpose, batch: rounded), parameters: store)
  }

  private func prepare(_ plan: Plan) -> PreparedWeights {
    let prepared = PreparedWeights(plan, parameters: store)
    shared.withLock { if $0.prepared == nil { $0.prepared = prepared } }
    return prepared
  }

  /// Forgets executions whose plans no longer hold (another loss).
  func dropExecutions() {
    shared.withLock { $0.idle.removeAll() }
  }
}
