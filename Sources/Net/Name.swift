/// A name of a tensor, parameter, layer or metric, or a key of a file: the same as another when its bytes are.
///
/// Swift takes strings for equal that look alike, such as "é" as one character and as an e with an accent. Files and other
/// programs do not, so wherever names are compared, looked up or put in order, it is done with these.
struct Name: Hashable, Comparable, Sendable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: Name, b: Name) -> Bool { a.text.hasBytes(of: b.text) }

  /// In the order of the bytes.
  static func < (a: Name, b: Name) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }

  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
    hasher.combine(UInt8.max)  // no byte of UTF-8: marks the end
  }
}

extension String {
  /// Whether both consist of the same bytes, and not only look alike.
  func hasBytes(of other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
