#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The system's zlib, loaded when the first compressed file is met: nothing to link, nothing to install beforehand.
struct Zlib: Sendable {
  typealias Open = @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>) -> OpaquePointer?
  typealias Read = @convention(c) (OpaquePointer, UnsafeMutableRawPointer, CUnsignedInt) -> CInt
  typealias Reason = @convention(c) (OpaquePointer, UnsafeMutablePointer<CInt>) -> UnsafePointer<CChar>
  typealias Close = @convention(c) (OpaquePointer) -> CInt

  let open: Open
  let read: Read
  let reason: Reason
  let close: Close

  /// nil where the system has none.
  static let system: Zlib? = {
    #if canImport(Darwin)
      let names = ["/usr/lib/libz.1.dylib", "libz.dylib"]
    #else
      let names = ["libz.so.1", "libz.so"]
    #endif
    return names.lazy.compactMap { dlopen($0, RTLD_NOW | RTLD_LOCAL) }.first.flatMap(Zlib.init)
  }()

  /// The four functions of the library that `handle` opened; nil where one is missing.
  private init?(_ handle: UnsafeMutableRawPointer) {
    guard let open = dlsym(handle, "gzopen"), let read = dlsym(handle, "gzread"),
      let reason = dlsym(handle, "gzerror"), let close = dlsym(handle, "gzclose")
    else { return nil }
    self.open = unsafeBitCast(open, to: Open.self)
    self.read = unsafeBitCast(read, to: Read.self)
    self.reason = unsafeBitCast(reason, to: Reason.self)
    self.close = unsafeBitCast(close, to: Close.self)
  }
}

/// Whether files that end in `.gz` can be read here: whether the system has zlib.
public var canReadGzip: Bool { Zlib.system != nil }

/// A gzip file being decompressed from front to back.
struct GzipFile: ~Copyable {
  /// Deflate cannot pack more than this many bytes into one (the zlib manual states 1032:1): a limit to what a header may promise.
  static let maximumRatio = 1032

  private let path: String
  private let zlib: Zlib
  private let handle: OpaquePointer

  init(_ path: String, _ zlib: Zlib?) throws(NetError) {
    guard let zlib else {
      throw NetError("\(path): cannot be decompressed: this system has no zlib; run gunzip on it first")
    }
    guard let handle = zlib.open(path, "rb") else { throw NetError("\(path): cannot be read: \(systemReason())") }
    self.path = path
    self.zlib = zlib
    self.handle = handle
  }

  deinit { _ = zlib.close(handle) }

  /// The next bytes, fewer than `buffer` holds only at the end of the data. Damage and truncation are errors.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(NetError) -> Int {
    var done = 0
    while done < buffer.count {
      let got = zlib.read(handle, buffer.baseAddress! + done, CUnsignedInt(min(buffer.count - done, 1 << 20)))
      guard got > 0 else { break }
      done += Int(got)
    }
    guard done < buffer.count else { return done }

    var code: CInt = 0
    let reason = String(cString: zlib.reason(handle, &code)).trimmingPrefix("\(path): ")  // zlib names the path, too
    let (endsEarly, isFine): (CInt, ClosedRange<CInt>) = (-5, 0...1)  // Z_BUF_ERROR; Z_OK and Z_STREAM_END
    if code == endsEarly { throw NetError("\(path): truncated: its compressed data end early") }
    guard isFine.contains(code) else { throw NetError("\(path): damaged: its compressed data are wrong (\(reason))") }
    return done
  }
}
