import Net
import Reference
import Testing

@Suite struct PGMTests {
  let folder = TemporaryFolder()

  private func image(_ text: String, _ pixels: [UInt8] = []) throws -> Tensor {
    try PGM.image(folder.write(Array(text.utf8) + pixels, "x.pgm"))
  }

  private func error(_ text: String, _ pixels: [UInt8] = []) -> String? {
    message(in: folder) { _ = try image(text, pixels) }
  }

  @Test func readsRawPixels() throws {
    let image = try image("P5\n# a comment\n3 2 # another\n255\n", [0, 10, 32, 255, 35, 9])
    #expect(image.shape == [1, 2, 3, 1])
    #expect(image.values == [0, 10, 32, 255, 35, 9].map { Float($0) * (1 / Float(255)) })
  }

  @Test func readsTwoBytesAPixel() throws {
    #expect(try image("P5 2 1 65535 ", [1, 2, 0xFF, 0xFF]).values == [258 * (1 / Float(65535)), 65535 * (1 / Float(65535))])
  }

  @Test func readsPlainPixels() throws {
    #expect(try image("P2 2 2 4\n0 1\n2 # half\n4\n").values == [0, 0.25, 0.5, 1])
  }

  @Test func refusesWhatIsNotPGM() {
    #expect(error("") == "x.pgm: not a PGM file: it does not start with P2 or P5")
    #expect(error("P6 1 1 255 ") == "x.pgm: not a PGM file: it does not start with P2 or P5")
    #expect(error("P5") == "x.pgm: truncated: it ends before the width")
    #expect(error("P5 2 -1 255 ") == "x.pgm: not a PGM file: no number for the height at byte 5")
    #expect(error("P5 12345678901 1 255 ") == "x.pgm: not a PGM file: no number for the width at byte 13")
    #expect(error("P5 0 1 255 ") == "x.pgm: empty: 0x1 pixels")
    #expect(error("P5 1 1 65536 ", [0, 0]) == "x.pgm: 65536 grey levels; 1 to 65535 are possible")
    #expect(error("P5 1 1 0 ", [0]) == "x.pgm: 0 grey levels; 1 to 65535 are possible")
    let lie = "x.pgm: truncated: its header promises 999999999x999999999 pixels, it has 28 bytes"
    #expect(error("P5 999999999 999999999 255 ", [0]) == lie)
    #expect(error("P5 2 2 255 ", [1, 2, 3]) == "x.pgm: truncated: its header promises 4 bytes, 3 follow")
    #expect(error("P5 2 2 255 ", [1, 2, 3, 4, 5]) == "x.pgm: too long: its header promises 4 bytes, 5 follow")
    #expect(error("P5 1 1 7 ", [8]) == "x.pgm: a pixel of 8, above the 7 of its header")
    #expect(error("P2 2 1 7 1") == "x.pgm: truncated: it ends before the pixel 1 of 2")
    #expect(error("P2 2 1 7 1 2 3") == "x.pgm: too long: text follows its 2 pixels")
  }

  @Test func imagesAreToldByTheirFirstByte() throws {
    #expect(try Tensor.images(folder.write(Array("P2 1 1 1 1".utf8), "x")).shape == [1, 1, 1, 1])
    #expect(try Tensor.images(folder.write([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 5, 6], "x")).shape == [2, 1, 1, 1])
    let empty = folder.write([], "x")
    #expect(message(in: folder) { _ = try Tensor.images(empty) } == "x: empty: expected an IDX or PGM file")
  }

  @Test func mutationsNeverCrash() {
    var random = SplitMix64(seed: 3)
    let raw = Array("P5 # c\n4 5 255\n".utf8) + [UInt8](repeating: 200, count: 20)
    let plain = Array("P2 4 2 255 1 2 3 4 5 66 77 188".utf8)
    for _ in 0..<500 {
      for valid in [raw, plain] {
        let path = folder.write(mutated(valid, &random), "x.pgm")
        _ = message { _ = try PGM.image(path) }
      }
    }
  }
}
