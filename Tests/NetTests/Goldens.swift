import Foundation
import Net

/// What PyTorch computed: the records that `scripts/make-goldens.py` wrote.
enum Goldens {
  /// One case: see the script for what each field is.
  struct Record: Sendable {
    let name: String
    let input: Tensor
    let targets: Dataset.Targets
    let teacher: Tensor?
    let loss: Float
    let output: Tensor
    let inputGradient: Tensor
    /// By the names the parameters have in Net.
    let parameters, gradients, steps: [String: Tensor]

    var data: Dataset { get throws { try Dataset(inputs: input, targets: targets, teacher: teacher) } }
  }

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Goldens")

  /// The families there are files of.
  static func families() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).map { String($0.prefix { $0 != "." }) }.sorted()
  }

  /// The file of a family: for families that are not networks, whose records have other fields.
  static func read(_ family: String) throws -> JSON {
    try JSON.parse([UInt8](Data(contentsOf: folder.appendingPathComponent("\(family).json"))))
  }

  static func records(_ family: String) throws -> [Record] {
    try read(family)["cases"].elements.map { try Record($0) }
  }
}

extension Goldens.Record {
  init(_ json: JSON) throws {
    name = json["name"].text
    input = try json["input"].tensor
    if case .null = json["labels"] {
      targets = .values(try json["targets"].tensor)
    } else {
      targets = .classes(json["labels"].elements.map { Int32($0.integer!) }, count: json["classes"].integer!)
    }
    teacher = if case .null = json["teacher"] { nil } else { try json["teacher"].tensor }
    loss = json["loss"].float
    output = try json["output"].tensor
    inputGradient = try json["inputGradient"].tensor
    parameters = try json["parameters"].tensors
    gradients = try json["gradients"].tensors
    steps = try json["steps"].tensors
  }
}

// The files are the project's own: what is not as expected stops the test.
extension JSON {
  /// A member of an object; null when there is none.
  subscript(_ key: String) -> JSON { members.first { $0.key == key }?.value ?? .null }

  var members: [Member] { if case .object(let members) = self { members } else { preconditionFailure("no object") } }

  var elements: [JSON] { if case .array(let elements) = self { elements } else { preconditionFailure("no array") } }

  var text: String { if case .string(let text) = self { text } else { preconditionFailure("no string") } }

  var float: Float { if case .number(let text) = self { Float(text)! } else { preconditionFailure("no number") } }

  /// `{"shape": [...], "values": [...]}`
  var tensor: Tensor {
    get throws { try Tensor(shape: self["shape"].elements.map { $0.integer! }, self["values"].elements.map(\.float)) }
  }

  var tensors: [String: Tensor] {
    get throws { Dictionary(uniqueKeysWithValues: try members.map { ($0.key, try $0.value.tensor) }) }
  }
}
