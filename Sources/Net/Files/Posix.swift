#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// What the operating system said about its last refusal, for the end of a message: "No such file or directory".
package func systemReason(_ code: Int32 = errno) -> String {
  String(cString: strerror(code))
}

/// Repeats a system call for as long as a signal interrupts it.
func uninterrupted(_ call: () -> Int) -> Int {
  while true {
    let result = call()
    if result >= 0 || errno != EINTR { return result }
  }
}

/// Writes all of `bytes`, waiting where the other side of a pipe is slow; false, with the reason in `errno`, where that fails.
package func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
  var rest = bytes[...]
  while !rest.isEmpty {
    let put = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress!, rest.count)
    if put >= 0 {
      rest = rest.dropFirst(put)
    } else if errno == EAGAIN || errno == EWOULDBLOCK {
      var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      _ = poll(&ready, 1, -1)
    } else if errno != EINTR {
      return false
    }
  }
  return true
}

/// What is at a path, following links; nil when nothing is there or it cannot be seen (`errno` says why).
func fileStatus(_ path: String) -> stat? {
  var status = stat()
  return stat(path, &status) == 0 ? status : nil
}

extension stat {
  var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }
  var isDirectory: Bool { st_mode & S_IFMT == S_IFDIR }
}
