import Kernels

/// -log softmax(y)[label], mean over the batch; outputs are logits `[classes]`, targets class labels; or logits
/// `[..., classes]` and a label for each row, as for each step of a sequence.
///
/// A network that ends in `Softmax()` is trained on the logits before it. With label smoothing e the target of the label
/// is 1 - e + e / classes, of every other class e / classes.
///
/// With class weights w it is that of PyTorch: -sum_j w_j t_j log softmax(y)_j with the smoothed targets t, divided by the sum
/// of w[label] over the batch; over several batches, divided by the sum over them all. Where that is 0 so is the loss. (The
/// `classWeight:` of `fit` is that of Keras: w[label] of the whole, divided by the number of examples.)
public struct SparseCategoricalCrossEntropy: Loss {
  public let labelSmoothing: Float
  public let classWeights: [Float]?
  public let name = "sparseCategoricalCrossEntropy"
  public let takesRows = true
  public let outputFunction: OutputFunction? = .softmax

  /// - Parameter classWeights: one for each output, or nil for 1.
  public init(labelSmoothing: Float = 0, classWeights: [Float]? = nil) {
    self.labelSmoothing = labelSmoothing
    self.classWeights = classWeights
  }

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws { try check(targets, output: shape, for: name) }

  /// - Parameter name: the loss that takes the same targets.
  func check(_ targets: Dataset.Targets, output shape: [Int], for name: String) throws {
    guard case .classes(_, let classes) = targets else {
      throw NetError("\(name) needs class labels, got target values; expected .classes, or the loss categoricalCrossEntropy")
    }
    try checkSmoothing(labelSmoothing, name)
    guard shape.count == 1, shape[0] >= classes else {
      throw NetError("\(name): the data have \(classes) classes but the network's output has shape \(shape)")
    }
    guard let classWeights else { return }
    try checkWeights(classWeights, "\(name): class weight")
    guard classWeights.count == shape[0] else {
      throw NetError("\(name): \(classWeights.count) class weights; expected \(shape[0]), one for each output")
    }
  }

  public func evaluate(_ c: LossContext) {
    if let classWeights { return evaluate(c, c.labels!, classWeights) }
    softmaxCrossEntropy(
      rows: c.batch, columns: c.outputCount, logits: c.outputs, ld: c.outputCount, labels: c.labels!,
      labelSmoothing: labelSmoothing, gradientScale: c.scale, losses: c.losses, gradient: c.gradient, ldg: c.outputCount)
  }

  public func weightSum(_ c: LossContext) -> Float? {
    classWeights.map { weights in (0..<c.batch).reduce(0) { $0 + weights[Int(c.labels![$1])] } }
  }

  /// Row by row against the targets w_j t_j. The gradient is that of the weighted mean, times batch / sum w[label].
  private func evaluate(_ c: LossContext, _ labels: UnsafePointer<Int32>, _ weights: [Float]) {
    let classes = c.outputCount
    let sum = weightSum(c)!
    let factor = sum == 0 ? 0 : Float(c.batch) / sum
    withUnsafeTemporaryAllocation(of: Float.self, capacity: classes) { targets in
      for i in 0..<c.batch {
        for j in 0..<classes { targets[j] = weights[j] * labelSmoothing / Float(classes) }
        targets[Int(labels[i])] += weights[Int(labels[i])] * (1 - labelSmoothing)
        softmaxCrossEntropy(
          rows: 1, columns: classes, logits: c.outputs + i * classes, ld: classes, targets: targets.baseAddress!, ldt: classes,
          gradientScale: c.scale * factor, losses: c.losses + i, gradient: c.gradient.map { $0 + i * classes }, ldg: classes)
      }
    }
  }
}

/// -sum_j t_j log softmax(y)_j over the last dimension, mean over its rows; outputs are logits, targets probabilities
/// (one-hot or soft) of the same shape.
///
/// A network that ends in `Softmax()` is trained on the logits before it. Label smoothing e makes t (1 - e) + e / classes
/// of every target.
public struct CategoricalCrossEntropy: Loss {
  public let labelSmoothing: Float
  public let name = "categoricalCrossEntropy"
  public let takesRows = true
  public let outputFunction: OutputFunction? = .softmax

  public init(labelSmoothing: Float = 0) { self.labelSmoothing = labelSmoothing }

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    try checkValues(targets, output: shape, for: name, hint: "; expected .values, or the loss sparseCategoricalCrossEntropy")
    try checkProbabilities(targets, for: name)
    try checkSmoothing(labelSmoothing, name)
  }

  public func evaluate(_ c: LossContext) {
    softmaxCrossEntropy(
      rows: c.batch, columns: c.outputCount, logits: c.outputs, ld: c.outputCount, targets: c.targets!, ldt: c.outputCount,
      labelSmoothing: labelSmoothing, gradientScale: c.scale, losses: c.losses, gradient: c.gradient, ldg: c.outputCount)
  }
}

/// -t log p - (1 - t) log(1 - p) with p = sigmoid(y), mean over all elements; outputs are logits, targets in 0...1 of the
/// same shape, or class labels 0 and 1 for one output.
///
/// A network that ends in a sigmoid is trained on the logits before it. Label smoothing e makes t (1 - e) + e / 2 of every
/// target.
public struct BinaryCrossEntropy: Loss {
  public let labelSmoothing: Float
  public let name = "binaryCrossEntropy"
  public let outputFunction: OutputFunction? = .sigmoid

  public init(labelSmoothing: Float = 0) { self.labelSmoothing = labelSmoothing }

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    try checkSmoothing(labelSmoothing, name)
    try checkBinary(targets, output: shape, for: name)
    try checkProbabilities(targets, for: name, upTo: 1)
  }

  public var classValues: [Float]? { [0, 1] }

  public func lossesPerExample(_ output: [Int]) -> Int { output.reduce(1, *) }

  public func evaluate(_ c: LossContext) {
    sigmoidCrossEntropy(
      count: c.batch * c.outputCount, logits: c.outputs, targets: c.targets!, labelSmoothing: labelSmoothing,
      gradientScale: c.scale, losses: c.losses, gradient: c.gradient)
  }
}

/// Throws unless all weights are finite and at least 0.
func checkWeights(_ weights: [Float], _ what: String) throws {
  if let at = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
    throw NetError("\(what) \(at) is \(plain(weights[at])); expected a finite number of at least 0")
  }
}

private func checkSmoothing(_ smoothing: Float, _ name: String) throws {
  guard smoothing >= 0, smoothing < 1 else {
    throw NetError("\(name): label smoothing \(smoothing); expected at least 0 and less than 1")
  }
}

extension Loss where Self == SparseCategoricalCrossEntropy {
  /// Cross-entropy of logits against class labels.
  public static func sparseCategoricalCrossEntropy(labelSmoothing: Float = 0, classWeights: [Float]? = nil) -> Self {
    Self(labelSmoothing: labelSmoothing, classWeights: classWeights)
  }
}

extension Loss where Self == CategoricalCrossEntropy {
  /// Cross-entropy of logits against rows of probabilities.
  public static func categoricalCrossEntropy(labelSmoothing: Float = 0) -> Self { Self(labelSmoothing: labelSmoothing) }
}

extension Loss where Self == BinaryCrossEntropy {
  /// Cross-entropy of independent yes-no logits.
  public static func binaryCrossEntropy(labelSmoothing: Float = 0) -> Self { Self(labelSmoothing: labelSmoothing) }
}
