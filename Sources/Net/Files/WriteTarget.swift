#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Where a file's content goes: links resolved, and what is there now looked at.
struct WriteTarget {
  enum Kind {
    /// Nothing is there yet.
    case new
    /// A regular file.
    case file
    /// A device or a pipe: no content that could be kept.
    case stream
  }

  /// As the caller wrote it, for messages.
  let name: String
  let path: String
  let kind: Kind
  let permissions: mode_t?
  /// Of this process, where the name stands for one (`/dev/stdout`).
  let descriptor: Int32?

  init(_ name: String) throws(NetError) {
    guard !name.isEmpty else { throw NetError("cannot write a file without a name") }
    self.name = name
    descriptor = WriteTarget.descriptor(name)
    if descriptor != nil {
      (path, kind, permissions) = (name, .stream, nil)
      guard fileStatus(name) != nil else { throw refusal(systemReason()) }
      return
    }
    guard let status = fileStatus(name) else {
      guard errno == ENOENT, name.utf8.last != slash else { throw WriteTarget.refusal(name, systemReason()) }
      path = try WriteTarget.end(ofLinksFrom: name)
      (kind, permissions) = (.new, nil)
      return
    }
    guard !status.isDirectory else { throw WriteTarget.refusal(name, "it is a folder") }
    guard status.st_mode & S_IFMT != S_IFSOCK else { throw WriteTarget.refusal(name, "it is a socket") }
    guard access(name, W_OK) == 0 else { throw WriteTarget.refusal(name, systemReason()) }
    kind = status.isRegularFile ? .file : .stream
    permissions = status.st_mode & 0o7777
    guard kind == .file else {
      path = name
      return
    }
    guard let resolved = realpath(name, nil) else { throw WriteTarget.refusal(name, systemReason()) }
    path = String(cString: resolved)
    free(resolved)
  }

  /// The folder that holds the file.
  var folder: String { Net.folder(of: path) }

  func refusal(_ reason: String) -> NetError { WriteTarget.refusal(name, reason) }

  private static func refusal(_ name: String, _ reason: String) -> NetError { NetError("\(name): cannot be written: \(reason)") }

  /// The path that a chain of links leads to, where nothing is.
  private static func end(ofLinksFrom name: String) throws(NetError) -> String {
    var path = name
    for _ in 0..<40 {
      guard let link = link(at: path) else { return path }
      path = link.utf8.first == slash ? link : "\(Net.folder(of: path))/\(link)"
      guard path.utf8.last != slash else { throw refusal(name, "it is a link to \(path), and there is no such folder") }
    }
    throw refusal(name, systemReason(ELOOP))
  }

  /// What the link at `path` says; nil where there is none.
  private static func link(at path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    guard readlink(path, &buffer, buffer.count - 1) > 0 else { return nil }
    return buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  /// The descriptor that `/dev/stdout` and its like stand for. What they lead to has its place and its end already: it is not opened anew.
  private static func descriptor(_ name: String) -> Int32? {
    switch name {
    case "/dev/stdout": return STDOUT_FILENO
    case "/dev/stderr": return STDERR_FILENO
    default:
      let prefix = ["/dev/fd/", "/proc/self/fd/"].first { name.utf8.starts(with: $0.utf8) }
      return prefix.flatMap { Int32(name.dropFirst($0.count)) }.flatMap { $0 >= 0 ? $0 : nil }
    }
  }
}

private let slash = UInt8(ascii: "/")

/// The part of a path before the last `/`; bytes decide, also where a character that joins others follows the `/`.
func folder(of path: String) -> String {
  guard let last = path.utf8.lastIndex(of: slash) else { return "." }
  return last == path.utf8.startIndex ? "/" : String(path.utf8[..<last])!
}

/// The part of a path after the last `/`.
func lastPart(of path: String) -> String {
  path.utf8.lastIndex(of: slash).map { String(path.utf8[path.utf8.index(after: $0)...])! } ?? path
}

/// `TMPDIR`, or `/tmp`.
var temporaryFolder: String {
  let folder = getenv("TMPDIR").map { String(cString: $0) } ?? ""
  return folder.isEmpty ? "/tmp" : folder
}
