import Kernels

/// Something to watch besides the loss. To write your own, return an accumulator of your making.
public protocol Metric: Sendable {
  /// Its name in `Metrics` and `History`; validation values are called `val_` and this.
  var name: String { get }

  /// Throws unless the metric can be computed from an output of this shape.
  func check(_ targets: Dataset.Targets, output shape: [Int]) throws

  /// A fresh accumulator.
  func makeAccumulator() -> any MetricAccumulator
}

extension Metric {
  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {}
}

/// Collects a metric over the batches of an epoch.
public protocol MetricAccumulator: AnyObject {
  /// Forgets all batches.
  func reset()
  /// Takes in one batch.
  func update(_ batch: MetricBatch)
  /// The metric of all batches since the last reset.
  var value: Float { get }
}

/// The outputs and targets of one batch.
public struct MetricBatch {
  /// The number of examples.
  public let batch: Int
  /// The outputs the loss was computed from, `[batch, outputCount]`: logits for the cross-entropies.
  public let outputs: UnsafePointer<Float>
  /// Elements of one output.
  public let outputCount: Int
  /// The class of each example, when the targets are classes.
  public let labels: UnsafePointer<Int32>?
  /// The target values `[batch, outputCount]`, when the targets are values.
  public let targets: UnsafePointer<Float>?
  /// The output above which a yes-no output means yes: 0 for logits, 0.5 for probabilities.
  public let threshold: Float
}

extension MetricBatch {
  /// The class that example i is answered with: 0 or 1 of one output.
  func answer(_ i: Int) -> Int {
    outputCount == 1 ? (outputs[i] > threshold ? 1 : 0) : argmax(outputs + i * outputCount, count: outputCount)
  }

  /// The class example i has.
  func label(_ i: Int) -> Int {
    if let labels { return Int(labels[i]) }
    return outputCount == 1 ? (targets![i] > 0.5 ? 1 : 0) : argmax(targets! + i * outputCount, count: outputCount)
  }
}
