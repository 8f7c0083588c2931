import CKernels

/// A value that threads take turns with.
///
/// What `Synchronization.Mutex` does, on a POSIX mutex: the thread sanitizer sees that one, while on Linux it takes
/// whatever `Mutex` protects for a data race. And a fork waits until no other thread has the value, so that a child finds it free
/// and whole.
package final class Locked<Value>: @unchecked Sendable {
  private let lock = lw_lock_create()
  @usableFromInline var value: Value

  package init(_ value: Value) { self.value = value }

  deinit { lw_lock_destroy(lock) }

  /// Calls `body` with the value while no other thread has it. Not to be nested on the same object, and no place to make or
  /// destroy another `Locked`.
  @inlinable package func withLock<R, E: Error>(_ body: (inout Value) throws(E) -> R) throws(E) -> R {
    acquire()
    defer { release() }
    return try body(&value)
  }

  @usableFromInline func acquire() { lw_lock_acquire(lock) }
  @usableFromInline func release() { lw_lock_release(lock) }
}
