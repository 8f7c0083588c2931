#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Writes a file whole or not at all: to a temporary name in the same folder, flushed to the disk, then renamed.
///
/// Whoever reads the path sees the old content or the new one, also after a crash; an error leaves the old content. Where a file
/// cannot be renamed to (a file that is mounted alone into a container, a file in a folder that takes no new names), the finished
/// content is copied into it instead; should that fail, the error names the file that holds it.
public enum AtomicFile {
  /// Replaces the file at `path` by `bytes`. A link is followed, also to a file that is yet to be made; the permissions of a file
  /// that exists are kept. A device or pipe (`/dev/stdout`) has nothing to lose and is written to directly.
  public static func write(_ bytes: [UInt8], to path: String) throws(NetError) {
    try write(to: path) { (output) throws(NetError) in
      try output.write(bytes)
    }
  }

  /// Finds out whether `write` can work, without changing what is at `path`: the check to make before hours of training.
  public static func checkWritable(_ path: String) throws(NetError) {
    let target = try WriteTarget(path)
    guard target.kind != .stream else { return }
    try OutputFile(for: target).discard()
  }

  /// Where what could not be written to `path` may go instead, the likeliest place first: new names beside it, unless that is a
  /// device, and in the folders for temporary files.
  package static func refuges(from path: String) -> [String] {
    let target = try? WriteTarget(path)
    let isFile = target.map { $0.kind != .stream } ?? !path.isEmpty
    let name = isFile ? lastPart(of: target?.path ?? path) : "lanewise-output"
    let temporary = temporaryFolder == "/tmp" ? ["/tmp"] : [temporaryFolder, "/tmp"]
    let folders = (isFile ? [folder(of: target?.path ?? path)] : []) + temporary
    return folders.compactMap { folder in (1...100).lazy.map { "\(folder)/\(name).\($0)" }.first(where: isFree) }
  }

  /// Whether there is nothing of that name, not even a link that leads nowhere.
  private static func isFree(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) != 0 && errno == ENOENT
  }

  /// Replaces the file at `path` by what `body` writes; when `body` throws, by nothing.
  static func write(to path: String, _ body: (OutputFile) throws(NetError) -> Void) throws(NetError) {
    let output = try OutputFile(for: try WriteTarget(path))
    do throws(NetError) {
      try body(output)
      try output.finish()
    } catch {
      output.discard()
      throw error
    }
  }
}
