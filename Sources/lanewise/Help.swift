/// The texts of `--help`, made from the commands and their options.
enum Help {
  static var overview: String {
    """
    \(Program.name) \(version): trains and runs neural networks on the processor, with the same bits everywhere.

    Usage: \(Program.name) COMMAND [OPTIONS]

    \(table(Program.commands.map { ($0.name, $0.summary) }))

    Options:
    \(table([("-h, --help", "this text; after a command, its options"), ("--version", "the version")]))

    Examples:
    \(examples(Program.commands.flatMap { $0.examples.prefix(1) }))
    """
  }

  static func text(_ command: Command) -> String {
    let required = command.options.filter(\.isRequired).map { " \($0.signature)" }.joined()
    return """
      \(command.summary).

      Usage: \(Program.name) \(command.name)\(required) [OPTIONS]

      \(command.details)

      Options:
      \(table(command.options.map(row) + [("-h, --help", "this text")]))

      Examples:
      \(examples(command.examples))
      """
  }

  private static func row(_ option: Option) -> (String, String) {
    (option.signature, option.help + (option.fallback.map { " [\($0)]" } ?? ""))
  }

  private static func table(_ rows: [(String, String)]) -> String {
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { "  \($0)\(String(repeating: " ", count: width - $0.count))  \($1)" }.joined(separator: "\n")
  }

  private static func examples(_ lines: [String]) -> String {
    lines.map { "  \(Program.name) \($0)" }.joined(separator: "\n")
  }
}
