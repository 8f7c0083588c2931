/// All dimensions of an example in one: `[28, 28, 1]` to `[784]`.
public struct Flatten: Layer {
  public let kind = "flatten"

  public init() {}

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    return try graph.add(View(shape: [x.shape.reduce(1, *)]), to: [x])
  }
}

/// The same elements under another shape. One dimension may be -1: it is what the others leave.
public struct Reshape: Layer {
  public let shape: [Int]
  public let kind = "reshape"

  /// - Parameter shape: of one example, without the batch.
  public init(_ shape: [Int]) { self.shape = shape }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    return try graph.add(View(shape: try resolved(x.shape.reduce(1, *))), to: [x])
  }

  /// The shape with its -1 replaced.
  private func resolved(_ count: Int) throws -> [Int] {
    guard shape.filter({ $0 == -1 }).count <= 1, shape.allSatisfy({ $0 >= 1 || $0 == -1 }) else {
      throw NetError("shape \(shape); expected dimensions of at least 1, and -1 at most once")
    }
    guard let known = Tensor.count(of: shape.filter { $0 != -1 }) else { throw NetError("shape \(shape) is too large") }
    guard let free = shape.firstIndex(of: -1) else { return shape }
    guard count % known == 0 else { throw NetError("\(count) elements do not divide into shape \(shape)") }
    var resolved = shape
    resolved[free] = count / known
    return resolved
  }
}
