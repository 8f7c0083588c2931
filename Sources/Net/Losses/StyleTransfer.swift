import Kernels

/// 1/2 sum (y - t)^2 over an example, mean over the batch: how far features are from those of an image whose content is to be kept
/// (Gatys, Ecker, Bethge 2016).
public struct ContentLoss: Loss {
  public let name = "content"

  public init() {}

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    try checkValues(targets, output: shape, for: name, hint: "; expected .values")
  }

  public func lossesPerExample(_ output: [Int]) -> Int { output.reduce(1, *) }

  /// Half a square counts as often as there are elements, of which the reported mean is one.
  public func evaluate(_ c: LossContext) {
    let count = c.batch * c.outputCount, half = Float(c.outputCount) / 2
    elementLoss(
      .squaredError, count: count, predictions: c.outputs, targets: c.targets!, gradientScale: c.scale * half,
      losses: c.losses, gradient: c.gradient)
    scale(half, c.losses, into: c.losses, count: count)
  }
}

/// sum (F^T F - S^T S)^2 / (4 N^2 M^2), mean over the batch, for features F and S (the targets) of M positions and N channels: how
/// far the correlations of channels, which make a style, are from those of another image (Gatys, Ecker, Bethge 2016).
public struct GramLoss: Loss {
  public let channels: Int
  public let name = "gram"

  /// - Parameter channels: the last dimension of the output.
  public init(channels: Int) { self.channels = channels }

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    try checkValues(targets, output: shape, for: name, hint: "; expected .values")
    guard shape.last == channels else { throw NetError("gram: \(channels) channels; the network's output has shape \(shape)") }
  }

  public func evaluate(_ c: LossContext) {
    gramLoss(
      batch: c.batch, positions: c.outputCount / channels, channels: channels, features: c.outputs, style: c.targets!,
      gradientScale: c.scale, losses: c.losses, gradient: c.gradient)
  }
}

extension Loss where Self == ContentLoss {
  /// 1/2 sum (y - t)^2 of an example.
  public static var content: ContentLoss { ContentLoss() }
}

extension Loss where Self == GramLoss {
  /// The squared distance of Gram matrices of features with `channels` channels.
  public static func gram(channels: Int) -> GramLoss { GramLoss(channels: channels) }
}
