import Net

/// The version of this package.
let version = "0.1.0"

/// The command line as a whole: finds the command, runs it, and turns errors into a line and an exit code.
enum Program {
  static let name = "lanewise"
  static let commands: [Command] = [trainCommand, evaluateCommand, predictCommand, scheduleCommand, infoCommand]

  /// Runs with `arguments` (without the program's name). The result is the exit code: 0, 1 for what went wrong, 2 for a wrong
  /// command line, 130 for a training that was interrupted.
  static func run(_ arguments: [String]) -> Int32 {
    holdStandardStreams()
    ignoreSignalsOfOutput()
    let code = runReporting(arguments)
    guard let failure = Output.failure else { return code }
    Output.error("\(name): standard output: cannot be written: \(failure)")
    return code == 0 ? 1 : code
  }

  /// The same, as far as standard output can be written.
  private static func runReporting(_ arguments: [String]) -> Int32 {
    do {
      try checkEnvironment()
      return try runCommand(arguments)
    } catch let error as UsageError {
      Output.error("\(name): \(error.message)\nTry '\(name)\(error.command.map { " \($0)" } ?? "") --help'.")
      return 2
    } catch {
      Output.error("\(name): \(error)")
      return 1
    }
  }

  private static func runCommand(_ arguments: [String]) throws -> Int32 {
    guard let first = arguments.first else {
      Output.error(Help.overview)
      return 2
    }
    switch first {
    case "--help", "-h", "help": Output.line(Help.overview)
    case "--version": Output.line("\(name) \(version)")
    default: return try command(first).run(arguments.dropFirst().map { $0 })
    }
    return 0
  }

  private static func command(_ name: String) throws -> Command {
    guard let command = commands.first(where: { $0.name == name }) else {
      let kind = name.hasPrefix("-") ? "option" : "command"
      let known = commands.map(\.name).joined(separator: " ")
      throw UsageError("unknown \(kind) \(name); \(Program.name) knows \(known) --help --version", command: nil)
    }
    return command
  }
}

/// One command: what it takes, what it says about itself, what it does.
struct Command: Sendable {
  let name: String
  /// One line, for the list of commands.
  let summary: String
  /// What there is to know beyond the options.
  let details: String
  let options: [Option]
  /// Command lines without the program's name.
  let examples: [String]
  /// Does it; the result is the exit code.
  let body: @Sendable (Arguments) throws -> Int32

  func run(_ arguments: [String]) throws -> Int32 {
    guard !arguments.contains("--help"), !arguments.contains("-h") else {
      Output.line(Help.text(self))
      return 0
    }
    return try body(Arguments(arguments, self))
  }
}
