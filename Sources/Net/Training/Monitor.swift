/// Which direction of a watched number is better.
public enum MonitorMode: Sendable {
  /// Larger for accuracies, `precision`, `recall`, `f1Score` and `auc`, smaller for the rest.
  case auto
  case min, max
}

/// A number of an epoch that a callback watches, the best it has been, and for how long it has not been better. The one place that
/// says what is better: a NaN never is, and the first number always.
struct Monitor {
  let name: String
  private let minDelta: Float
  private let largerIsBetter: Bool
  private(set) var best: Float?
  /// How many numbers in a row have not been better.
  private(set) var waited = 0
  /// Whether a number has been seen, and another after it.
  private var hasSeen = false, canCompare = false

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

  /// Forgets all numbers.
  mutating func reset() { (best, waited, hasSeen, canCompare) = (nil, 0, false, false) }

  /// Begins to wait anew.
  mutating func restartWaiting() { waited = 0 }

  /// Whether as many numbers as `patience` have not been better. Never after the first: there was nothing yet to be better than.
  func isTired(patience: Int) -> Bool { canCompare && waited > 0 && waited >= patience }

  /// Whether the number is better than the best so far, which it then becomes. A NaN never is.
  ///
  /// - Throws: `NetError` when there is no number of that name.
  mutating func improves(_ logs: Metrics, for callback: String) throws -> Bool {
    guard let value = logs[name] else {
      throw NetError("\(callback): there is no \(name); there are \(logs.names.joined(separator: ", "))")
    }
    (hasSeen, canCompare) = (true, hasSeen)
    guard isBetter(value) else {
      waited += 1
      return false
    }
    (best, waited) = (value, 0)
    return true
  }

  private func isBetter(_ value: Float) -> Bool {
    guard let best else { return !value.isNaN }
    return largerIsBetter ? value > best + minDelta : value < best - minDelta
  }
}
