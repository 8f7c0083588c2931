import Testing

@testable import lanewise

@Suite struct ArgumentsTests {
  private let command = Command(
    name: "go", summary: "Goes", details: "Far.",
    options: [
      Option(name: "--steps", kind: .count(atLeast: 1), help: "how many", fallback: "3"),
      Option(name: "--seed", kind: .seed, help: "whence", fallback: "0"),
      Option(name: "--rate", kind: .positive, help: "how fast", fallback: "0.5"),
      Option(name: "--way", kind: .choice(["up", "down"]), help: "whither", fallback: "up"),
      Option(name: "--map", kind: .text("FILE"), help: "where", isRequired: true),
      Option(name: "--quiet", kind: .flag, help: "how"),
    ],
    examples: ["go --map x"], body: { _ in 0 })

  private func parse(_ line: String) throws(UsageError) -> Arguments {
    try Arguments(line.split(separator: " ", omittingEmptySubsequences: true).map(String.init), command)
  }

  private func error(_ line: String) -> String? {
    do throws(UsageError) {
      _ = try parse(line)
      return nil
    } catch { return error.message }
  }

  @Test func fillsInWhatIsNotGiven() throws {
    let arguments = try parse("--map a")
    #expect(arguments.integer("--steps") == 3)
    #expect(arguments.seed("--seed") == 0)
    #expect(arguments.number("--rate") == 0.5)
    #expect(arguments.text("--way") == "up")
    #expect(!arguments.has("--quiet"))
  }

  @Test func readsBothSpellings() throws {
    let arguments = try parse("--map=a=b --steps 7 --quiet --seed=18446744073709551615 --rate 1e-3 --way down")
    #expect(arguments.text("--map") == "a=b")
    #expect(arguments.integer("--steps") == 7)
    #expect(arguments.seed("--seed") == .max)
    #expect(arguments.number("--rate") == 0.001)
    #expect(arguments.text("--way") == "down")
    #expect(arguments.has("--quiet"))
  }

  @Test(arguments: [
    ("--map a --step 3", "unknown option --step; go knows --steps --seed --rate --way --map --quiet --help"),
    ("--map a -x", "unknown option -x; go knows --steps --seed --rate --way --map --quiet --help"),
    ("--map a b", "unexpected argument b; go takes options only"),
    ("", "go needs --map FILE"),
    ("--map", "--map needs a value: --map FILE"),
    ("--map=", "--map is empty"),
    ("--map a --map b", "--map is given twice"),
    ("--map a --quiet=1", "--quiet takes no value"),
    ("--map a --steps 0", "--steps 0: expected a whole number of at least 1"),
    ("--map a --steps 1.5", "--steps 1.5: expected a whole number of at least 1"),
    ("--map a --steps 99999999999999999999", "--steps 99999999999999999999: expected a whole number of at least 1"),
    ("--map a --seed -1", "--seed -1: expected a whole number from 0 to 18446744073709551615"),
    ("--map a --rate 0", "--rate 0: expected a number above 0"),
    ("--map a --rate nan", "--rate nan: expected a number above 0"),
    ("--map a --rate inf", "--rate inf: expected a number above 0"),
    ("--map a --way left", "--way left: expected one of up, down"),
  ])
  func says(line: String, expected: String) {
    #expect(error(line) == expected)
  }

  @Test func helpListsEveryOption() {
    let text = Help.text(command)
    for option in command.options { #expect(text.contains("  \(option.signature) ")) }
    #expect(text.contains("how many [3]"))
    #expect(text.hasSuffix("  lanewise go --map x"))
  }

  @Test func everyCommandExplainsItself() throws {
    for command in Program.commands {
      #expect(Help.overview.contains("  \(command.name) "))
      #expect(!command.examples.isEmpty)
      for option in command.options {
        #expect(option.fallback.flatMap(option.objection) == nil)
      }
      // The examples in the help are command lines that work.
      for example in command.examples {
        let words = example.split(separator: " ").map(String.init)
        #expect(words.first == command.name)
        _ = try Arguments(Array(words.dropFirst()), command)
      }
    }
  }
}

@Suite struct HelpTests {
  /// Help fits a terminal of 100 columns.
  @Test(arguments: Program.commands.indices) func fits(index: Int) {
    for line in Help.text(Program.commands[index]).split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
    for line in Help.overview.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
  }
}
