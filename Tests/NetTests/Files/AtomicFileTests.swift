import Foundation
import Testing

@testable import Net

@Suite struct AtomicFileTests {
  let folder = TemporaryFolder()

  @Test func replacesTheWholeFile() throws {
    folder.write([1, 2, 3], "w")
    try AtomicFile.write([4], to: folder.path("w"))
    #expect(folder.read("w") == [4])
    #expect(folder.contents == ["w"])
  }

  @Test func anErrorLeavesTheOldContentAndNothingElse() {
    folder.write([1, 2, 3], "w")
    let text = message {
      try AtomicFile.write(to: folder.path("w")) { (output) throws(NetError) in
        try output.write([UInt8(9)])
        throw NetError("stop")
      }
    }
    #expect(text == "stop")
    #expect(folder.read("w") == [1, 2, 3])
    #expect(folder.contents == ["w"])
  }

  @Test func checkingLeavesNothing() throws {
    try AtomicFile.checkWritable(folder.path("w"))
    #expect(folder.contents == [])
    folder.write([1], "w")
    try AtomicFile.checkWritable(folder.path("w"))
    #expect(folder.read("w") == [1])
    #expect(folder.contents == ["w"])
  }

  @Test func keepsLinksAndPermissions() throws {
    folder.write([1], "real")
    chmod(folder.path("real"), 0o640)
    try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "real")
    try AtomicFile.write([2], to: folder.path("link"))
    #expect(folder.read("real") == [2])
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link")) == "real")
    #expect(try FileManager.default.attributesOfItem(atPath: folder.path("real"))[.posixPermissions] as? Int == 0o640)
  }

  @Test func aDeviceStaysADevice() throws {
    try AtomicFile.checkWritable("/dev/null")
    try AtomicFile.write([1], to: "/dev/null")
    #expect(try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type] as? FileAttributeType == .typeCharacterSpecial)
  }

  @Test func saysWhyItCannotWrite() {
    folder.write([1], "file")
    for check in [true, false] {
      func text(_ path: String) -> String? {
        message(in: folder) { check ? try AtomicFile.checkWritable(path) : try AtomicFile.write([], to: path) }
      }
      #expect(text("") == "cannot write a file without a name")
      #expect(text(folder.path("no/w")) == "no/w: cannot be written: No such file or directory")
      #expect(text(folder.path("file/w")) == "file/w: cannot be written: Not a directory")
      #expect(text("/tmp") == "/tmp: cannot be written: it is a folder")
    }
  }
}
