import Reference
import Testing

@testable import Net

@Suite struct DigitsTests {
  @Test func holdsTheClassesInTurn() throws {
    let (train, test) = try Dataset.digits()
    #expect(train.inputs.shape == [4000, 28, 28, 1])
    #expect(test.inputs.shape == [1000, 28, 28, 1])
    for set in [train, test] {
      guard case .classes(let labels, let count) = set.targets else {
        Issue.record("digits has classes")
        continue
      }
      #expect(count == 10)
      #expect(labels == (0..<Int32(set.count)).map { $0 % 10 })
    }
  }

  /// The pixels are those that scripts/make-digits.py writes, times 1/255.
  @Test func holdsTheVeryPixels() throws {
    let (train, test) = try Dataset.digits()
    #expect(fnv1a(train.inputs.values) == 0x56a3_aa2d_049c_0f86)
    #expect(fnv1a(test.inputs.values) == 0x6fe5_a5fa_7892_f489)
  }

  @Test func aMissingResourceIsAnErrorThatSaysWhereItWasLookedFor() {
    let text = message { _ = try Resource.path("nothing") } ?? ""
    #expect(text.hasPrefix("nothing: this resource of the package is not in any of: /"))
    #expect(text.contains("lanewise_Net.resources, "))
    #expect(text.hasSuffix("/Sources/Net/Resources"))
  }
}
