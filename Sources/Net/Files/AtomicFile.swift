#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Writes a file whole or not at all: to a temporary name in the same folder, flushed to the disk, then renamed.
///
/// Whoever reads the path sees the old content or the new one, also after a crash; an error leaves the old content.
public enum AtomicFile {
  /// Replaces the file at `path` by `bytes`. A link is followed; the permissions of a file that exists are kept.
  /// A device or pipe (`/dev/stdout`) has nothing to lose and is written to directly.
  public static func write(_ bytes: [UInt8], to path: String) throws(NetError) {
    try write(to: path) { (output) throws(NetError) in
      try output.write(bytes)
    }
  }

  /// Finds out whether `write` can work, without changing what is at `path`: the check to make before hours of training.
  public static func checkWritable(_ path: String) throws(NetError) {
    let target = try Target(path)
    guard !target.isDevice else { return }
    let temporary = try OutputFile(creatingIn: target)
    temporary.discard()
  }

  /// Replaces the file at `path` by what `body` writes; when `body` throws, by nothing.
  static func write(to path: String, _ body: (OutputFile) throws(NetError) -> Void) throws(NetError) {
    let target = try Target(path)
    let output = target.isDevice ? try OutputFile(device: target) : try OutputFile(creatingIn: target)
    do throws(NetError) {
      try body(output)
      try output.finish()
    } catch {
      output.discard()
      throw error
    }
  }

  /// Where the content goes: links resolved, and what is there now looked at.
  struct Target {
    /// As the caller wrote it, for messages.
    let name: String
    let path: String
    let permissions: mode_t?
    let isDevice: Bool

    init(_ name: String) throws(NetError) {
      guard !name.isEmpty else { throw NetError("cannot write a file without a name") }
      self.name = name
      guard let status = fileStatus(name) else {
        guard errno == ENOENT, !name.hasSuffix("/") else { throw Target.refusal(name, systemReason()) }
        (path, permissions, isDevice) = (name, nil, false)
        return
      }
      guard !status.isDirectory else { throw Target.refusal(name, "it is a folder") }
      guard access(name, W_OK) == 0 else { throw Target.refusal(name, systemReason()) }
      isDevice = !status.isRegularFile
      permissions = status.st_mode & 0o7777
      guard let resolved = realpath(name, nil) else { throw Target.refusal(name, systemReason()) }
      path = String(cString: resolved)
      free(resolved)
    }

    /// The folder that holds the file: the temporary file must be there too, since a rename cannot cross file systems.
    var folder: String {
      guard let slash = path.lastIndex(of: "/") else { return "." }
      return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func refusal(_ name: String, _ reason: String) -> NetError { NetError("\(name): cannot be written: \(reason)") }
  }
}

/// A file being written, under its temporary name.
final class OutputFile {
  private let target: AtomicFile.Target
  /// nil where the target itself is open.
  private let temporaryPath: String?
  private let descriptor: Int32
  private var isOpen = true

  init(device target: AtomicFile.Target) throws(NetError) {
    self.target = target
    temporaryPath = nil
    descriptor = open(target.path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw AtomicFile.Target.refusal(target.name, systemReason()) }
  }

  /// Creates a temporary file beside `target`, under a name nobody has.
  init(creatingIn target: AtomicFile.Target) throws(NetError) {
    self.target = target
    while true {
      let path = "\(target.folder)/.lanewise-\(getpid())-\(UInt64.random(in: 0 ... .max)).tmp"
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard descriptor < 0 else {
        self.descriptor = descriptor
        temporaryPath = path
        break
      }
      guard errno == EEXIST || errno == EINTR else { throw AtomicFile.Target.refusal(target.name, systemReason()) }
    }
  }

  /// Appends `bytes`.
  func write(_ bytes: UnsafeRawBufferPointer) throws(NetError) {
    var done = 0
    while done < bytes.count {
      #if canImport(Darwin)
        let put = uninterrupted { Darwin.write(descriptor, bytes.baseAddress! + done, bytes.count - done) }
      #elseif canImport(Musl)
        let put = uninterrupted { Musl.write(descriptor, bytes.baseAddress! + done, bytes.count - done) }
      #else
        let put = uninterrupted { Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done) }
      #endif
      guard put >= 0 else { throw AtomicFile.Target.refusal(target.name, systemReason()) }
      done += put
    }
  }

  /// Appends the memory of `elements`.
  func write<Element: BitwiseCopyable>(_ elements: [Element]) throws(NetError) {
    let result = elements.withUnsafeBytes { bytes -> Result<Void, NetError> in
      do throws(NetError) { return .success(try write(bytes)) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// Flushes to the disk, closes, and gives the file its name.
  fileprivate func finish() throws(NetError) {
    guard let temporaryPath else { return closeOnce() }
    if let permissions = target.permissions { _ = fchmod(descriptor, permissions) }
    guard fsync(descriptor) == 0 else { throw AtomicFile.Target.refusal(target.name, systemReason()) }
    closeOnce()
    guard rename(temporaryPath, target.path) == 0 else { throw AtomicFile.Target.refusal(target.name, systemReason()) }
    flushFolder()
  }

  /// Removes what was written.
  fileprivate func discard() {
    closeOnce()
    if let temporaryPath { unlink(temporaryPath) }
  }

  /// Makes the rename itself survive a crash. Some file systems refuse to flush a folder; the content is safe all the same.
  private func flushFolder() {
    let folder = open(target.folder, O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { return }
    _ = fsync(folder)
    close(folder)
  }

  private func closeOnce() {
    if isOpen { close(descriptor) }
    isOpen = false
  }
}
