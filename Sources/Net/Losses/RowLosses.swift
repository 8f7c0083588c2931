import Kernels

/// sum_j t_j (log t_j - log softmax(y)_j), mean over the batch; outputs are logits, targets probabilities of the same shape, with
/// 0 log 0 = 0.
///
/// Its gradient is that of `CategoricalCrossEntropy`; its value is 0 where the two agree. A network that ends in `Softmax()` is
/// trained on the logits before it.
public struct KullbackLeibler: Loss {
  public let name = "kullbackLeibler"
  public let takesRows = true
  public let outputFunction: OutputFunction? = .softmax

  public init() {}

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    try checkValues(targets, output: shape, for: name, hint: "; expected .values")
    try checkProbabilities(targets, for: name)
  }

  public func evaluate(_ c: LossContext) {
    klDivergence(
      rows: c.batch, columns: c.outputCount, logits: c.outputs, targets: c.targets!, gradientScale: c.scale,
      losses: c.losses, gradient: c.gradient)
  }
}

/// -cos of the angle between output and target, mean over the batch: -1 where they point the same way. Lengths count as 10^-8 at
/// least.
public struct CosineSimilarity: Loss {
  public let name = "cosineSimilarity"
  public let takesRows = true

  public init() {}

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    try checkValues(targets, output: shape, for: name, hint: "; expected .values")
  }

  public func evaluate(_ c: LossContext) {
    cosineLoss(
      rows: c.batch, columns: c.outputCount, predictions: c.outputs, targets: c.targets!, gradientScale: c.scale,
      losses: c.losses, gradient: c.gradient)
  }
}

/// What a student learns from labels and a teacher (Hinton, Vinyals, Dean 2015): with q = softmax(teacher / T), p = softmax(y / T),
///
///     studentWeight * cross-entropy(y, label) + (1 - studentWeight) * T^2 * sum q (log q - log p)
///
/// mean over the batch. Targets are class labels; `Dataset.teacher` holds the teacher's logits, see `Dataset.taught(by:)`.
public struct Distillation: Loss {
  public let temperature: Float
  public let studentWeight: Float
  public let name = "distillation"
  public let takesRows = true
  public let outputFunction: OutputFunction? = .softmax
  public let needsTeacher = true

  /// - Parameters:
  ///   - temperature: T: the higher, the more the classes count that the teacher thinks unlikely.
  ///   - studentWeight: the share of the labels, in 0...1.
  public init(temperature: Float = 3, studentWeight: Float = 0.5) {
    self.temperature = temperature
    self.studentWeight = studentWeight
  }

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    try SparseCategoricalCrossEntropy().check(targets, output: shape, for: name)
    guard temperature > 0, temperature.isFinite else {
      throw NetError("\(name): temperature \(temperature); expected a finite number above 0")
    }
    guard studentWeight >= 0, studentWeight <= 1 else {
      throw NetError("\(name): studentWeight \(studentWeight); expected 0 to 1")
    }
  }

  public func evaluate(_ c: LossContext) {
    distillationLoss(
      rows: c.batch, columns: c.outputCount, logits: c.outputs, teacher: c.teacher!, labels: c.labels!,
      temperature: temperature, studentWeight: studentWeight, gradientScale: c.scale, losses: c.losses, gradient: c.gradient)
  }
}

extension Loss where Self == KullbackLeibler {
  /// Kullback-Leibler divergence of softmax(y) from rows of probabilities.
  public static var kullbackLeibler: KullbackLeibler { KullbackLeibler() }
}

extension Loss where Self == CosineSimilarity {
  /// -cos between outputs and targets.
  public static var cosineSimilarity: CosineSimilarity { CosineSimilarity() }
}

extension Loss where Self == Distillation {
  /// Cross-entropy with labels and divergence from a teacher.
  public static func distillation(temperature: Float = 3, studentWeight: Float = 0.5) -> Distillation {
    Distillation(temperature: temperature, studentWeight: studentWeight)
  }
}
