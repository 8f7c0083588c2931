/// What the course of the training loss says about the learning rate. It sees the curve only: a network that blew up in its first
/// epoch and learns nothing since looks like one that has arrived.
public enum LearningRateSign: String, Sendable, CustomStringConvertible {
  /// The loss rises, or goes up and down around where it cannot get further.
  case tooLarge
  /// The loss falls, but slowly.
  case tooSmall
  /// The loss falls, or has fallen and stays.
  case good
  /// Fewer than three epochs say nothing.
  case unknown

  /// `the learning rate seems too large: the loss rises or oscillates`.
  public var description: String {
    switch self {
    case .tooLarge: "the learning rate seems too large: the loss rises or oscillates"
    case .tooSmall: "the learning rate seems too small: the loss falls slowly"
    case .good: "the learning rate seems right: the loss falls smoothly"
    case .unknown: "fewer than three epochs say nothing about the learning rate"
    }
  }

  /// The share of all movement of the loss that may be upwards: noise of batches stays below it.
  private static let noise = 0.25
  /// A smooth fall over all epochs by less than this share of the first loss is slow.
  private static let slow = 0.1

  /// - Parameter losses: the training loss after each epoch.
  public init(losses: [Float]) {
    guard losses.count >= 3, let first = losses.first, let last = losses.last else {
      self = .unknown
      return
    }
    let steps = zip(losses, losses.dropFirst()).map { Double($1) - Double($0) }
    // Where there are more than a few epochs the first fall, the largest, would hide what comes after.
    let skipped = losses.count > 3 ? 1 : 0
    let (up, all) = steps.dropFirst(skipped).reduce((0, 0)) { ($0.0 + max(0, $1), $0.1 + abs($1)) }
    // A loss that has arrived only trembles: what moves is small beside what it comes from.
    let trembles = all < Self.slow * abs(Double(losses[skipped]))
    if !losses.allSatisfy(\.isFinite) || last > first || (up > Self.noise * all && !trembles) {
      self = .tooLarge
    } else if steps.allSatisfy({ $0 < 0 }), first - last < Float(Self.slow) * abs(first) {
      self = .tooSmall
    } else {
      self = .good
    }
  }
}

extension History {
  /// What the training loss says about the learning rate; see `LRFinder` for how to find one.
  public var learningRateSign: LearningRateSign { LearningRateSign(losses: loss) }
}
