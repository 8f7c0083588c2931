#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A regular file open for reading, whose size is known before anything else of it is believed.
///
/// Every length, count and offset that a file states about itself is compared with `size` before memory is asked for.
struct InputFile: ~Copyable {
  let path: String
  /// The size in bytes when the file was opened.
  let size: Int
  private let descriptor: Int32

  /// Opens the file at `path`; an error names the path and the reason.
  init(_ path: String) throws(NetError) {
    guard let status = fileStatus(path) else { throw NetError("\(path): cannot be read: \(systemReason())") }
    // Opening a pipe would wait for its writer, so look before opening.
    guard status.isRegularFile else {
      throw NetError("\(path): cannot be read: it is \(status.isDirectory ? "a folder" : "not a regular file")")
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw NetError("\(path): cannot be read: \(systemReason())") }
    self.path = path
    self.size = Int(status.st_size)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Fills `buffer` with the bytes from `offset` on; a file that ends before is an error.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(NetError) {
    var done = 0
    while done < buffer.count {
      let got = uninterrupted { pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done)) }
      guard got >= 0 else { throw NetError("\(path): cannot be read: \(systemReason())") }
      guard got > 0 else {
        throw NetError("\(path): truncated: it ends at byte \(offset + done), \(offset + buffer.count) were expected")
      }
      done += got
    }
  }

  /// The `count` bytes from `offset` on.
  func bytes(at offset: Int, count: Int) throws(NetError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.fill { (buffer) throws(NetError) in try read(into: buffer, at: offset) }
    return bytes
  }
}

extension Array {
  /// Calls `body` with the array's memory as bytes. (`withUnsafeMutableBytes` forgets the type of the error.)
  mutating func fill(_ body: (UnsafeMutableRawBufferPointer) throws(NetError) -> Void) throws(NetError) {
    let result = withUnsafeMutableBytes { buffer -> Result<Void, NetError> in
      do throws(NetError) { return .success(try body(buffer)) } catch { return .failure(error) }
    }
    try result.get()
  }
}
