import Foundation
import Kernels
import Testing

/// Pages of docs name all that the source offers, so that a catalogue cannot be false by omission.
@Suite struct PagesTests {
  /// What a page has to name: the public names of folders or files that a pattern finds.
  static let pages: [(page: String, sources: [String], pattern: String)] = [
    ("LOSSES.md", ["Sources/Net/Losses"], #"public static (?:var|func) (\w+)"#),
    ("OPTIMIZERS.md", ["Sources/Net/Optimizers/UpdateOptions.swift"], #"public var (\w+)"#),
    ("OPTIMIZERS.md", ["Sources/Net/Training/Model+Averages.swift"], #"public func (\w+)"#),
    ("OPTIMIZERS.md", ["Sources/Kernels/Update.swift", "Sources/Kernels/UpdateSettings.swift"], #"public func (\w+)"#),
    (
      "SCHEDULES.md", ["Sources/Net/Training/ReduceLROnPlateau.swift", "Sources/Net/Training/LRFinder.swift"],
      #"public (?:final class|struct) (\w+):"#
    ),
    ("INITIALIZERS.md", ["Sources/Net/Initializers"], #"public static (?:var|func) (\w+)"#),
    (
      "REGULARIZATION.md", ["Sources/Net/Regularization/Regularizer.swift", "Sources/Net/Regularization/Constraint.swift"],
      #"public static (?:var|func) (\w+)"#
    ),
    (
      "REGULARIZATION.md",
      [
        "Sources/Net/Layers/NoiseLayers.swift", "Sources/Net/Layers/Dropout.swift",
        "Sources/Net/Layers/ActivityRegularization.swift",
      ],
      #"public struct (\w+): Layer"#
    ),
    (
      "ACTIVATIONS.md", ["Sources/Net/Layers/ActivationLayer.swift", "Sources/Net/Layers/PReLU.swift"],
      #"public struct (\w+): Layer"#
    ),
    ("METRICS.md", ["Sources/Net/Metrics"], #"public static (?:var|func) (\w+)"#),
  ]

  @Test(arguments: pages.indices) func namesAll(_ index: Int) throws {
    let (page, sources, pattern) = Self.pages[index]
    let text = try read("docs/\(page)"), found = try Regex(pattern, as: (Substring, Substring).self)
    let names = try sources.flatMap(files).flatMap { try read($0).matches(of: found).map { String($0.output.1) } }
    #expect(!names.isEmpty)
    for name in names { #expect(text.contains(name), "docs/\(page) does not name \(name)") }
  }

  @Test func namesAllActivations() throws {
    let text = try read("docs/ACTIVATIONS.md")
    for kind in Activation.Kind.allCases { #expect(text.contains("`.\(kind.rawValue)"), "\(kind)") }
  }

  /// Layers have a row of a table, on the page of their family.
  @Test func someTableHasEveryLayer() throws {
    let pages = try files("docs").filter { $0.hasSuffix(".md") }.map(read)
    let rows = pages.joined().split(separator: "\n").filter { $0.hasPrefix("|") }.joined(separator: "\n")
    for layer in SourceTypes.net.conforming(to: "Layer").sorted() {
      #expect(try rows.contains(Regex("`\(layer)[`({ ]")), "no table of docs/*.md has \(layer)")
    }
  }

  @Test func everyPageIsListed() throws {
    let list = try read("docs/README.md")
    for page in try files("docs").map({ $0.dropFirst(5) }) where page.hasSuffix(".md") && page != "README.md" {
      #expect(list.contains("](\(page))"), "docs/README.md does not list \(page)")
    }
  }

  @Test(arguments: [("Callback", "CALLBACKS.md"), ("Optimizer", "OPTIMIZERS.md"), ("Schedule", "SCHEDULES.md")])
  func namesAllConforming(to name: String, page: String) throws {
    let text = try read("docs/\(page)"), types = SourceTypes.net.conforming(to: name)
    #expect(!types.isEmpty)
    for type in types.sorted() { #expect(text.contains("`\(type)"), "\(type)") }
  }

  private func read(_ path: String) throws -> String {
    try String(contentsOf: SourceTypes.root.appending(path: path), encoding: .utf8)
  }

  private func files(_ path: String) throws -> [String] {
    guard !path.hasSuffix(".swift") else { return [path] }
    return try FileManager.default.contentsOfDirectory(atPath: SourceTypes.root.appending(path: path).path).map {
      "\(path)/\($0)"
    }
  }
}
