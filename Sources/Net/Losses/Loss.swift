/// What training makes small: one number from the network's outputs and the targets, the mean over the batch.
///
/// A number reported for several batches (`evaluate`, `val_loss`, an epoch's loss) is the mean over all their examples, all that is
/// summed divided by all that it is divided by, so that it does not depend on how the data are cut.
///
/// To write your own, put the loss of each example (or element) into `context.losses` and, when asked, the gradient of
/// their mean into `context.gradient`.
public protocol Loss: Sendable {
  /// Its name in messages: `meanSquaredError`.
  var name: String { get }

  /// Throws unless the targets fit an output of `shape` (of one example).
  func check(_ targets: Dataset.Targets, output shape: [Int]) throws

  /// How many losses `evaluate` writes for one example; the reported loss is the mean of them all.
  func lossesPerExample(_ output: [Int]) -> Int

  /// Whether each row of an output, along its last dimension, is an example of its own: of `[steps, classes]` each step has a
  /// label, or a row of target values. `check`, `evaluate` and the metrics then see rows.
  var takesRows: Bool { get }

  /// Writes `context.losses` and, when it is not nil, `context.gradient`.
  func evaluate(_ context: LossContext)

  /// What the sum of `losses` is divided by to give the mean over the batch: nil, the number of losses, unless `evaluate` multiplies
  /// them by weights of its own, whose sum it then is. The mean is 0 where that is 0.
  func weightSum(_ context: LossContext) -> Float?

  /// The function that turns the outputs this loss takes into probabilities, when it takes logits. A network that ends in
  /// this function is trained on the function's input.
  var outputFunction: OutputFunction? { get }

  /// What `evaluate` writes into `losses`, in float64 and plain loops, which `gradCheck` differentiates; nil when there is none:
  /// it then takes `evaluate`'s, and sees float32's rounding errors. Where there is a `weightSum`, times the number of losses and
  /// divided by that sum, so that their plain mean is the loss.
  func reference(_ context: LossReferenceContext) -> [Double]?

  /// The target values that stand for the classes 0 and 1, when the loss takes class labels of two classes as values.
  var classValues: [Float]? { get }

  /// The output above which metrics take one for a yes.
  var decisionThreshold: Float { get }

  /// Whether the loss needs what another network answered: `Dataset.teacher`.
  var needsTeacher: Bool { get }
}

extension Loss {
  public func lossesPerExample(_ output: [Int]) -> Int { rows(output) }
  public var takesRows: Bool { false }
  public func weightSum(_ context: LossContext) -> Float? { nil }
  public var outputFunction: OutputFunction? { nil }
  public func reference(_ context: LossReferenceContext) -> [Double]? { nil }
  public var classValues: [Float]? { nil }
  public var decisionThreshold: Float { outputFunction == .sigmoid ? 0 : 0.5 }
  public var needsTeacher: Bool { false }
}

extension Loss {
  /// How many examples the loss sees in an output of this shape.
  func rows(_ output: [Int]) -> Int { takesRows ? output.dropLast().reduce(1, *) : 1 }
}

/// The outputs and targets of one batch, and where their loss goes. All buffers are row-major and contiguous.
public struct LossContext {
  /// The number of examples.
  public let batch: Int
  /// The network's outputs: `[batch, outputCount]`.
  public let outputs: UnsafePointer<Float>
  /// Elements of one output.
  public let outputCount: Int
  /// The class of each example, when the targets are classes.
  public let labels: UnsafePointer<Int32>?
  /// The target values `[batch, outputCount]`, when the targets are values.
  public let targets: UnsafePointer<Float>?
  /// What a teacher answered, `[batch, outputCount]`, when the data have it.
  public let teacher: UnsafePointer<Float>?
  /// Where the losses go: `[batch, lossesPerExample]`.
  public let losses: UnsafeMutablePointer<Float>
  /// Where the gradient of the mean loss by the outputs goes: `[batch, outputCount]`, or nil when nobody wants it.
  public let gradient: UnsafeMutablePointer<Float>?
  /// 1 / (number of losses in the batch): what each loss counts in the mean.
  public let scale: Float
}

/// Throws when target values are below 0 or above `limit`.
func checkProbabilities(_ targets: Dataset.Targets, for loss: String, upTo limit: Float = .infinity) throws {
  if case .values(let values) = targets, let wrong = values.values.first(where: { $0 < 0 || $0 > limit }) {
    throw NetError("\(loss) takes probabilities as targets, got \(wrong)")
  }
}

/// Throws unless the targets are values of the output's shape, or class labels 0 and 1 for one output.
func checkBinary(_ targets: Dataset.Targets, output shape: [Int], for loss: String) throws {
  guard case .classes(_, let classes) = targets else { return try checkValues(targets, output: shape, for: loss, hint: "") }
  guard classes <= 2, shape == [1] else {
    throw NetError(
      "\(loss) takes class labels for 2 classes and one output, got \(classes) classes and output shape \(shape)")
  }
}

/// Throws unless the targets are values, as many an example as the network has outputs.
func checkValues(_ targets: Dataset.Targets, output shape: [Int], for loss: String, hint: String) throws {
  guard case .values(let values) = targets else {
    throw NetError("\(loss) needs target values, got class labels\(hint)")
  }
  let given = Array(values.shape.dropFirst())
  guard given == shape || (given.isEmpty && shape == [1]) else {
    throw NetError("\(loss) needs targets of the network's output shape \(shape), got \(given) an example")
  }
}
