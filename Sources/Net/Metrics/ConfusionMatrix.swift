/// How often each class was answered for each class: what accuracy, precision, recall and F1 are computed from.
///
/// ```swift
/// let matrix = try ConfusionMatrix(model.predict(test.inputs), test.targets)
/// print(matrix)                          // a row for each class there is, a column for each answer
/// print(matrix[4, 9], matrix.recall(4))  // fours taken for nines; the share of fours that were found
/// ```
/// Of one yes-no output the classes are 0, no, and 1, yes.
public struct ConfusionMatrix: Hashable, Sendable, CustomStringConvertible {
  public let classes: Int
  private var counts: [Int]

  /// All counts 0.
  init(classes: Int) {
    self.classes = classes
    counts = [Int](repeating: 0, count: classes * classes)
  }

  /// Counts predictions, a row an example: the largest is the answer, the first of equals; of a single one, yes above the
  /// threshold, which is 0 for logits.
  ///
  /// - Throws: `NetError` when predictions and targets do not fit.
  public init(_ predictions: Tensor, _ targets: Dataset.Targets, threshold: Float = 0.5) throws {
    let shape = Array(predictions.shape.dropFirst())
    // Checks counts and labels.
    _ = try Dataset(inputs: predictions, targets: targets)
    if case .classes(let labels, _) = targets, labels.count != predictions.shape[0] {
      throw NetError("confusionMatrix: \(predictions.shape[0]) predictions but \(labels.count) labels")
    }
    try checkAnswers(targets, output: shape, for: "confusionMatrix")
    try Size.check([max(2, shape[0]), max(2, shape[0])], "confusionMatrix: counts")
    self.init(classes: max(2, shape[0]))
    predictions.withUnsafeBufferPointer { outputs in
      guard let outputs = outputs.baseAddress else { return }
      func count(_ labels: UnsafePointer<Int32>?, _ values: UnsafePointer<Float>?) {
        update(
          MetricBatch(
            batch: predictions.shape[0], outputs: outputs, outputCount: shape[0], labels: labels, targets: values,
            threshold: threshold))
      }
      switch targets {
      case .classes(let labels, _): labels.withUnsafeBufferPointer { count($0.baseAddress, nil) }
      case .values(let values): values.withUnsafeBufferPointer { count(nil, $0.baseAddress) }
      }
    }
  }

  /// How many examples of class `actual` were taken for `answer`.
  public subscript(_ actual: Int, _ answer: Int) -> Int { counts[actual * classes + answer] }

  /// How many examples were counted.
  public var count: Int { counts.reduce(0, +) }

  /// The share of examples that were answered rightly.
  public var accuracy: Float { share((0..<classes).reduce(0) { $0 + self[$1, $1] }, of: count) }

  /// Of the answers `c` the share that was right; 0 when nothing was answered `c`.
  public func precision(_ c: Int) -> Float { share(self[c, c], of: (0..<classes).reduce(0) { $0 + self[$1, c] }) }

  /// Of the examples of class `c` the share that was found; 0 when there are none.
  public func recall(_ c: Int) -> Float { share(self[c, c], of: (0..<classes).reduce(0) { $0 + self[c, $1] }) }

  /// The harmonic mean of precision and recall, 2 p r / (p + r).
  public func f1(_ c: Int) -> Float {
    let answered = (0..<classes).reduce(0) { $0 + self[$1, c] }, there = (0..<classes).reduce(0) { $0 + self[c, $1] }
    return share(2 * self[c, c], of: answered + there)
  }

  /// A row for each class, a column for each answer.
  public var description: String {
    let width = max(2, counts.map { "\($0)".count }.max() ?? 0) + 1
    func row(_ head: String, _ cells: [String]) -> String { ([head] + cells).map { padded($0, width) }.joined() }
    let names = (0..<classes).map { "\($0)" }
    return ([row("", names)] + names.indices.map { i in row(names[i], names.indices.map { "\(self[i, $0])" }) })
      .joined(separator: "\n")
  }

  mutating func reset() {
    for i in counts.indices { counts[i] = 0 }
  }

  mutating func update(_ b: MetricBatch) {
    for i in 0..<b.batch { counts[b.label(i) * classes + b.answer(i)] += 1 }
  }

  private func share(_ part: Int, of whole: Int) -> Float { whole == 0 ? 0 : Float(Double(part) / Double(whole)) }

  private func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}

/// Throws unless an output is one row of classes, or one yes-no, and the targets fit.
func checkAnswers(_ targets: Dataset.Targets, output shape: [Int], for name: String) throws {
  guard shape.count == 1 else { throw NetError("\(name): output shape \(shape); expected one row of classes, or one output") }
  switch targets {
  case .classes(_, let classes):
    guard classes <= max(2, shape[0]) else { throw NetError("\(name): \(classes) classes; the output has shape \(shape)") }
  case .values(let values):
    let given = Array(values.shape.dropFirst())
    guard given == shape || (given.isEmpty && shape == [1]) else {
      throw NetError("\(name): targets of shape \(given) an example; expected \(shape)")
    }
  }
}
