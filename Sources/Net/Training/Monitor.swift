/// Which direction of a watched number is better.
public enum MonitorMode: Sendable {
  /// Larger for accuracies, `precision`, `recall`, `f1Score` and `auc`, smaller for the rest.
  case auto
  case min, max
}

/// A number of an epoch that a callback watches, and the best it has been.
struct Monitor {
  let name: String
  private let minDelta: Float
  private let largerIsBetter: Bool
  private(set) var best: Float?

  /// - Parameter minDelta: by how much a number has to be better to count.
  init(_ name: String, _ mode: MonitorMode, minDelta: Float) {
    self.name = name
    self.minDelta = minDelta
    largerIsBetter =
      switch mode {
      case .auto: Monitor.isLargerBetter(name)
      case .min: false
      case .max: true
      }
  }

  private static func isLargerBetter(_ name: String) -> Bool {
    let metric = name.hasPrefix("val_") ? String(name.dropFirst(4)) : name
    return metric.lowercased().hasSuffix("accuracy")
      || ["precision", "recall", "f1Score", "auc"].contains { metric == $0 || metric.hasPrefix("\($0)_") }
  }

  /// Forgets the best.
  mutating func reset() { best = nil }

  /// Whether the number is better than the best so far, which it then becomes.
  ///
  /// - Throws: `NetError` when there is no number of that name.
  mutating func improves(_ logs: Metrics, for callback: String) throws -> Bool {
    guard let value = logs[name] else {
      throw NetError("\(callback): there is no \(name); there are \(logs.names.joined(separator: ", "))")
    }
    guard best.map({ largerIsBetter ? value > $0 + minDelta : value < $0 - minDelta }) ?? true else { return false }
    best = value
    return true
  }
}
