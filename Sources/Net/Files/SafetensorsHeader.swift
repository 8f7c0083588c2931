/// The header of a safetensors file, checked against the size of the file and against itself.
struct SafetensorsHeader {
  struct Entry {
    let name: String
    let shape: [Int]
    /// Where the values begin and end, in bytes after the header.
    let begin, end: Int
  }

  /// In the order of their data, which they cover without overlap or gap.
  let entries: [Entry]
  let metadata: [(key: String, value: String)]
  /// The byte of the file at which the data begin.
  let dataStart: Int

  /// The limit of the format itself.
  private static let maximumLength = 100_000_000
  private static let metadataKey = "__metadata__"

  init(of file: borrowing InputFile) throws(NetError) {
    let path = file.path
    guard file.size >= 8 else {
      throw NetError("\(path): truncated: a safetensors file has at least 8 bytes, this has \(file.size)")
    }
    let length = try file.bytes(at: 0, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= SafetensorsHeader.maximumLength else {
      throw NetError("\(path): not a safetensors file: its header claims \(length) bytes, more than the format allows")
    }
    guard length <= file.size - 8 else {
      throw NetError("\(path): truncated: its header claims \(length) bytes, the file has \(file.size - 8) after the length")
    }
    dataStart = 8 + Int(length)
    let members = try SafetensorsHeader.members(try file.bytes(at: 8, count: Int(length)), path)

    metadata = try SafetensorsHeader.metadata(JSON.object(members).member(SafetensorsHeader.metadataKey), path)
    var entries: [Entry] = []
    for member in members where !member.key.hasBytes(of: SafetensorsHeader.metadataKey) {
      entries.append(try Entry(member.key, member.value, path))
    }
    entries.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
    try SafetensorsHeader.checkCover(entries, dataSize: file.size - dataStart, path)
    self.entries = entries
  }

  private static func members(_ bytes: [UInt8], _ path: String) throws(NetError) -> [JSON.Member] {
    let header: JSON
    do throws(JSONParser.Failure) {
      header = try JSONParser.parse(bytes)
    } catch {
      throw NetError("\(path): not a safetensors file: its header is not JSON: \(error.reason) at byte \(8 + error.offset)")
    }
    guard case .object(let members) = header else {
      throw NetError("\(path): not a safetensors file: its header is not a JSON object")
    }
    return members
  }

  private static func metadata(_ value: JSON?, _ path: String) throws(NetError) -> [(key: String, value: String)] {
    guard let value, value != .null else { return [] }  // null stands for none
    guard case .object(let members) = value else { throw NetError("\(path): \(metadataKey) is not a JSON object") }
    var metadata: [(key: String, value: String)] = []
    for member in members {
      guard case .string(let text) = member.value else {
        throw NetError("\(path): \(metadataKey): the value of \"\(member.key)\" is not a string")
      }
      metadata.append((member.key, text))
    }
    return metadata
  }

  /// Entries in the order of their data must follow each other from the first byte to the last.
  private static func checkCover(_ entries: [Entry], dataSize: Int, _ path: String) throws(NetError) {
    var end = 0
    for entry in entries {
      let place = "\(path): tensor \"\(entry.name)\": data_offsets [\(entry.begin), \(entry.end)]"
      guard entry.end <= dataSize else {
        throw NetError("\(place) end after the \(dataSize) bytes of data: the file is truncated or its header is wrong")
      }
      guard entry.begin >= end else { throw NetError("\(place) overlap the tensor before, which ends at \(end)") }
      guard entry.begin == end else { throw NetError("\(place) leave a gap after byte \(end)") }
      end = entry.end
    }
    guard end == dataSize else {
      let blame = "the file is too long or its header is wrong"
      throw NetError("\(path): \(dataSize) bytes of data, but its tensors end at \(end): \(blame)")
    }
  }

  /// The header for `file`, padded with spaces so that the data begin at a multiple of 8 bytes.
  static func encoded(_ file: Safetensors, path: String) throws(NetError) -> [UInt8] {
    var members: [JSON.Member] = []
    if !file.metadataEntries.isEmpty {
      let sorted = file.metadataEntries.sorted { Name($0.key) < Name($1.key) }
      let texts = sorted.map { JSON.Member(key: $0.key, value: .string($0.value)) }
      members.append(JSON.Member(key: metadataKey, value: .object(texts)))
    }
    var names: Set<Name> = [Name(metadataKey)]
    var begin = 0
    for (name, tensor) in file.tensors {
      guard names.insert(Name(name)).inserted else {
        throw NetError("\(path): cannot be written: the name \"\(name)\" is taken twice, or reserved")
      }
      let end = begin + tensor.count * MemoryLayout<Float>.size
      let entry: JSON = .object([
        "dtype": .string("F32"),
        "shape": .array(tensor.shape.map(JSON.integer)),
        "data_offsets": .array([.integer(begin), .integer(end)]),
      ])
      members.append(JSON.Member(key: name, value: entry))
      begin = end
    }
    var bytes = Array(JSON.object(members).description.utf8)
    while bytes.count % 8 != 0 { bytes.append(UInt8(ascii: " ")) }
    return bytes
  }
}

extension SafetensorsHeader.Entry {
  /// One tensor of the header: dtype F32, and exactly as many bytes as its shape needs.
  fileprivate init(_ name: String, _ value: JSON, _ path: String) throws(NetError) {
    let place = "\(path): tensor \"\(name)\""
    guard case .object = value else { throw NetError("\(place): its entry is not a JSON object") }
    guard case .string(let dtype) = value.member("dtype") else { throw NetError("\(place): no dtype") }
    guard dtype == "F32" else { throw NetError("\(place): dtype \(dtype); only F32 can be read") }

    guard let shape = SafetensorsHeader.counts(value.member("shape")) else {
      throw NetError("\(place): no shape, or one that is not a list of counts")
    }
    let found = SafetensorsHeader.counts(value.member("data_offsets"))
    guard let offsets = found, offsets.count == 2, offsets[0] <= offsets[1] else {
      throw NetError("\(place): no data_offsets, or ones that are not [begin, end]")
    }
    guard let count = Tensor.count(of: shape), count <= Int.max / MemoryLayout<Float>.size else {
      throw NetError("\(place): shape \(shape) has more elements than an Int can count")
    }
    let needed = count * MemoryLayout<Float>.size
    guard offsets[1] - offsets[0] == needed else {
      throw NetError("\(place): shape \(shape) needs \(needed) bytes, data_offsets hold \(offsets[1] - offsets[0])")
    }
    (self.name, self.shape, begin, end) = (name, shape, offsets[0], offsets[1])
  }
}

extension SafetensorsHeader {
  /// A JSON list of integers that are not negative; nil for anything else.
  fileprivate static func counts(_ value: JSON?) -> [Int]? {
    guard case .array(let values) = value else { return nil }
    let counts = values.compactMap(\.integer).filter { $0 >= 0 }
    return counts.count == values.count ? counts : nil
  }
}
