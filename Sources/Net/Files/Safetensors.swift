/// Named float32 tensors in a file that every framework can read and that cannot run code: the safetensors format.
///
/// Layout: 8 bytes, the length n of the header (little-endian); n bytes of JSON, which maps each name to its `dtype`,
/// `shape` and `data_offsets` [begin, end) and may map `__metadata__` to strings; then the values, row-major and
/// little-endian, without gaps. See the specification at https://github.com/huggingface/safetensors.
///
/// ```swift
/// let weights = try Tensor(shape: [2, 2], [1, 2, 3, 4])
/// try Safetensors(tensors: [(name: "dense.weight", tensor: weights)], metadata: ["model": "example"]).write(to: "w.safetensors")
/// let read = try Safetensors.read("w.safetensors")
/// read["dense.weight"]  // shape [2, 2]
/// ```
public struct Safetensors: Sendable {
  /// The tensors, in the order of their data in the file. No two have the same name: names that look alike ("é" as one character
  /// and as an e with an accent) are two when their bytes differ.
  public var tensors: [(name: String, tensor: Tensor)]
  /// `metadata` as it stands in the file: a dictionary of strings cannot hold two keys that look alike.
  public private(set) var metadataEntries: [(key: String, value: String)] = []

  public init(tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// A file as it was read.
  fileprivate init(tensors: [(name: String, tensor: Tensor)], metadataEntries: [(key: String, value: String)]) {
    self.tensors = tensors
    self.metadataEntries = metadataEntries
  }

  /// Free text about the file: which model it belongs to, who wrote it. Of keys that look alike, the first one's; what is set
  /// leaves entries of the file alone whose text it does not change.
  public var metadata: [String: String] {
    get { Safetensors.dictionary(metadataEntries) }
    set {
      let old = metadata
      func isKept(_ key: String) -> Bool { newValue[key].flatMap { new in old[key].map(new.hasBytes) } ?? false }
      let fresh = newValue.filter { !isKept($0.key) }.sorted { Name($0.key) < Name($1.key) }
      metadataEntries = metadataEntries.filter { isKept($0.key) } + fresh
    }
  }

  private static func dictionary(_ entries: [(key: String, value: String)]) -> [String: String] {
    Dictionary(entries.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// The tensor called `name`, or nil where there is none.
  public subscript(name: String) -> Tensor? {
    tensors.first { $0.name.hasBytes(of: name) }?.tensor
  }

  /// Reads the file at `path`.
  ///
  /// Throws, naming the path and what is wrong, when the file cannot be read, is truncated or too long, has a header
  /// whose length, JSON, names, shapes or offsets are wrong (overlaps and gaps included), or holds a tensor that is not F32.
  public static func read(_ path: String) throws(NetError) -> Safetensors {
    let file = try InputFile(path)
    let header = try SafetensorsHeader(of: file)
    var tensors: [(name: String, tensor: Tensor)] = []
    for entry in header.entries {
      var tensor = Tensor(zeros: entry.shape)
      let result = tensor.withUnsafeMutableBufferPointer { values -> Result<Void, NetError> in
        do throws(NetError) {
          return .success(try file.read(into: UnsafeMutableRawBufferPointer(values), at: header.dataStart + entry.begin))
        } catch { return .failure(error) }
      }
      try result.get()
      tensors.append((entry.name, tensor))
    }
    return Safetensors(tensors: tensors, metadataEntries: header.metadata)
  }

  /// The metadata of the file at `path`, without reading its tensors. Throws as `read` does.
  public static func metadata(of path: String) throws(NetError) -> [String: String] {
    dictionary(try SafetensorsHeader(of: InputFile(path)).metadata)
  }

  /// Writes the file at `path`, whole or not at all.
  ///
  /// Throws when two tensors have the same name, when one is called `__metadata__`, or when the file cannot be written.
  public func write(to path: String) throws(NetError) {
    let header = try SafetensorsHeader.encoded(self, path: path)
    try AtomicFile.write(to: path) { (output) throws(NetError) in
      try output.write([UInt64(header.count).littleEndian])
      try output.write(header)
      for (_, tensor) in tensors { try output.write(tensor.values) }
    }
  }
}
