import Testing

@testable import lanewise

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// What cannot be printed is an error, and said on standard error.
@Suite struct FullDeviceTests {
  private static let commands = [
    "info", "info --json", "--help", "--version", "train --help", "schedule --help", "schedule", "schedule --json --steps 3",
    "schedule --schedule one-cycle",
  ]

  @Test(.enabled(if: access("/dev/full", W_OK) == 0, "no /dev/full here"), arguments: commands)
  func isAnError(line: String) async {
    let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) { [line] in
      dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO)
      exit(Program.run(line.split(separator: " ").map(String.init)))
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("lanewise: standard output: cannot be written: No space left on device"))
  }

  @Test(arguments: commands) func aClosedPipeIsNone(line: String) async {
    let result = await #expect(processExitsWith: .exitCode(0), observing: [\.standardErrorContent]) { [line] in
      var ends: [Int32] = [0, 0]
      pipe(&ends)
      close(ends[0])
      dup2(ends[1], STDOUT_FILENO)
      exit(Program.run(line.split(separator: " ").map(String.init)))
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(!text.contains("lanewise:"))
  }

  @Test func aClosedStreamIsAnErrorToo() async {
    let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
      close(STDOUT_FILENO)
      exit(Program.run(["info"]))
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("lanewise: standard output: cannot be written: Bad file descriptor"))
  }
}
