import Testing

@testable import lanewise

@Suite struct OutputTests {
  @Test func decimals() {
    #expect(decimal(0.12345, 2) == "0.12")
    #expect(decimal(-1.5, 0) == "-2")
    #expect(decimal(1234567.891, 1) == "1234567.9")
    #expect(decimal(.nan, 2) == "nan")
  }

  @Test func hashesHaveSixteenDigits() {
    #expect(hexadecimal(0xAB) == "00000000000000ab")
    #expect(hexadecimal(.max) == "ffffffffffffffff")
  }
}
