/// One option of a command, as data: parsing, help and messages all come from it.
struct Option: Sendable {
  /// What may stand behind the name.
  enum Kind: Sendable {
    /// Nothing: present or not.
    case flag
    /// Any text; the placeholder stands for it in the help.
    case text(String)
    /// A whole number of at least this.
    case count(atLeast: Int)
    /// A whole number from 0 to 2^64 - 1.
    case seed
    /// A finite number above 0.
    case positive
    /// A finite number of at least 0 and, when there is a limit, less than that.
    case number(below: Float?)
    /// One of these names.
    case choice([String])
  }

  /// With its dashes: `--epochs`.
  let name: String
  let kind: Kind
  let help: String
  /// The value where none is given; nil where one must be given, and for flags.
  var fallback: String?
  /// Whether the command cannot do without.
  var isRequired = false

  /// `--epochs N`, as it stands in the help.
  var signature: String {
    switch kind {
    case .flag: name
    case .text(let placeholder): "\(name) \(placeholder)"
    case .count, .seed: "\(name) N"
    case .positive, .number: "\(name) X"
    case .choice(let names): "\(name) \(names.joined(separator: "|"))"
    }
  }

  /// A number written in decimal; nil for other ways that Swift knows, such as 0x10 and nan.
  private static func decimal(_ text: String) -> Float? {
    text.utf8.allSatisfy { 0x30...0x39 ~= $0 || "+-.eE".utf8.contains($0) } ? Float(text) : nil
  }

  /// What is wrong with `value`; nil where nothing is.
  func objection(to value: String) -> String? {
    switch kind {
    case .flag: "\(name) takes no value"
    case .text: value.isEmpty ? "\(name) is empty" : nil
    case .count(let least):
      Int(value).map { $0 >= least } == true ? nil : "\(name) \(value): expected a whole number of at least \(least)"
    case .seed: UInt64(value) != nil ? nil : "\(name) \(value): expected a whole number from 0 to \(UInt64.max)"
    case .positive:
      Self.decimal(value).map { $0 > 0 && $0.isFinite } == true ? nil : "\(name) \(value): expected a number above 0"
    case .number(let limit):
      Self.decimal(value).map { $0 >= 0 && $0 < limit ?? .infinity } == true
        ? nil : "\(name) \(value): expected a number of at least 0\(limit.map { " and less than \($0)" } ?? "")"
    case .choice(let names):
      names.contains(value)
        ? nil : "\(name) \(value): expected \(names.count == 1 ? "" : "one of ")\(names.joined(separator: ", "))"
    }
  }
}

/// A wrong command line: what is wrong, and of which command.
struct UsageError: Error, Equatable {
  let message: String
  let command: String?

  init(_ message: String, command: String?) {
    self.message = message
    self.command = command
  }
}

/// The options of one call, each value found fit for its kind.
struct Arguments {
  private var values: [String: String] = [:]

  /// Reads `--name value`, `--name=value` and `--flag`.
  init(_ arguments: [String], _ command: Command) throws(UsageError) {
    func wrong(_ message: String) -> UsageError { UsageError(message, command: command.name) }
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      // Bytes decide: "=" may be followed by what would join it to one character.
      let parts = argument.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        .map { String($0)! }
      guard argument.hasPrefix("-") else { throw wrong("unexpected argument \(argument); \(command.name) takes options only") }
      guard let option = command.options.first(where: { $0.name == parts[0] }) else {
        let known = command.options.map(\.name).joined(separator: " ")
        throw wrong("unknown option \(parts[0]); \(command.name) knows \(known) --help")
      }
      guard values[option.name] == nil else { throw wrong("\(option.name) is given twice") }
      let value: String
      if case .flag = option.kind, parts.count == 1 {
        values[option.name] = ""
        continue
      } else if parts.count == 2 {
        value = parts[1]
      } else if let next = rest.popFirst() {
        value = next
      } else {
        throw wrong("\(option.name) needs a value: \(option.signature)")
      }
      if let objection = option.objection(to: value) { throw wrong(objection) }
      values[option.name] = value
    }
    for option in command.options where values[option.name] == nil {
      guard !option.isRequired else { throw wrong("\(command.name) needs \(option.signature)") }
      values[option.name] = option.fallback
    }
  }

  func has(_ flag: String) -> Bool { values[flag] != nil }
  func text(_ name: String) -> String { values[name]! }
  func integer(_ name: String) -> Int { Int(values[name]!)! }
  func seed(_ name: String) -> UInt64 { UInt64(values[name]!)! }
  func number(_ name: String) -> Float { Float(values[name]!)! }
}
