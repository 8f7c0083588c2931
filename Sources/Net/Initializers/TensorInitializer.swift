import Kernels

/// Values you give: weights trained before.
public struct TensorInitializer: Initializer {
  public let tensor: Tensor

  public init(_ tensor: Tensor) { self.tensor = tensor }

  public func check(shape: [Int]) throws {
    guard tensor.shape == shape else { throw NetError("the values to begin with have shape \(tensor.shape); expected \(shape)") }
  }

  public func fill(_ values: UnsafeMutableBufferPointer<Float>, shape: [Int], fanIn: Int, fanOut: Int, random: RandomStream) {
    tensor.withUnsafeBufferPointer { _ = values.update(fromContentsOf: $0) }
  }
}

extension Initializer where Self == TensorInitializer {
  /// These values; their shape must be the parameter's.
  public static func values(_ tensor: Tensor) -> TensorInitializer { TensorInitializer(tensor) }
}
