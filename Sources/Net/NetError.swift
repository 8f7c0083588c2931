/// What went wrong with data, a file, or whatever a user passed to Net: what it was, where, and what was expected.
public struct NetError: Error, Equatable, CustomStringConvertible {
  /// One sentence that names the layer, file or argument, the value found and the value expected.
  public let description: String

  public init(_ description: String) {
    self.description = description
  }
}
