/// The mean of each channel over all steps: `[steps, channels]` to `[channels]`.
public struct GlobalAvgPool1D: Layer {
  public let kind = "globalAvgPool1d"

  public init() {}

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    guard x.shape.count == 2 else { throw NetError("input of shape \(x.shape); expected a sequence [steps, channels]") }
    return try graph.add(GlobalAveragePooling(positions: x.shape[0], channels: x.shape[1]), to: [x])
  }
}
