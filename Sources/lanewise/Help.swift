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

      \(command.details.split(separator: "\n").flatMap { wrapped(String($0), to: lineWidth) }.joined(separator: "\n"))

      Options:
      \(table(command.options.map(row) + [("-h, --help", "this text")]))

      Examples:
      \(examples(command.examples))
      """
  }

  private static func row(_ option: Option) -> (String, String) {
    (option.signature, option.help + (option.fallback.map { " [\($0)]" } ?? ""))
  }

  /// The longest line, and the widest first column of a table: what is wider has a line of its own.
  private static let (lineWidth, columnWidth) = (100, 28)

  private static func table(_ rows: [(String, String)]) -> String {
    let width = rows.map(\.0.count).filter { $0 <= columnWidth }.max() ?? 0
    let indent = String(repeating: " ", count: width + 4)
    return rows.flatMap { name, help in
      let lines = wrapped(help, to: lineWidth - indent.count).map { indent + $0 }
      guard name.count > width else {
        let first = "  \(name)\(String(repeating: " ", count: width - name.count))  "
        return [first + lines[0].dropFirst(indent.count)] + lines.dropFirst()
      }
      return wrapped(name, to: lineWidth - 5, at: "|").enumerated().map { ($0 == 0 ? "  " : "    ") + $1 } + lines
    }.joined(separator: "\n")
  }

  /// The lines of `text`, each of at most `width` characters where its pieces allow it. A visible separator ends a line.
  private static func wrapped(_ text: String, to width: Int, at separator: Character = " ") -> [String] {
    var lines: [String] = []
    var line = ""
    for (i, piece) in text.split(separator: separator, omittingEmptySubsequences: false).enumerated() {
      if i > 0, line.count + 1 + piece.count <= width {
        line.append(separator)
      } else if i > 0 {
        lines.append(separator == " " ? line : line + String(separator))
        line = ""
      }
      line += piece
    }
    return lines + [line]
  }

  private static func examples(_ lines: [String]) -> String {
    lines.map { "  \(Program.name) \($0)" }.joined(separator: "\n")
  }
}
