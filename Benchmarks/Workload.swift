/// One key of a family of workloads.
struct Key: Sendable {
  enum Kind: Sendable {
    /// An integer, at least this.
    case integer(atLeast: Int)
    /// 0 or 1.
    case flag
    case choice([String])
  }

  let name: String
  let kind: Kind
  /// The value when the key is not given; nil: it must be given.
  let fallback: String?

  static func size(_ name: String, default fallback: Int? = nil) -> Key {
    Key(name: name, kind: .integer(atLeast: 1), fallback: fallback.map { "\($0)" })
  }
  /// Like a size, but 0 is one too.
  static func count(_ name: String, default fallback: Int) -> Key {
    Key(name: name, kind: .integer(atLeast: 0), fallback: "\(fallback)")
  }
  static func flag(_ name: String, default fallback: Bool = false) -> Key {
    Key(name: name, kind: .flag, fallback: fallback ? "1" : "0")
  }
  static func choice(_ name: String, _ choices: [String], default fallback: String? = nil) -> Key {
    Key(name: name, kind: .choice(choices), fallback: fallback)
  }

  /// What `--help` says, for example `epilogue[none]=none|bias|bias+relu`.
  var usage: String {
    let label = fallback.map { "\(name)[\($0)]" } ?? name
    if case .choice(let choices) = kind { return "\(label)=\(choices.joined(separator: "|"))" }
    return label
  }

  /// Why `text` is not a value of this key; nil when it is one.
  func objection(to text: String) -> String? {
    switch kind {
    case .integer(let least):
      // Above this no product of two sizes with an element size fits an Int.
      if let n = Int(text), n >= least, n <= 1 << 30 { return nil }
      return "value '\(text)' of \(name) is not an integer in \(least)...\(1 << 30)"
    case .flag:
      return text == "0" || text == "1" ? nil : "value '\(text)' of \(name) is not 0 or 1"
    case .choice(let choices):
      return choices.contains(text) ? nil : "unknown value '\(text)' for \(name); expected \(choices.joined(separator: " "))"
    }
  }
}

/// The values of a workload's keys: every key of its family has one, of its kind.
struct Values {
  private let text: [String: String]

  init(_ pairs: [Substring], of family: any Family.Type) throws(BenchmarkError) {
    let expected = family.keys.map(\.name).joined(separator: " ")
    var text: [String: String] = [:]
    for pair in pairs {
      guard let equals = pair.firstIndex(of: "=") else {
        throw BenchmarkError("'\(pair)' is not KEY=VALUE; keys of \(family.name): \(expected)")
      }
      let name = String(pair[..<equals])
      let value = String(pair[pair.index(after: equals)...])
      guard let key = family.keys.first(where: { $0.name == name }) else {
        throw BenchmarkError("unknown key '\(name)' for \(family.name); expected \(expected)")
      }
      if let objection = key.objection(to: value) { throw BenchmarkError(objection) }
      guard text.updateValue(value, forKey: name) == nil else { throw BenchmarkError("key '\(name)' is given twice") }
    }
    for key in family.keys where text[key.name] == nil {
      guard let fallback = key.fallback else {
        throw BenchmarkError("missing key '\(key.name)' for \(family.name); expected \(expected)")
      }
      text[key.name] = fallback
    }
    self.text = text
  }

  func size(_ name: String) -> Int { Int(text[name]!)! }
  func flag(_ name: String) -> Bool { text[name] == "1" }
  func choice(_ name: String) -> String { text[name]! }
}

/// What one run of a workload must do at least.
struct Cost {
  /// Floating-point operations, a multiply-add counting two; 0 where memory or function evaluations dominate.
  var flops = 0.0
  /// Bytes of distinct memory read and written.
  var bytesRead = 0.0
  var bytesWritten = 0.0

  var bytes: Double { bytesRead + bytesWritten }
}

/// A family of workloads: one file in Families/, named in `families`.
protocol Family {
  static var name: String { get }
  /// One line for the heading of the default run.
  static var summary: String { get }
  static var keys: [Key] { get }
  /// The default run.
  static var examples: [String] { get }

  init(_ values: Values) throws

  var cost: Cost { get }

  /// Runs a small workload of the same kind and compares it with the reference: nil when right, otherwise what differs.
  func check() throws -> String?

  /// Allocates the operands and returns the work to be timed.
  func prepare() throws -> () -> Void
}

/// Every family, in the order of the default run.
var families: [any Family.Type] {
  [
    GEMMFamily.self, ConvolutionFamily.self, BatchNormFamily.self, PoolFamily.self, RowNormFamily.self, ActivationFamily.self,
    SoftmaxFamily.self, RecurrentFamily.self, AttentionFamily.self, UpdateFamily.self, NetworkFamily.self,
  ]
}
