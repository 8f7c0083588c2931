/// What a gradient check found. `print` it: one line says whether gradients and differences agree, and what differs the most.
public struct GradCheckReport: Sendable, CustomStringConvertible {
  /// One derivative, worked out in two ways.
  public struct Element: Sendable, CustomStringConvertible {
    /// What the loss was differentiated by: `dense_1/kernel`, or `inputs`. Of the loss itself `loss`.
    public let name: String
    /// Where in it: the index in each dimension.
    public let index: [Int]
    /// The derivative by the backward pass.
    public let analytic: Double
    /// The derivative by differences.
    public let numeric: Double
    /// |analytic - numeric| / size, the size being the larger of the two, but at least a tenth of the largest derivative by the
    /// same parameter and a hundredth of the largest of all: what is small because large terms cancel has their rounding errors.
    public let relativeError: Double

    public var description: String {
      let place = index.isEmpty ? "" : "[\(index.map(String.init).joined(separator: ", "))]"
      return "\(name)\(place): backward \(analytic), differences \(numeric), relative error \(relativeError)"
    }
  }

  /// The element of the largest relative error.
  public let worst: Element
  /// The relative error that is still good.
  public let tolerance: Double
  /// How many derivatives were compared.
  public let count: Int
  /// The ops and losses that have no float64 reference. With one of them the step is larger, and errors of float32 are in the
  /// differences: the default tolerance is that much larger.
  public let inFloat32: [String]

  /// Whether all derivatives agree.
  public var passed: Bool { worst.relativeError <= tolerance }

  public var description: String {
    let how = inFloat32.isEmpty ? "float64" : "float32, as there is no reference of \(inFloat32.joined(separator: ", "))"
    return "gradients \(passed ? "agree" : "DIFFER") within \(tolerance) in \(count) places (differences in \(how)); "
      + "worst \(worst)"
  }
}
