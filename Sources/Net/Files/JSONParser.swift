/// A strict parser: one value, UTF-8, no duplicate keys, bounded depth. Written for headers of files nobody vouches for.
struct JSONParser {
  /// What is wrong, and at which byte.
  struct Failure: Error, Equatable {
    let reason: String
    let offset: Int
  }

  /// Deeper nesting is refused: recursion must not exhaust the stack.
  private static let maximumDepth = 32

  private let bytes: [UInt8]
  private var at = 0

  /// The value written in `bytes`, with nothing but white space around it.
  static func parse(_ bytes: [UInt8]) throws(Failure) -> JSON {
    var parser = JSONParser(bytes: bytes)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.at == bytes.count else { throw parser.failure("text after the value") }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  private func failure(_ reason: String) -> Failure { Failure(reason: reason, offset: at) }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { at += 1 }
  }

  /// Consumes `character` after white space, if it is next.
  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
    guard skip(character) else { throw failure("expected '\(character)'") }
  }

  private mutating func value(depth: Int) throws(Failure) -> JSON {
    guard depth < JSONParser.maximumDepth else { throw failure("nested deeper than \(JSONParser.maximumDepth)") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: return try number()
    }
  }

  private mutating func object(depth: Int) throws(Failure) -> JSON {
    try expect("{")
    var members: [JSON.Member] = []
    var keys: Set<Name> = []
    if skip("}") { return .object([]) }
    repeat {
      skipSpace()
      let key = try string()
      guard keys.insert(Name(key)).inserted else { throw failure("duplicate key \"\(key)\"") }
      try expect(":")
      members.append(JSON.Member(key: key, value: try value(depth: depth + 1)))
    } while skip(",")
    try expect("}")
    return .object(members)
  }

  private mutating func array(depth: Int) throws(Failure) -> JSON {
    try expect("[")
    var values: [JSON] = []
    if skip("]") { return .array([]) }
    repeat { values.append(try value(depth: depth + 1)) } while skip(",")
    try expect("]")
    return .array(values)
  }

  private mutating func literal(_ text: StaticString, _ value: JSON) throws(Failure) -> JSON {
    for index in 0..<text.utf8CodeUnitCount {
      guard next == text.utf8Start[index] else { throw failure("expected a value") }
      at += 1
    }
    return value
  }

  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
  private mutating func number() throws(Failure) -> JSON {
    let start = at
    if next == UInt8(ascii: "-") { at += 1 }
    if next == UInt8(ascii: "0") { at += 1 } else { try digits() }
    if next == UInt8(ascii: ".") {
      at += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      at += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { at += 1 }
      try digits()
    }
    return .number(String(decoding: bytes[start..<at], as: UTF8.self))
  }

  private mutating func digits() throws(Failure) {
    let start = at
    while let byte = next, byte >= 0x30, byte <= 0x39 { at += 1 }
    guard at > start else { throw failure("expected a value") }
  }

  private mutating func string() throws(Failure) -> String {
    guard next == UInt8(ascii: "\"") else { throw failure("expected a string") }
    at += 1
    var text: [UInt8] = []
    while let byte = next {
      at += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let valid = String(validating: text, as: UTF8.self) else { throw failure("a string is not UTF-8") }
        return valid
      case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
      case 0..<0x20: throw failure("a control character in a string")
      default: text.append(byte)
      }
    }
    throw failure("a string without end")
  }

  /// The UTF-8 of an escape sequence, its backslash already read.
  private mutating func escape() throws(Failure) -> [UInt8] {
    guard let byte = next else { throw failure("a string without end") }
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw failure("an unknown escape in a string")
    }
  }

  /// `\uXXXX`, or two of them that form a surrogate pair.
  private mutating func unicodeEscape() throws(Failure) -> [UInt8] {
    var code = try hexadecimal()
    if (0xD800..<0xDC00).contains(code), next == UInt8(ascii: "\\"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "u") {
      at += 2
      let low = try hexadecimal()
      guard (0xDC00..<0xE000).contains(low) else { throw failure("half of a surrogate pair") }
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair") }
    return Array(UTF8.encode(scalar)!)
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    guard at + 4 <= bytes.count else { throw failure("a string without end") }
    var code: UInt32 = 0
    for byte in bytes[at..<at + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw failure("an unknown escape in a string")
      }
      code = code << 4 | UInt32(digit)
    }
    at += 4
    return code
  }
}
