import Testing

@testable import Net

/// Pairs of names that Swift takes for equal strings and that differ in their bytes.
private let lookalikes = [
  ("\u{E9}", "e\u{301}"), ("\u{C5}", "\u{212B}"), ("K", "\u{212A}"), ("\u{1E69}", "s\u{307}\u{323}"),
  ("\u{AC00}", "\u{1100}\u{1161}"),
  ("dense_\u{F1}/kernel", "dense_n\u{303}/kernel"), ("a;b", "a\u{37E}b"),
]

@Suite struct NameTests {
  let folder = TemporaryFolder()

  private func tensor(_ value: Float) throws -> Tensor { try Tensor(shape: [1], [value]) }

  @Test(arguments: lookalikes) func areBytes(a: String, b: String) {
    #expect(a == b && Name(a) != Name(b))
    #expect(Set([Name(a), Name(b), Name(a)]).count == 2)
    #expect((Name(a) < Name(b)) != (Name(b) < Name(a)))
    #expect(Name("a") < Name("b") && Name("a") < Name("aa") && Name("") < Name("a") && Name("z") < Name("\u{E9}"))
  }

  @Test(arguments: lookalikes) func ofTensorsMakeTheRoundTrip(a: String, b: String) throws {
    let path = folder.path("w")
    try Safetensors(tensors: [(b, tensor(2)), (a, tensor(1))]).write(to: path)
    let read = try Safetensors.read(path)
    #expect(read.tensors.map { Array($0.name.utf8) } == [Array(b.utf8), Array(a.utf8)])
    #expect(read[a]?.values == [1] && read[b]?.values == [2])
    let bytes = folder.read("w")
    try read.write(to: path)
    #expect(folder.read("w") == bytes)
  }

  @Test(arguments: lookalikes) func aTensorIsNotFoundUnderALookalike(a: String, b: String) throws {
    #expect(Safetensors(tensors: [(a, try tensor(1))])[b] == nil)
  }

  @Test(arguments: lookalikes) func ofMetadataMakeTheRoundTrip(a: String, b: String) throws {
    let header = "{\"__metadata__\":{\"\(b)\":\"second\",\"\(a)\":\"\(b)\",\"x\":\"y\"}}"
    let padding = String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let bytes = [UInt8(header.utf8.count + padding.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array((header + padding).utf8)
    var file = try Safetensors.read(folder.write(bytes, "w"))
    #expect(file.metadataEntries.map { Array($0.key.utf8) } == [Array(b.utf8), Array(a.utf8), [120]])
    #expect(file.metadata[a] == "second")
    // A change of one entry leaves the others alone, and keys are written in the order of their bytes.
    file.metadata["x"] = nil
    file.metadata["w"] = "v"
    try file.write(to: folder.path("w"))
    let read = try Safetensors.read(folder.path("w"))
    let keys = [a, b, "w"].sorted { Name($0) < Name($1) }
    #expect(read.metadataEntries.map { Name($0.key) } == keys.map(Name.init))
    #expect(read.metadataEntries.first { Name($0.key) == Name(a) }.map { Name($0.value) } == Name(b))
    // A value that looks like the old one is still another value.
    file.metadata = [a: "1"]
    file.metadata[a] = a
    file.metadata[a] = b
    #expect(file.metadataEntries.map { Name($0.value) } == [Name(b)])
  }

  @Test func aNameTwiceIsStillRefused() throws {
    for name in ["e\u{301}", "\u{E9}"] {
      let file = Safetensors(tensors: [(name, try tensor(1)), ("x", try tensor(1)), (name, try tensor(2))])
      #expect(message(in: folder) { try file.write(to: folder.path("w")) }?.contains("is taken twice") == true)
    }
    let entry = #"{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#
    for escaped in [#""\u00e9""#, "\"\u{E9}\""] {
      let header = Array("{\"\u{E9}\":\(entry),\(escaped):\(entry)}".utf8)
      let bytes = [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header
      #expect(message { _ = try Safetensors.read(folder.write(bytes, "w")) }?.contains("duplicate key") == true)
    }
  }

  @Test(arguments: lookalikes) func ofJSONKeysAndStrings(a: String, b: String) throws {
    let value = try JSON.parse(Array("{\"\(a)\":1,\"\(b)\":2}".utf8))
    #expect(value.member(a) == .integer(1) && value.member(b) == .integer(2))
    #expect(try JSON.parse(Array(value.description.utf8)) == value)
    #expect(JSON.string(a) != JSON.string(b))
    #expect(JSON.object([a: .null]) != JSON.object([b: .null]) && JSON.object([a: .null]) == JSON.object([a: .null]))
  }

  @Test(arguments: lookalikes) func ofLayersAndParameters(a: String, b: String) throws {
    func model(_ names: [String], seed: UInt64) throws -> Model {
      try Model(Sequential(names.map { Dense(3).named($0) }), input: [3], seed: seed)
    }
    let saved = try model([a, b], seed: 1)
    #expect(try saved.parameter("\(a)/kernel") != saved.parameter("\(b)/kernel"))
    try saved.saveWeights(to: folder.path("w"))
    let loaded = try model([a, b], seed: 2)
    try loaded.loadWeights(from: folder.path("w"))
    #expect(loaded.weightsHash == saved.weightsHash)
    // The other order is another network with the same names: each parameter finds its own.
    let swapped = try model([b, a], seed: 2)
    try swapped.loadWeights(from: folder.path("w"))
    #expect(try swapped.parameter("\(a)/kernel") == saved.parameter("\(a)/kernel"))
    #expect(throws: NetError("two layers are named \(a)")) { try model([a, a], seed: 1) }
    let text = message(in: folder) { try model([b], seed: 1).loadWeights(from: folder.path("w")) }
    #expect(text?.hasSuffix("has no place in this network") == true)
  }

  @Test(arguments: lookalikes) func ofParameterGroups(a: String, b: String) throws {
    func model() throws -> Model { try Model(Sequential([Dense(2).named(a), Dense(2).named(b)]), input: [2]) }
    let data = try Dataset(inputs: Tensor(shape: [1, 2], [1, 2]), targets: .values(Tensor(shape: [1, 2], [3, 4])))
    for frozen in [a, b] {
      let model = try model()
      let before = try [a, b].map { try model.parameter("\($0)/kernel") }
      let update = UpdateOptions(groups: [ParameterGroup(frozen, rate: 0)])
      try model.compile(loss: .meanSquaredError, optimizer: SGD(), update: update)
      try model.trainOnBatch(data)
      for (name, old) in zip([a, b], before) {
        #expect(try (model.parameter("\(name)/kernel") == old) == (Name(name) == Name(frozen)))
      }
    }
    let unknown = UpdateOptions(groups: [ParameterGroup("\(a)x", rate: 0)])
    #expect(message { try model().compile(loss: .meanSquaredError, optimizer: SGD(), update: unknown) } != nil)
  }

  @Test(arguments: lookalikes) func ofMetrics(a: String, b: String) {
    let metrics = Metrics(names: ["loss", b, a], values: [0, 1, 2])
    #expect(metrics[a] == 2 && metrics[b] == 1)
  }
}
