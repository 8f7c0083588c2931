/// A JSON value (RFC 8259), kept in the order it was written. Numbers keep their text, so no digit is lost.
package enum JSON: Equatable, Sendable {
  case object([Member])
  case array([JSON])
  case string(String)
  case number(String)
  case bool(Bool)
  case null

  package struct Member: Equatable, Sendable {
    package let key: String
    package let value: JSON

    package init(key: String, value: JSON) { (self.key, self.value) = (key, value) }

    package init(_ key: String, _ value: JSON) { self.init(key: key, value: value) }

    package static func == (a: Member, b: Member) -> Bool { a.key.hasBytes(of: b.key) && a.value == b.value }
  }

  /// Strings and keys are equal when their bytes are.
  package static func == (a: JSON, b: JSON) -> Bool {
    switch (a, b) {
    case (.object(let a), .object(let b)): a == b
    case (.array(let a), .array(let b)): a == b
    case (.string(let a), .string(let b)): a.hasBytes(of: b)
    case (.number(let a), .number(let b)): a == b
    case (.bool(let a), .bool(let b)): a == b
    case (.null, .null): true
    default: false
    }
  }

  package static func object(_ members: KeyValuePairs<String, JSON>) -> JSON {
    .object(members.map { Member(key: $0.key, value: $0.value) })
  }

  package static func integer(_ value: Int) -> JSON { .number("\(value)") }

  /// The shortest decimal that reads back as `value`; JSON has no infinity and no NaN, they become null.
  package static func real<Real: BinaryFloatingPoint & CustomStringConvertible>(_ value: Real) -> JSON {
    value.isFinite ? .number(value.description) : .null
  }

  /// The value written in `bytes`, with nothing but white space around it; throws what is wrong and where.
  package static func parse(_ bytes: [UInt8]) throws -> JSON { try JSONParser.parse(bytes) }

  /// The value of the member called `key`, nil where there is none or this is no object.
  package func member(_ key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key.hasBytes(of: key) }?.value
  }

  /// The value of a number written without fraction or exponent that an Int can hold.
  package var integer: Int? {
    guard case .number(let text) = self else { return nil }
    return Int(text)
  }
}

extension JSON: CustomStringConvertible {
  /// The value on one line, without spaces.
  package var description: String {
    switch self {
    case .object(let members): "{" + members.map { "\(JSON.quoted($0.key)):\($0.value)" }.joined(separator: ",") + "}"
    case .array(let values): "[" + values.map(\.description).joined(separator: ",") + "]"
    case .string(let text): JSON.quoted(text)
    case .number(let text): text
    case .bool(let value): value ? "true" : "false"
    case .null: "null"
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0"..<" ":
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
