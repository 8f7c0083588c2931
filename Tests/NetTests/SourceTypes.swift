import Foundation
import Testing

/// The types a source declares, by what they conform to: what lists of checks and pages of documentation must not leave out.
struct SourceTypes {
  private struct Declaration {
    var isPublic = false
    var isProtocol = false
    var parents: Set<String> = []
  }

  private var declarations: [String: Declaration] = [:]

  /// - Parameter source: Swift files, formatted as this package's are.
  init(_ source: [String]) {
    let declaration =
      /(?m)^[ \t]*((?:(?:public|private|fileprivate|package|internal|final|indirect) )*)(struct|class|enum|actor|protocol|extension) (\w+)(?:<[^>{]*>)?\s*(?::([^{]*))?\{/
    for match in source.flatMap({ $0.matches(of: declaration) }) {
      var type = declarations[String(match.3)] ?? Declaration()
      if match.2 != "extension" {
        type.isPublic = match.1.contains("public")
        type.isProtocol = match.2 == "protocol"
      }
      let list = match.4.map { $0.prefix(upTo: $0.firstRange(of: " where ")?.lowerBound ?? $0.endIndex) } ?? ""
      type.parents.formUnion(list.split { !$0.isLetter && !$0.isNumber }.map(String.init))
      declarations[String(match.3)] = type
    }
  }

  /// The types that conform to a protocol, be it through other protocols.
  func conforming(to name: String, isPublic: Bool = true) -> Set<String> {
    Set(
      declarations.filter { type, declared in
        !declared.isProtocol && (declared.isPublic || !isPublic) && reaches(name, from: type)
      }.keys)
  }

  private func reaches(_ name: String, from type: String) -> Bool {
    guard let parents = declarations[type]?.parents else { return false }
    return parents.contains(name) || parents.contains { reaches(name, from: $0) }
  }
}

extension SourceTypes {
  /// The folder of the package.
  static let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL

  /// The files of Sources/Net.
  static let netFiles: [String] = {
    let folder = root.appending(path: "Sources/Net")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)!.compactMap { $0 as? URL }
    return files.filter { $0.pathExtension == "swift" }.map { try! String(contentsOf: $0, encoding: .utf8) }
  }()

  /// What Net declares.
  static let net = SourceTypes(netFiles)
}

/// Lists that are complete only if this finds everything.
@Suite struct SourceTypesTests {
  static let source = """
    public protocol Gated: Layer, Sendable {}
    public struct Direct: Layer, Sendable {
      public struct Nested: Layer {}
    }
    public final class Indirect<T>: Gated {}
    public struct Later {
    }
    extension Later: Gated where T: Op {}
    struct Hidden: Layer {}
    public struct Other: Op {}
    extension Layer where Self == Direct {}
    /// public struct Comment: Layer {}
    """

  @Test func findsEveryConformance() {
    let types = SourceTypes([Self.source])
    #expect(types.conforming(to: "Layer") == ["Direct", "Nested", "Indirect", "Later"])
    #expect(types.conforming(to: "Layer", isPublic: false) == ["Direct", "Nested", "Indirect", "Later", "Hidden"])
  }

  /// A layer or a loss that is new in Net is missing in every list.
  @Test func newTypesAreMissing() throws {
    let types = SourceTypes(
      SourceTypes.netFiles + ["public struct NewLayer: RecurrentLayer {}", "public struct NewLoss: ElementwiseLoss {}"])
    #expect(types.conforming(to: "Layer").subtracting(checkedLayers) == ["NewLayer"])
    #expect(types.conforming(to: "Layer").subtracting(goldenLayers) == ["NewLayer"])
    #expect(types.conforming(to: "Loss").subtracting(checkedLosses) == ["NewLoss"])
    #expect(types.conforming(to: "Loss").subtracting(goldenLosses) == ["NewLoss"])
  }
}
