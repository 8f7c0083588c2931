import Net

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Lines to the terminal, each written at once. That one cannot be written is no reason to stop: a training goes on, and the program
/// says it at the end.
enum Output: Sendable {
  case standard, error

  private var descriptor: Int32 { self == .standard ? STDOUT_FILENO : STDERR_FILENO }

  var isTerminal: Bool { isatty(descriptor) == 1 }

  static func line(_ text: String) { standard.write(text + "\n") }
  static func error(_ text: String) { error.write(text + "\n") }

  func line(_ text: String) { write(text + "\n") }

  /// Writes `text` as it is.
  func write(_ text: String) {
    let isWritten = Array(text.utf8).withUnsafeBytes { writeAll($0, to: descriptor) }
    // Nobody who reads a pipe any more is no failure of ours.
    if !isWritten, self == .standard, errno != EPIPE { Output.failure = Output.failure ?? systemReason() }
  }

  /// Why some of standard output could not be written, where that is so. The program's only thread of output sets it.
  nonisolated(unsafe) private(set) static var failure: String?
}

/// Writing to a pipe that nobody reads any more, or beyond the size that files may have, becomes an error instead of the end of the
/// process.
func ignoreSignalsOfOutput() {
  signal(SIGPIPE, SIG_IGN)
  signal(SIGXFSZ, SIG_IGN)
}

/// Takes the numbers of standard streams that are closed, or files opened later would get them and be written to in their place.
func holdStandardStreams() {
  for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 {
    _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)  // so that using it is still an error
  }
}

func exitProcess(_ code: Int32) -> Never { exit(code) }

func isAnything(at path: String) -> Bool { access(path, F_OK) == 0 }

func environmentVariable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// Control-C asks for an end instead of forcing it; a second one forces it.
enum Interruption {
  // One machine word, written by the handler and read by the loop: no torn value, and no order to keep.
  nonisolated(unsafe) private static var flag: sig_atomic_t = 0

  static var isRequested: Bool { flag != 0 }

  static func watch() {
    signal(SIGINT) { _ in
      Interruption.flag = 1
      signal(SIGINT, SIG_DFL)
    }
  }
}

/// `value` with `digits` decimals.
func decimal(_ value: Double, _ digits: Int) -> String { printed(value, "%.\(digits)f") }

/// `value` with up to `digits` digits that count.
func significant(_ value: Double, _ digits: Int) -> String { printed(value, "%.\(digits)g") }

/// `value` as `printf` has it.
private func printed(_ value: Double, _ format: String) -> String {
  guard value.isFinite else { return value.isNaN ? "nan" : "\(value)" }
  return withVaList([value]) { arguments in
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
      vsnprintf(buffer.baseAddress, buffer.count, format, arguments)
      return String(cString: buffer.baseAddress!)
    }
  }
}
