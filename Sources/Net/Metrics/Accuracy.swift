import Kernels

/// The share of examples answered rightly.
///
/// With class labels, or several outputs and one-hot targets: the largest output is the class (the first of equals). With
/// one output: yes above the threshold, where a target above 0.5 means yes.
public struct Accuracy: Metric {
  public let name = "accuracy"

  public init() {}

  public func makeAccumulator() -> any MetricAccumulator {
    ShareAccumulator { $0.outputCount == 1 ? countAgreeing($0) : countClasses($0) }
  }
}

/// The share of yes-no outputs answered rightly, each output of each example for itself.
public struct BinaryAccuracy: Metric {
  public let name = "binaryAccuracy"

  public init() {}

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    if case .classes = targets, shape != [1] {
      throw NetError("binaryAccuracy: class labels need one output, the network has shape \(shape)")
    }
  }

  public func makeAccumulator() -> any MetricAccumulator { ShareAccumulator(countAgreeing) }
}

extension Metric where Self == Accuracy {
  /// The share of examples answered rightly.
  public static var accuracy: Accuracy { Accuracy() }
}

extension Metric where Self == BinaryAccuracy {
  /// The share of yes-no outputs answered rightly.
  public static var binaryAccuracy: BinaryAccuracy { BinaryAccuracy() }
}

/// A share: hits of tries.
final class ShareAccumulator: MetricAccumulator {
  private let count: (MetricBatch) -> (hits: Int, tries: Int)
  private var hits = 0
  private var tries = 0

  init(_ count: @escaping (MetricBatch) -> (hits: Int, tries: Int)) { self.count = count }

  func reset() {
    hits = 0
    tries = 0
  }

  func update(_ batch: MetricBatch) {
    let (hits, tries) = count(batch)
    self.hits += hits
    self.tries += tries
  }

  var value: Float { tries == 0 ? 0 : Float(Double(hits) / Double(tries)) }
}

private func countClasses(_ b: MetricBatch) -> (hits: Int, tries: Int) {
  var hits = 0
  for i in 0..<b.batch where b.answer(i) == b.label(i) { hits += 1 }
  return (hits, b.batch)
}

private func countAgreeing(_ b: MetricBatch) -> (hits: Int, tries: Int) {
  let tries = b.batch * b.outputCount
  var hits = 0
  for i in 0..<tries {
    let isYes = b.targets.map { $0[i] > 0.5 } ?? (b.labels![i] == 1)
    if (b.outputs[i] > b.threshold) == isYes { hits += 1 }
  }
  return (hits, tries)
}
