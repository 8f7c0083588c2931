#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The value of an environment variable, or nil when it is not set.
func environment(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }
}

/// Whether `KERNELS_VERBOSE=1` asks for one line on standard error for each kernel choice: which, and why.
let isVerbose = environment("KERNELS_VERBOSE") == "1"

/// Prints a line for `KERNELS_VERBOSE`.
func log(_ message: @autoclosure () -> String) {
  guard isVerbose else { return }
  let line = Array("kernels: \(message())\n".utf8)
  _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

private let logged = Locked<Set<String>>([])

func makeLog() { _ = logged }

/// `log`, but each distinct message once.
func logOnce(_ message: @autoclosure () -> String) {
  guard isVerbose else { return }
  let text = message()
  if logged.withLock({ $0.insert(text).inserted }) { log(text) }
}
