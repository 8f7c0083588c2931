#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the system tells in files of a few lines.
enum SmallFile {
  /// More than any of them has: what goes on for longer is something else.
  private static let limit = 4 << 20

  /// The content of the file at `path`; nil where there is none, or none that can be read.
  static func read(_ path: String) -> [UInt8]? { Array(path.utf8).withUnsafeBufferPointer { read($0[...]) } }

  /// The same for a path of any bytes.
  static func read(_ path: some Sequence<UInt8>) -> [UInt8]? {
    let name = path.map(CChar.init(bitPattern:)) + [0]
    let descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while bytes.count < limit {
      let got = systemRead(descriptor, &buffer, buffer.count)
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { return nil }
      guard got > 0 else { return bytes }
      bytes += buffer[..<got]
    }
    return nil
  }

  /// Without white space at both ends.
  static func trimmed(_ text: [UInt8]) -> ArraySlice<UInt8> {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }
    let rest = text.drop(while: isSpace)
    return rest.lastIndex { !isSpace($0) }.map { rest[...$0] } ?? []
  }

  /// A number of decimal digits only; nil for anything else, and for more than an Int holds.
  static func count(_ text: ArraySlice<UInt8>) -> Int? {
    guard !text.isEmpty, text.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
    return Int(String(decoding: text, as: UTF8.self))
  }
}

/// `read`, which a method of the same name hides.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(descriptor, buffer, count)
}
