/// The share of examples whose class is among the k largest outputs; of equal outputs the first count as larger.
public struct TopKAccuracy: Metric {
  public let k: Int

  public init(k: Int = 5) { self.k = k }

  /// `top5Accuracy`.
  public var name: String { "top\(k)Accuracy" }

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    guard k >= 1 else { throw NetError("topKAccuracy: k is \(k); expected at least 1") }
    try checkAnswers(targets, output: shape, for: name)
    guard shape[0] > 1 else { throw NetError("\(name): one output; expected one for each class") }
  }

  public func makeAccumulator() -> any MetricAccumulator {
    ShareAccumulator { b in
      (
        (0..<b.batch).reduce(0) { $0 + (rank(of: b.label($1), in: b.outputs + $1 * b.outputCount, b.outputCount) < k ? 1 : 0) },
        b.batch
      )
    }
  }
}

/// How many outputs come before one.
private func rank(of label: Int, in outputs: UnsafePointer<Float>, _ count: Int) -> Int {
  var rank = 0
  for j in 0..<count where outputs[j] > outputs[label] || (outputs[j] == outputs[label] && j < label) { rank += 1 }
  return rank
}

extension Metric where Self == TopKAccuracy {
  /// The share of examples whose class is among the k largest outputs.
  public static func topKAccuracy(k: Int = 5) -> TopKAccuracy { TopKAccuracy(k: k) }
}
