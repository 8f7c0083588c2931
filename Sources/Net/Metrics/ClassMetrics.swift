/// Of the answers the share that was right: of one yes-no output, of the yeses; of several classes, the mean over the classes, or of one
/// of them.
public struct Precision: Metric {
  public let name: String
  let ofClass: Int?

  /// - Parameter ofClass: the only class that counts, or nil.
  public init(ofClass: Int? = nil) { (name, self.ofClass) = (className("precision", ofClass), ofClass) }

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    try checkClass(ofClass, targets, output: shape, for: name)
  }

  public func makeAccumulator() -> any MetricAccumulator { MatrixAccumulator(ofClass) { $0.precision($1) } }
}

/// Of what there is the share that was found: of one yes-no output, of the yeses; of several classes, the mean over the classes, or
/// of one of them.
public struct Recall: Metric {
  public let name: String
  let ofClass: Int?

  /// - Parameter ofClass: the only class that counts, or nil.
  public init(ofClass: Int? = nil) { (name, self.ofClass) = (className("recall", ofClass), ofClass) }

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    try checkClass(ofClass, targets, output: shape, for: name)
  }

  public func makeAccumulator() -> any MetricAccumulator { MatrixAccumulator(ofClass) { $0.recall($1) } }
}

/// 2 p r / (p + r) of precision and recall: of one yes-no output, of the yeses; of several classes, the mean over the classes, or of
/// one of them.
public struct F1Score: Metric {
  public let name: String
  let ofClass: Int?

  /// - Parameter ofClass: the only class that counts, or nil.
  public init(ofClass: Int? = nil) { (name, self.ofClass) = (className("f1Score", ofClass), ofClass) }

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    try checkClass(ofClass, targets, output: shape, for: name)
  }

  public func makeAccumulator() -> any MetricAccumulator { MatrixAccumulator(ofClass) { $0.f1($1) } }
}

extension Metric where Self == Precision {
  /// Of the answers the share that was right.
  public static var precision: Precision { Precision() }
  /// Of the answers `ofClass` the share that was right.
  public static func precision(ofClass: Int) -> Precision { Precision(ofClass: ofClass) }
}

extension Metric where Self == Recall {
  /// Of what there is the share that was found.
  public static var recall: Recall { Recall() }
  /// Of the examples of `ofClass` the share that was found.
  public static func recall(ofClass: Int) -> Recall { Recall(ofClass: ofClass) }
}

extension Metric where Self == F1Score {
  /// The harmonic mean of precision and recall.
  public static var f1Score: F1Score { F1Score() }
  /// The harmonic mean of precision and recall of `ofClass`.
  public static func f1Score(ofClass: Int) -> F1Score { F1Score(ofClass: ofClass) }
}

private func className(_ name: String, _ ofClass: Int?) -> String { ofClass.map { "\(name)_\($0)" } ?? name }

private func checkClass(_ ofClass: Int?, _ targets: Dataset.Targets, output shape: [Int], for name: String) throws {
  try checkAnswers(targets, output: shape, for: name)
  let classes = max(2, shape[0])
  if let ofClass, !(0..<classes ~= ofClass) { throw NetError("\(name): there is no class \(ofClass); expected 0..<\(classes)") }
}

/// A number of a confusion matrix: of a class, or the mean over all.
private final class MatrixAccumulator: MetricAccumulator {
  private let ofClass: Int?
  private let number: (ConfusionMatrix, Int) -> Float
  /// Nil before the first batch.
  private var matrix: ConfusionMatrix?
  private var isYesNo = false

  init(_ ofClass: Int?, _ number: @escaping (ConfusionMatrix, Int) -> Float) {
    self.ofClass = ofClass
    self.number = number
  }

  func reset() { matrix?.reset() }

  func update(_ batch: MetricBatch) {
    if matrix == nil {
      matrix = ConfusionMatrix(classes: max(2, batch.outputCount))
      isYesNo = batch.outputCount == 1
    }
    matrix!.update(batch)
  }

  var value: Float {
    guard let matrix else { return 0 }
    if let ofClass = ofClass ?? (isYesNo ? 1 : nil) { return number(matrix, ofClass) }
    return (0..<matrix.classes).reduce(0) { $0 + number(matrix, $1) } / Float(matrix.classes)
  }
}
