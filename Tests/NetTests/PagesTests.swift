import Foundation
import Kernels
import Testing

/// Pages of docs name all that the source offers, so that a catalogue cannot be false by omission.
@Suite struct PagesTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// What a page has to name: the public names of folders or files that a pattern finds.
  static let pages: [(page: String, sources: [String], pattern: String)] = [
    ("LOSSES.md", ["Sources/Net/Losses"], #"public static (?:var|func) (\w+)"#),
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

  private func read(_ path: String) throws -> String {
    try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
  }

  private func files(_ path: String) throws -> [String] {
    guard !path.hasSuffix(".swift") else { return [path] }
    return try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: path).path).map { "\(path)/\($0)" }
  }
}
