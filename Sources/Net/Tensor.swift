/// An n-dimensional array of float32, row-major and contiguous: the type of inputs, outputs and parameters at the
/// border of Net. A part of one is `Tensor(shape: [1, 28, 28, 1], Array(t.values[a..<b]))`. A scalar has shape `[]` and one value; a dimension of 0 is legal and leaves no values.
public struct Tensor: Equatable, Sendable {
  /// The size of each dimension, outermost first. Images are `[count, height, width, channels]`.
  public let shape: [Int]
  /// The values in row-major order: the last dimension varies fastest.
  public private(set) var values: [Float]

  /// A tensor of `values`, of which there must be as many as `shape` says.
  public init(shape: [Int], _ values: [Float]) throws(NetError) {
    guard let count = Tensor.count(of: shape) else {
      throw NetError("tensor: shape \(shape) has a negative dimension or more elements than an Int can count")
    }
    guard count == values.count else {
      throw NetError("tensor: shape \(shape) needs \(count) values, got \(values.count)")
    }
    self.shape = shape
    self.values = values
  }

  /// A tensor of zeros.
  public init(zeros shape: [Int]) {
    guard let count = Tensor.count(of: shape) else { preconditionFailure("Tensor(zeros:): impossible shape \(shape)") }
    self.shape = shape
    self.values = [Float](repeating: 0, count: count)
  }

  /// The number of values.
  public var count: Int { values.count }

  /// Calls `body` with the values in row-major order.
  public func withUnsafeBufferPointer<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
    try values.withUnsafeBufferPointer(body)
  }

  /// Calls `body` with the values in row-major order, to be changed in place.
  public mutating func withUnsafeMutableBufferPointer<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
    try values.withUnsafeMutableBufferPointer { try body($0) }
  }

  /// The product of `shape`, or nil where a dimension is negative or the product overflows.
  static func count(of shape: [Int]) -> Int? {
    var count = 1
    for dimension in shape {
      guard dimension >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      guard !overflow else { return nil }
      count = product
    }
    return count
  }
}
