import Foundation
import Testing

@testable import Net

/// Places that a file is not simply renamed to.
@Suite struct OutputPlaceTests {
  let folder = TemporaryFolder()

  private func link(_ name: String, to destination: String) throws {
    try FileManager.default.createSymbolicLink(atPath: folder.path(name), withDestinationPath: destination)
  }

  private func isLink(_ name: String) -> Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: folder.path(name))) != nil
  }

  @Test(arguments: ["w", "./w", "b/../w", "b/w", "b/up", "/absolute", "b/.\u{301}/w"]) func aLinkToNothingIsFollowed(end: String)
    throws
  {
    for sub in ["b", "b/.\u{301}"] {
      try FileManager.default.createDirectory(atPath: folder.path(sub), withIntermediateDirectories: true)
    }
    try link("b/up", to: "../w")
    let (destination, file) =
      end == "/absolute" ? (folder.path("w"), "w") : (end, end.contains("up") || end.contains("..") ? "w" : end)
    try link("1", to: destination)
    try link("2", to: folder.path("1"))
    try link("3", to: "2")
    for name in ["1", "2", "3"] {
      try AtomicFile.checkWritable(folder.path(name))
      #expect(!FileManager.default.fileExists(atPath: folder.path(file)))
      try AtomicFile.write([7], to: folder.path(name))
      #expect(folder.read(file) == [7] && isLink("1") && isLink("2") && isLink("3"))
      folder.remove(file)
    }
  }

  @Test func linksThatLeadNowhereAreErrors() throws {
    try link("self", to: "self")
    try link("a", to: "b")
    try link("b", to: "a")
    try link("lost", to: "no/such/w")
    try link("slash", to: "none/")
    for check in [true, false] {
      func text(_ name: String) -> String? {
        message(in: folder) {
          check ? try AtomicFile.checkWritable(folder.path(name)) : try AtomicFile.write([1], to: folder.path(name))
        }
      }
      #expect(text("self") == "self: cannot be written: Too many levels of symbolic links")
      #expect(text("a") == "a: cannot be written: Too many levels of symbolic links")
      #expect(text("lost") == "lost: cannot be written: No such file or directory")
      #expect(text("slash") == "slash: cannot be written: it is a link to none/, and there is no such folder")
      #expect(text("none/") == "none/: cannot be written: No such file or directory")
    }
    #expect(folder.contents == ["a", "b", "lost", "self", "slash"])
  }

  /// The slash counts also where a character that joins others follows it.
  @Test func aNameMayBeginWithAnAccent() throws {
    try AtomicFile.write([1], to: folder.path("\u{301}w"))
    #expect(folder.contents == ["\u{301}w"])
    #expect(Net.folder(of: "/a/\u{301}b") == "/a" && lastPart(of: "/a/\u{301}b") == "\u{301}b")
    #expect(Net.folder(of: "w") == "." && Net.folder(of: "/w") == "/" && lastPart(of: "w") == "w")
  }

  /// A folder that takes no new names, a file in it that may be written. (For the superuser every folder takes names.)
  @Test func aFileInAClosedFolderIsWrittenInPlace() async {
    await #expect(processExitsWith: .success) {
      let folder = TemporaryFolder()
      folder.write([1, 2, 3], "w")
      chmod(folder.path("w"), 0o666)
      chmod(folder.path, 0o555)
      if geteuid() == 0 { precondition(seteuid(65534) == 0) }
      let node = fileStatus(folder.path("w"))!.st_ino
      try AtomicFile.checkWritable(folder.path("w"))
      precondition(folder.read("w") == [1, 2, 3])
      try AtomicFile.write([9, 8], to: folder.path("w"))
      precondition(folder.read("w") == [9, 8] && fileStatus(folder.path("w"))!.st_ino == node)
      let text = message(in: folder) { try AtomicFile.checkWritable(folder.path("new")) }
      precondition(text == "new: cannot be written: Permission denied")
      // What cannot be finished leaves the old content.
      let stopped = message {
        try AtomicFile.write(to: folder.path("w")) { (output) throws(NetError) in
          try output.write([UInt8(7)])
          throw NetError("stop")
        }
      }
      precondition(stopped == "stop" && folder.read("w") == [9, 8])
      seteuid(0)
      chmod(folder.path, 0o755)
    }
  }

  /// In a folder for all (/tmp) nobody may rename over what is another's.
  @Test(.enabled(if: geteuid() == 0, "needs two users")) func anothersFileInAFolderForAllIsWrittenInPlace() async {
    await #expect(processExitsWith: .success) {
      let folder = TemporaryFolder()
      folder.write([1], "w")
      chmod(folder.path("w"), 0o666)
      chmod(folder.path, 0o1777)
      precondition(seteuid(65534) == 0)
      try AtomicFile.write([2, 3], to: folder.path("w"))
      precondition(folder.read("w") == [2, 3] && folder.contents == ["w"])
      seteuid(0)
    }
  }

  @Test(.enabled(if: access("/dev/full", W_OK) == 0, "no /dev/full here")) func aFullDeviceIsAnError() {
    let text = message { try AtomicFile.write([1], to: "/dev/full") }
    #expect(text == "/dev/full: cannot be written: No space left on device")
  }

  @Test func aLinkToNowhereIsNoRefuge() throws {
    try link("w.1", to: "/nowhere/at/all")
    try link("w.2", to: "w.2")
    #expect(AtomicFile.refuges(from: folder.path("w")).first == folder.path("w.3"))
  }

  @Test func refugesAreFreeNames() {
    let first = AtomicFile.refuges(from: folder.path("w"))
    #expect(first == [folder.path("w.1"), "\(temporaryFolder)/w.1"])
    folder.write([1], "w.1")
    #expect(AtomicFile.refuges(from: folder.path("w")).first == folder.path("w.2"))
    #expect(AtomicFile.refuges(from: "/dev/null").first?.hasPrefix("\(temporaryFolder)/lanewise-output.") == true)
    #expect(AtomicFile.refuges(from: folder.path("gone/w")).first == folder.path("gone/w.1"))
  }

  @Test func aPipeIsWrittenTo() async throws {
    mkfifo(folder.path("pipe"), 0o600)
    try AtomicFile.checkWritable(folder.path("pipe"))
    let reader = open(folder.path("pipe"), O_RDONLY | O_NONBLOCK)
    try AtomicFile.write([1, 2, 3], to: folder.path("pipe"))
    var bytes = [UInt8](repeating: 0, count: 8)
    #expect(read(reader, &bytes, 8) == 3 && bytes.prefix(3) == [1, 2, 3])
    close(reader)
  }
}
