/// The bytes of a file from front to back, decompressed where it is gzip (told by its first two bytes, not by its name).
final class ByteStream {
  let path: String
  /// The most bytes that can come: the size of the file, or what gzip could make of it.
  let capacity: Int
  let isCompressed: Bool
  private let file: InputFile
  private let gzip: GzipFile?
  private var offset = 0

  init(_ path: String, zlib: Zlib? = .system) throws(NetError) {
    let file = try InputFile(path)
    self.path = path
    isCompressed = file.size >= 2 ? try file.bytes(at: 0, count: 2) == [0x1F, 0x8B] : false
    gzip = isCompressed ? try GzipFile(path, zlib) : nil
    capacity = isCompressed ? file.size.multipliedReportingOverflow(by: GzipFile.maximumRatio).partialValue : file.size
    self.file = file
  }

  /// The next bytes, fewer than `buffer` holds only at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(NetError) -> Int {
    if let got = try gzip?.read(into: buffer) { return got }
    let count = min(buffer.count, file.size - offset)
    try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset)
    offset += count
    return count
  }

  /// The next `count` bytes, or what is left.
  func bytes(_ count: Int) throws(NetError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var got = 0
    try bytes.fill { (buffer) throws(NetError) in got = try read(into: buffer) }
    bytes.removeLast(count - got)
    return bytes
  }
}
