#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A file being written: under a temporary name beside its own; a device or a pipe directly; and a file in a folder that takes no new
/// names at the end, until which its content is kept in memory.
final class OutputFile {
  private enum Way {
    case direct(Int32)
    case temporary(Int32, path: String)
    case atTheEnd
  }

  private let target: WriteTarget
  private let way: Way
  private var isOpen = true
  private var memory: [UInt8] = []
  /// Whether the temporary file is all there is of the content, and must stay.
  private var isLastCopy = false

  init(for target: WriteTarget) throws(NetError) {
    self.target = target
    if target.kind == .stream {
      let descriptor = target.descriptor.map { dup($0) } ?? open(target.path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw target.refusal(systemReason()) }
      way = .direct(descriptor)
    } else if let (descriptor, path) = OutputFile.createTemporary(in: target.folder) {
      way = .temporary(descriptor, path: path)  // beside the target: a rename cannot cross file systems
    } else {
      let reason = systemReason()
      guard target.kind == .file, OutputFile.canOpen(target.path) else { throw target.refusal(reason) }
      way = .atTheEnd
    }
  }

  /// A new file under a name nobody has; nil, with the reason in `errno`, where there can be none.
  private static func createTemporary(in folder: String) -> (Int32, String)? {
    while true {
      let path = "\(folder)/.lanewise-\(getpid())-\(UInt64.random(in: 0 ... .max)).tmp"
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return (descriptor, path) }
      guard errno == EEXIST || errno == EINTR else { return nil }
    }
  }

  private static func canOpen(_ path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    if descriptor >= 0 { close(descriptor) }
    return descriptor >= 0
  }

  /// Appends `bytes`.
  func write(_ bytes: UnsafeRawBufferPointer) throws(NetError) {
    switch way {
    case .direct(let descriptor), .temporary(let descriptor, _):
      guard writeAll(bytes, to: descriptor) else { throw target.refusal(systemReason()) }
    case .atTheEnd: memory += bytes
    }
  }

  /// Appends the memory of `elements`.
  func write<Element: BitwiseCopyable>(_ elements: [Element]) throws(NetError) {
    let result = elements.withUnsafeBytes { bytes -> Result<Void, NetError> in
      do throws(NetError) { return .success(try write(bytes)) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// Flushes to the disk, closes, and gives the file its name, or the target its content.
  func finish() throws(NetError) {
    switch way {
    case .direct:
      guard closeOnce() else { throw target.refusal(systemReason()) }
    case .temporary(let descriptor, let path):
      if let permissions = target.permissions { _ = fchmod(descriptor, permissions) }
      guard fsync(descriptor) == 0, closeOnce() else { throw target.refusal(systemReason()) }
      guard rename(path, target.path) != 0 else { return flushFolder() }
      let reason = systemReason()
      // What is mounted alone, or somebody else's in a folder for all, has its name for good.
      guard target.kind == .file, [EBUSY, EXDEV, EPERM, EACCES].contains(errno) else { throw target.refusal(reason) }
      try copy(path)
      unlink(path)
    case .atTheEnd:
      let descriptor = try openEmpty()
      defer { close(descriptor) }
      guard memory.withUnsafeBytes({ writeAll($0, to: descriptor) }), fsync(descriptor) == 0 else {
        throw target.refusal(systemReason())
      }
    }
  }

  /// Puts the finished content of the temporary file into the target.
  private func copy(_ path: String) throws(NetError) {
    let source = try InputFile(path)
    let descriptor = try openEmpty()
    defer { close(descriptor) }
    isLastCopy = true  // the old content is gone
    let chunk = 1 << 20
    for first in stride(from: 0, to: source.size, by: chunk) {
      let bytes = try source.bytes(at: first, count: min(chunk, source.size - first))
      guard bytes.withUnsafeBytes({ writeAll($0, to: descriptor) }) else { throw keeping(path, systemReason()) }
    }
    guard fsync(descriptor) == 0 else { throw keeping(path, systemReason()) }
    isLastCopy = false
  }

  /// The target itself, without its content.
  private func openEmpty() throws(NetError) -> Int32 {
    let descriptor = open(target.path, O_WRONLY | O_TRUNC | O_CLOEXEC)
    guard descriptor >= 0 else { throw target.refusal(systemReason()) }
    return descriptor
  }

  private func keeping(_ path: String, _ reason: String) -> NetError { target.refusal("\(reason); the content is in \(path)") }

  /// Removes what was written, unless nothing else holds it.
  func discard() {
    closeOnce()
    if case .temporary(_, let path) = way, !isLastCopy { unlink(path) }
  }

  /// Makes the rename itself survive a crash. Some file systems refuse to flush a folder; the content is safe all the same.
  private func flushFolder() {
    let folder = open(target.folder, O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { return }
    _ = fsync(folder)
    close(folder)
  }

  @discardableResult private func closeOnce() -> Bool {
    guard isOpen else { return true }
    isOpen = false
    switch way {
    case .direct(let descriptor), .temporary(let descriptor, _): return close(descriptor) == 0
    case .atTheEnd: return true
    }
  }
}
