import Net
import Reference
import Testing

@Suite struct SafetensorsTests {
  let folder = TemporaryFolder()

  private func example() throws -> Safetensors {
    Safetensors(
      tensors: [
        ("dense.weight", try Tensor(shape: [2, 3], [1, -2, 3.5, .infinity, -.leastNonzeroMagnitude, 0])),
        ("empty", try Tensor(shape: [0, 7], [])),
        ("scalar", try Tensor(shape: [], [-0.0])),
        ("naïve \"name\"\n😀", try Tensor(shape: [1], [Float(bitPattern: 0x7FC0_1234)])),
      ],
      metadata: ["model": "mlp", "a \\ b": "\u{1}\t/"])
  }

  /// A file of `header` and `data` with the true length in front, or `length`.
  private func file(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let length = length ?? UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8) + [UInt8](repeating: 0, count: data)
  }

  private func error(_ bytes: [UInt8]) -> String? {
    let path = folder.write(bytes, "w")
    return message(in: folder) { _ = try Safetensors.read(path) }
  }

  @Test func readsWhatItWrites() throws {
    let written = try example()
    try written.write(to: folder.path("w"))
    let read = try Safetensors.read(folder.path("w"))
    #expect(read.metadata == written.metadata)
    #expect(read.tensors.map(\.name) == written.tensors.map(\.name))
    for (actual, expected) in zip(read.tensors, written.tensors) {
      #expect(actual.tensor.shape == expected.tensor.shape)
      #expect(actual.tensor.values.map(\.bitPattern) == expected.tensor.values.map(\.bitPattern))
    }
    #expect(read["dense.weight"]?.shape == [2, 3])
    #expect(read["nothing"] == nil)
    #expect(folder.contents == ["w"])
  }

  @Test func headerIsAlignedAndInTheOrderOfTheTensors() throws {
    let one = try Tensor(shape: [1], [1])
    try Safetensors(tensors: [("b", one), ("a", one)]).write(to: folder.path("w"))
    let bytes = folder.read("w")
    let header = #"{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#
    let padding = String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    #expect(bytes == file(header + padding) + [0, 0, 0x80, 0x3F, 0, 0, 0x80, 0x3F])
  }

  @Test func anEmptyFileOfTensorsIsLegal() throws {
    try Safetensors(tensors: []).write(to: folder.path("w"))
    #expect(try Safetensors.read(folder.path("w")).tensors.isEmpty)
  }

  @Test func nullStandsForNoMetadata() throws {
    let read = try Safetensors.read(
      folder.write(file(#"{"__metadata__":null,"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, data: 4), "w"))
    #expect(read.metadata.isEmpty && read["t"]?.values == [0])
    #expect(try Safetensors.metadata(of: folder.path("w")).isEmpty)
    try read.write(to: folder.path("w"))
    #expect(!String(decoding: folder.read("w"), as: UTF8.self).contains("__metadata__"))
  }

  @Test func tensorsMayBeListedInAnyOrder() throws {
    let a = #""a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#
    let b = #""b": { "data_offsets" : [0,4], "shape":[1,1], "dtype":"F32"}"#
    let read = try Safetensors.read(folder.write(file("{\(a),\(b)} ", data: 8), "w"))
    #expect(read.tensors.map(\.name) == ["b", "a"])
  }

  @Test(arguments: [
    (#"{"#, 0, "w: not a safetensors file: its header is not JSON: expected a string at byte 9"),
    (#"weights"#, 0, "w: not a safetensors file: its header is not JSON: expected a value at byte 8"),
    (#"[]"#, 0, "w: not a safetensors file: its header is not a JSON object"),
    (#"{} {}"#, 0, "w: not a safetensors file: its header is not JSON: text after the value at byte 11"),
    (#"{"__metadata__":[]}"#, 0, "w: __metadata__ is not a JSON object"),
    (#"{"__metadata__":"null"}"#, 0, "w: __metadata__ is not a JSON object"),
    (#"{"__metadata__":false}"#, 0, "w: __metadata__ is not a JSON object"),
    (#"{"__metadata__":0}"#, 0, "w: __metadata__ is not a JSON object"),
    (#"{"__metadata__":{"n":null}}"#, 0, "w: __metadata__: the value of \"n\" is not a string"),
    (#"{"__metadata__":{"n":1}}"#, 0, "w: __metadata__: the value of \"n\" is not a string"),
    (#"{"t":7}"#, 0, "w: tensor \"t\": its entry is not a JSON object"),
    (#"{"t":{"shape":[1],"data_offsets":[0,4]}}"#, 4, "w: tensor \"t\": no dtype"),
    (#"{"t":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#, 4, "w: tensor \"t\": dtype BF16; only F32 can be read"),
    (
      #"{"t":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4,
      "w: tensor \"t\": no shape, or one that is not a list of counts"
    ),
    (
      #"{"t":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, 4,
      "w: tensor \"t\": no shape, or one that is not a list of counts"
    ),
    (
      #"{"t":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4,
      "w: tensor \"t\": no data_offsets, or ones that are not [begin, end]"
    ),
    (
      #"{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 4,
      "w: tensor \"t\": no data_offsets, or ones that are not [begin, end]"
    ),
    (
      #"{"t":{"dtype":"F32","shape":[2,2],"data_offsets":[0,12]}}"#, 12,
      "w: tensor \"t\": shape [2, 2] needs 16 bytes, data_offsets hold 12"
    ),
    (
      #"{"t":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0,
      "w: tensor \"t\": shape [4611686018427387904, 4] has more elements than an Int can count"
    ),
    (
      #"{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3,
      "w: tensor \"t\": data_offsets [0, 4] end after the 3 bytes of data: the file is truncated or its header is wrong"
    ),
    (
      #"{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5,
      "w: 5 bytes of data, but its tensors end at 4: the file is too long or its header is wrong"
    ),
    (
      #"{"t":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8,
      "w: tensor \"t\": data_offsets [4, 8] leave a gap after byte 0"
    ),
    (
      #"{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"u":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12,
      "w: tensor \"u\": data_offsets [4, 12] overlap the tensor before, which ends at 8"
    ),
    (
      #"{"t":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"t":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#, 0,
      "w: not a safetensors file: its header is not JSON: duplicate key \"t\" at byte 65"
    ),
  ])
  func refuses(header: String, data: Int, expected: String) {
    #expect(error(file(header, data: data)) == expected)
  }

  @Test func refusesLyingLengths() {
    #expect(error([]) == "w: truncated: a safetensors file has at least 8 bytes, this has 0")
    #expect(error([1, 0, 0, 0, 0, 0, 0]) == "w: truncated: a safetensors file has at least 8 bytes, this has 7")
    #expect(error(file("{}", length: 3)) == "w: truncated: its header claims 3 bytes, the file has 2 after the length")
    let absurd = "w: not a safetensors file: its header claims 18446744073709551615 bytes, more than the format allows"
    #expect(error(file("{}", length: .max)) == absurd)
    let deep = error(file(String(repeating: "[", count: 100_000)))
    #expect(deep == "w: not a safetensors file: its header is not JSON: nested deeper than 32 at byte 40")
  }

  @Test func refusesWhatCannotBeOpened() {
    #expect(message { _ = try Safetensors.read("/no/such/file") } == "/no/such/file: cannot be read: No such file or directory")
    #expect(message { _ = try Safetensors.read("/tmp") } == "/tmp: cannot be read: it is a folder")
    #expect(message { _ = try Safetensors.read("/dev/null") } == "/dev/null: cannot be read: it is not a regular file")
  }

  @Test func refusesToWriteANameTwice() throws {
    let one = try Tensor(shape: [1], [1])
    folder.write([7], "w")
    for names in [["a", "a"], ["__metadata__"]] {
      let file = Safetensors(tensors: names.map { ($0, one) })
      let expected = "w: cannot be written: the name \"\(names[0])\" is taken twice, or reserved"
      #expect(message(in: folder) { try file.write(to: folder.path("w")) } == expected)
    }
    #expect(folder.read("w") == [7])
  }

  /// Whatever happens to the bytes of a file, reading it ends in a value or an error.
  @Test func mutationsNeverCrash() throws {
    try example().write(to: folder.path("w"))
    let valid = folder.read("w")
    var random = SplitMix64(seed: 1)
    for _ in 0..<1000 {
      _ = error(mutated(valid, &random))
    }
  }
}
