import Net
import Testing

@Suite struct WeightsTests {
  @Test func roundTrip() throws {
    let folder = TemporaryFolder()
    let model = try ringModel(seed: 1)
    try model.fit(rings(), epochs: 2)
    try model.saveWeights(to: folder.path("w.safetensors"))
    let other = try ringModel(seed: 2)
    #expect(other.weightsHash != model.weightsHash)
    try other.loadWeights(from: folder.path("w.safetensors"))
    #expect(other.weightsHash == model.weightsHash)
    #expect(try other.predict(rings().inputs) == model.predict(rings().inputs))
  }

  @Test func otherArchitectures() throws {
    let folder = TemporaryFolder()
    let path = folder.path("w.safetensors")
    let model = try Model(
      Sequential([Dense(3), Dense(2)]), input: [2])
    let hash = model.weightsHash
    func problem(_ change: (inout [(name: String, tensor: Tensor)]) throws -> Void) throws -> String? {
      var tensors = try model.parameters.map { (name: $0.name, tensor: try model.parameter($0.name)) }
      try change(&tensors)
      try Safetensors(tensors: tensors, metadata: [:]).write(to: path)
      let found = message(in: folder) { try model.loadWeights(from: path) }
      #expect(model.weightsHash == hash)
      return found
    }
    #expect(try problem { _ in } == nil)
    #expect(
      try problem { $0.removeLast() }
        == "w.safetensors: there is no dense_2/bias of shape [2], which this network has; the file holds dense_1/kernel [2, 3], dense_1/bias [3], dense_2/kernel [3, 2]"
    )
    #expect(
      try problem { $0[0].tensor = Tensor(zeros: [3, 2]) }
        == "w.safetensors: dense_1/kernel has shape [3, 2]; this network has [2, 3]")
    #expect(
      try problem { $0.append((name: "dense_3/bias", tensor: Tensor(zeros: [1]))) }
        == "w.safetensors: dense_3/bias of shape [1] has no place in this network")
    #expect(
      try problem { $0[1].tensor = try Tensor(shape: [3], [0, .nan, 0]) }
        == "w.safetensors: dense_1/bias holds NaN or infinity; expected finite numbers")
  }

  /// FNV-1a of the bytes of one float, 1.0: 00 00 80 3f.
  @Test func hash() throws {
    let model = try Model(Sequential { Dense(1, useBias: false, kernelInitializer: .ones) }, input: [1])
    var expected: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in [0x00, 0x00, 0x80, 0x3f] as [UInt64] { expected = (expected ^ byte) &* 0x100_0000_01b3 }
    #expect(model.weightsHash == expected)
  }
}
