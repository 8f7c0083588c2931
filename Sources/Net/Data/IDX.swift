import Kernels

/// The IDX format of MNIST and its kin: unsigned bytes in up to 255 dimensions.
///
/// Layout: two zero bytes; the type, 0x08 for unsigned bytes; the number of dimensions; each dimension as 4 bytes, big-endian; the
/// data, row-major. Files compressed with gzip are read as they are, through the system's zlib. Every reading function throws,
/// naming the path, when the file is not of this kind or holds more or less than its header promises.
public enum IDX {
  /// The images of a file of shape [count, height, width] or [count, height, width, channels], scaled to 0...1.
  ///
  /// Returns a tensor of shape `[count, height, width, channels]`, channels 1 where the file has three dimensions.
  public static func images(_ path: String) throws(NetError) -> Tensor {
    try IDXReader(path, content: .images).images()
  }

  /// The labels of a file of shape [count].
  public static func labels(_ path: String) throws(NetError) -> [Int32] {
    try IDXReader(path, content: .labels).labels()
  }

  /// Writes `bytes`, as many as `shape` says, whole or not at all.
  public static func write(shape: [Int], _ bytes: [UInt8], to path: String) throws(NetError) {
    guard shape.count <= 255, shape.allSatisfy({ UInt32(exactly: $0) != nil }), Tensor.count(of: shape) == bytes.count else {
      throw NetError("\(path): cannot be written: shape \(shape) does not fit \(bytes.count) bytes")
    }
    var content: [UInt8] = [0, 0, IDXReader.unsignedByte, UInt8(shape.count)]
    for dimension in shape {
      content.append(contentsOf: (0..<4).map { UInt8(truncatingIfNeeded: dimension >> (24 - 8 * $0)) })
    }
    try AtomicFile.write(content + bytes, to: path)
  }
}

/// An IDX file whose header has been read and believed only as far as the file can hold it.
struct IDXReader {
  /// What a file should hold, with the dimensions that go with it.
  enum Content: String {
    case images, labels

    var dimensions: ClosedRange<Int> { self == .images ? 3...4 : 1...1 }
  }

  static let unsignedByte: UInt8 = 0x08
  /// Bytes in flight between the file and the scaled values.
  private static let chunk = 1 << 16
  private static let typeNames: [UInt8: String] = [
    0x09: "signed bytes", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64",
  ]

  /// The dimensions of the file, as it states them.
  let shape: [Int]
  private let size: Int
  private let content: Content
  private let stream: ByteStream
  private var path: String { stream.path }

  init(_ path: String, content: Content, zlib: Zlib? = .system) throws(NetError) {
    self.content = content
    stream = try ByteStream(path, zlib: zlib)
    shape = try IDXReader.shape(stream, content)
    guard let size = Tensor.count(of: shape) else {
      throw NetError("\(path): its header promises \(shape) bytes, more than an Int can count")
    }
    self.size = size
    guard size > 0 else { throw NetError("\(path): empty: its header promises \(shape) \(content)") }
    try checkPromise()
  }

  /// How many images or labels.
  var count: Int { shape[0] }

  func images() throws(NetError) -> Tensor {
    let toUnit = 1 / Float(255)
    // Memory that is not written is not taken: a promise that compressed data do not keep costs nothing.
    var failure: NetError?
    let values = [Float](unsafeUninitializedCapacity: size) { (values, count) in
      do throws(NetError) {
        try forEachChunk { (bytes, offset) in
          scaleBytes(bytes.baseAddress!, scale: toUnit, into: values.baseAddress! + offset, count: bytes.count)
        }
        count = size
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return try Tensor(shape: shape.count == 3 ? shape + [1] : shape, values)
  }

  func labels() throws(NetError) -> [Int32] {
    var labels: [Int32] = []
    try forEachChunk { (bytes, _) in labels.append(contentsOf: bytes.lazy.map(Int32.init)) }
    return labels
  }

  private static func shape(_ stream: ByteStream, _ content: Content) throws(NetError) -> [Int] {
    let path = stream.path
    let magic = try stream.bytes(4)
    guard magic.count == 4 else { throw NetError("\(path): truncated: an IDX file has a header of at least 4 bytes") }
    guard magic[0] == 0, magic[1] == 0 else {
      throw NetError("\(path): not an IDX file: it starts with bytes \(magic[0]) and \(magic[1]), not 0 and 0")
    }
    guard magic[2] == unsignedByte else {
      let type = typeNames[magic[2]] ?? "unknown type \(magic[2])"
      throw NetError("\(path): it holds \(type); only unsigned bytes (IDX type 8) can be read")
    }
    let dimensions = Int(magic[3])
    guard content.dimensions.contains(dimensions) else {
      let expected = content == .images ? "3 or 4" : "1"
      throw NetError("\(path): it has \(dimensions) dimensions; \(content) have \(expected)")
    }
    let bytes = try stream.bytes(4 * dimensions)
    guard bytes.count == 4 * dimensions else { throw NetError("\(path): truncated: it ends within its header") }
    return (0..<dimensions).map { d in bytes[4 * d..<4 * d + 4].reduce(0) { $0 << 8 | Int($1) } }
  }

  /// Before memory is asked for: the file can hold what its header promises.
  private func checkPromise() throws(NetError) {
    let header = 4 + 4 * shape.count
    let available = stream.capacity - header
    if stream.isCompressed {
      guard size <= available else {
        throw NetError("\(path): truncated: its header promises \(size) bytes, more than its compressed data can hold")
      }
    } else {
      guard size <= available else {
        throw NetError("\(path): truncated: its header promises \(size) bytes, \(available) follow")
      }
      guard size == available else {
        throw NetError("\(path): too long: its header promises \(size) bytes, \(available) follow")
      }
    }
  }

  /// Calls `body` with the data piece by piece, each with the place of its first byte, then makes sure that nothing follows.
  private func forEachChunk(_ body: (UnsafeBufferPointer<UInt8>, Int) -> Void) throws(NetError) {
    var chunk = [UInt8](repeating: 0, count: IDXReader.chunk)
    try chunk.fill { (buffer) throws(NetError) in
      var done = 0
      while done < size {
        let wanted = min(size - done, buffer.count)
        let got = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
        guard got == wanted else {
          throw NetError("\(path): truncated: its header promises \(size) bytes, \(done + got) follow")
        }
        body(UnsafeBufferPointer(rebasing: buffer.bindMemory(to: UInt8.self)[..<wanted]), done)
        done += wanted
      }
      guard try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<1])) == 0 else {
        throw NetError("\(path): too long: its header promises \(size) bytes, more follow")
      }
    }
  }
}
