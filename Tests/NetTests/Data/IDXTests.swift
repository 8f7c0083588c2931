import Foundation
import Reference
import Testing

@testable import Net

@Suite struct IDXTests {
  let folder = TemporaryFolder()

  /// An IDX file of unsigned bytes that promises `shape`, whatever `data` holds.
  private func file(_ shape: [Int], _ data: [UInt8], magic: [UInt8] = [0, 0, 8]) -> [UInt8] {
    magic + [UInt8(shape.count)]
      + shape.flatMap { dimension in (0..<4).map { UInt8(truncatingIfNeeded: dimension >> (24 - 8 * $0)) } } + data
  }

  /// `bytes` compressed by the gzip program.
  private func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    let plain = folder.write(bytes, "plain")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-n", "-9", "-f", plain]
    try process.run()
    process.waitUntilExit()
    return folder.read("plain.gz")
  }

  private func imagesError(_ bytes: [UInt8]) -> String? {
    let path = folder.write(bytes, "x")
    return message(in: folder) { _ = try IDX.images(path) }
  }

  private func labelsError(_ bytes: [UInt8]) -> String? {
    let path = folder.write(bytes, "x")
    return message(in: folder) { _ = try IDX.labels(path) }
  }

  @Test func readsImagesScaledToOne() throws {
    let pixels: [UInt8] = [0, 51, 102, 255, 1, 254, 128, 7, 9, 11, 13, 17]
    let images = try IDX.images(folder.write(file([2, 2, 3], pixels), "x"))
    #expect(images.shape == [2, 2, 3, 1])
    #expect(images.values == pixels.map { Float($0) * (1 / Float(255)) })
    #expect(try IDX.images(folder.write(file([2, 1, 2, 3], pixels), "x")).shape == [2, 1, 2, 3])
  }

  @Test func readsLabels() throws {
    #expect(try IDX.labels(folder.write(file([4], [3, 0, 255, 9]), "x")) == [3, 0, 255, 9])
  }

  @Test func writesWhatItReads() throws {
    try IDX.write(shape: [2, 1, 3], [1, 2, 3, 4, 5, 6], to: folder.path("x"))
    #expect(folder.read("x") == file([2, 1, 3], [1, 2, 3, 4, 5, 6]))
    let expected = "x: cannot be written: shape [2] does not fit 3 bytes"
    #expect(message(in: folder) { try IDX.write(shape: [2], [1, 2, 3], to: folder.path("x")) } == expected)
  }

  @Test func refusesDamagedFiles() {
    #expect(imagesError([]) == "x: truncated: an IDX file has a header of at least 4 bytes")
    #expect(imagesError([0, 0, 8]) == "x: truncated: an IDX file has a header of at least 4 bytes")
    #expect(imagesError([0, 0, 8, 3, 0, 0]) == "x: truncated: it ends within its header")
    #expect(imagesError(Array("\u{89}PNG\r\n".utf8)) == "x: not an IDX file: it starts with bytes 194 and 137, not 0 and 0")
    let float = "x: it holds float32; only unsigned bytes (IDX type 8) can be read"
    #expect(imagesError(file([1, 1, 1], [0, 0, 0, 0], magic: [0, 0, 0x0D])) == float)
    let unknown = "x: it holds unknown type 7; only unsigned bytes (IDX type 8) can be read"
    #expect(imagesError(file([1, 1, 1], [0], magic: [0, 0, 7])) == unknown)
    #expect(imagesError(file([3], [0, 1, 2])) == "x: it has 1 dimensions; images have 3 or 4")
    #expect(labelsError(file([1, 1, 1], [0])) == "x: it has 3 dimensions; labels have 1")
  }

  @Test func refusesPromisesTheFileDoesNotKeep() {
    #expect(imagesError(file([2, 2, 2], [1, 2, 3, 4, 5, 6, 7])) == "x: truncated: its header promises 8 bytes, 7 follow")
    #expect(imagesError(file([2, 2, 2], Array(1...9))) == "x: too long: its header promises 8 bytes, 9 follow")
    #expect(labelsError(file([3], [1, 2])) == "x: truncated: its header promises 3 bytes, 2 follow")
    #expect(labelsError(file([1], [1, 2])) == "x: too long: its header promises 1 bytes, 2 follow")
    let huge = 0xFFFF_FFFF
    let lie = "x: truncated: its header promises 4294967295 bytes, 1 follow"
    #expect(labelsError(file([huge], [1])) == lie)
    let absurd = "x: its header promises [4294967295, 4294967295, 4294967295] bytes, more than an Int can count"
    #expect(imagesError(file([huge, huge, huge], [1])) == absurd)
    #expect(imagesError(file([0, 28, 28], [])) == "x: empty: its header promises [0, 28, 28] images")
    #expect(labelsError(file([0], [])) == "x: empty: its header promises [0] labels")
  }

  @Test(.enabled(if: canReadGzip)) func readsCompressedFiles() throws {
    let pixels = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    let path = folder.write(try gzip(file([3, 100, 1000], pixels)), "x")
    #expect(try IDX.images(path).values == pixels.map { Float($0) * (1 / Float(255)) })
  }

  @Test(.enabled(if: canReadGzip)) func refusesDamagedCompressedFiles() throws {
    let pixels = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* $0 / 7) }
    let whole = try gzip(file([3, 10, 100], pixels))
    #expect(imagesError(Array(whole.dropLast(9))) == "x: truncated: its compressed data end early")
    #expect(imagesError(Array(whole.prefix(12))) == "x: truncated: its compressed data end early")
    var flipped = whole
    flipped[whole.count / 2] ^= 0x55
    #expect(imagesError(flipped)?.hasPrefix("x: ") == true)
    var wrongSum = whole
    wrongSum[whole.count - 6] ^= 1
    #expect(imagesError(wrongSum) == "x: damaged: its compressed data are wrong (incorrect data check)")
    let short = "x: truncated: its header promises 4000 bytes, 3000 follow"
    #expect(imagesError(try gzip(file([4, 10, 100], pixels))) == short)
    let long = "x: too long: its header promises 2000 bytes, more follow"
    #expect(imagesError(try gzip(file([2, 10, 100], pixels))) == long)
  }

  /// A promise beyond what deflate can pack is refused before memory is asked for.
  @Test(.enabled(if: canReadGzip)) func aBombDoesNotFillMemory() throws {
    let bytes = try gzip(file([1 << 20, 1 << 10, 1 << 10], []))
    let lie = "x: truncated: its header promises 1099511627776 bytes, more than its compressed data can hold"
    #expect(imagesError(bytes) == lie)
    let bomb = try gzip(file([1, 10, 10], [UInt8](repeating: 0, count: 1 << 24)))
    #expect(imagesError(bomb) == "x: too long: its header promises 100 bytes, more follow")
  }

  @Test func withoutZlibSaysToDecompress() {
    let path = folder.write([0x1F, 0x8B, 8, 0], "x.gz")
    let text = message(in: folder) { _ = try IDXReader(path, content: .images, zlib: nil) }
    #expect(text == "x.gz: cannot be decompressed: this system has no zlib; run gunzip on it first")
  }

  @Test func mutationsNeverCrash() throws {
    let valid = file([5, 4, 3], [UInt8](repeating: 7, count: 60))
    let compressed = canReadGzip ? try gzip(valid) : valid
    var random = SplitMix64(seed: 2)
    for _ in 0..<300 {
      _ = imagesError(mutated(valid, &random))
      _ = labelsError(mutated(valid, &random))
      _ = imagesError(mutated(compressed, &random))
    }
  }
}
