import Kernels

/// Zeros around an image: `[height, width, channels]` to `[height + top + bottom, width + left + right, channels]`.
public struct ZeroPadding2D: Layer {
  public let padding: Padding2D
  public let kind = "zeroPadding2d"

  public init(_ padding: Padding2D) { self.padding = padding }

  /// As many on each side.
  public init(_ padding: Int = 1) { self.padding = Padding2D(padding) }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyImage(inputs)
    let fits = try Window(size: 1, strides: 1, padding: .explicit(padding)).padding(height: x.shape[0], width: x.shape[1])
    return try graph.add(Pad(height: x.shape[0], width: x.shape[1], channels: x.shape[2], padding: fits), to: [x])
  }
}

/// Its inputs side by side along the last dimension: `[..., a]` and `[..., b]` to `[..., a + b]`.
public struct Concatenate: Layer {
  public let kind = "concatenate"

  public init() {}

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    guard inputs.count >= 2 else { throw NetError("got \(inputs.count) inputs; expected at least two") }
    let rows = inputs[0].shape.dropLast().reduce(1, *)
    return try graph.add(Join(rows: rows, columns: inputs.map { $0.shape.last ?? 1 }), to: inputs)
  }
}

/// The channels of each group in turn (Zhang et al. 2017), any shape: `[..., channels]` as `[..., groups, channels / groups]`,
/// transposed. Of six channels in two groups 0 1 2, 3 4 5 come out 0 3 1 4 2 5: what follows a group convolution sees all groups.
public struct ChannelShuffle: Layer {
  public let groups: Int
  public let kind = "channelShuffle"

  /// - Parameter groups: must divide the channels.
  public init(groups: Int) { self.groups = groups }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    guard let channels = x.shape.last else { throw NetError("the input has no dimensions; expected at least one") }
    guard groups >= 1 else { throw NetError("\(groups) groups; expected at least 1") }
    guard channels % groups == 0 else { throw NetError("\(groups) groups do not divide \(channels) channels") }
    return try graph.add(Shuffle(rows: x.shape.dropLast().reduce(1, *), channels: channels, groups: groups), to: [x])
  }
}
