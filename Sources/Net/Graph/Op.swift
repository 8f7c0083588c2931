/// One operation of a graph: its shape rule, its forward kernel calls and its backward kernel calls.
///
/// An op is a small value that knows its sizes; the plan decides where its buffers are. To add your own, implement
/// `outputShape`, `forward` and `backward` with calls of the module Kernels, and say in `backwardReads` which values
/// must outlive the forward pass.
public protocol Op: Sendable {
  /// What plans print, for example `linear+bias+relu`.
  var name: String { get }

  /// The shape of the output for one example, from those of the inputs; throws when they do not fit.
  func outputShape(_ inputs: [[Int]]) throws -> [Int]

  /// Writes `context.output` from `context.input(i)` and `context.parameter(i)`, for `context.batch` examples.
  func forward(_ context: OpContext)

  /// Writes every non-nil `context.inputGradient(i)` and `context.parameterGradient(i)` from `context.outputGradient`,
  /// which it may overwrite. Gradients are written, not added to: the plan adds up where a value is read twice.
  func backward(_ context: OpContext)

  /// Throws when a training pass over `batch` examples makes no sense. The layer's name is put before the error's
  /// description.
  func checkTraining(batch: Int) throws

  /// Whether `finishStep` has something to do. `saved` then keeps to the end of the pass.
  var finishesStep: Bool { get }

  /// The end of a training step that counts, after the pass: the place to write parameters that are not trainable, from
  /// `context.saved`. A pass whose loss is not a number, or that only asks for gradients, has no such end.
  func finishStep(_ context: OpContext)

  /// Whether `penalty` has something to say.
  var addsPenalty: Bool { get }

  /// What this op adds to the loss of the batch, asked right after `forward` in training and evaluation. Its gradient is the
  /// op's own business, in `backward`.
  func penalty(_ context: OpContext) -> Float

  /// Multiply-adds of the forward pass for one example.
  var multiplyAdds: Int { get }

  /// Which forward values `backward` reads.
  var backwardReads: BackwardReads { get }

  /// Whether the output may be written over the first input, and the first input's gradient over the output's.
  var isInPlace: Bool { get }

  /// Floats that `forward` leaves for `backward` (means, gates), for a batch of `batch`.
  func savedCount(batch: Int) -> Int

  /// Floats of scratch memory each pass needs, for a batch of `batch`.
  func workspaceCount(batch: Int) -> Int

  /// How the output relates to the input when nothing has to be computed: the plan then removes the op.
  func isView(in purpose: Plan.Purpose) -> Bool

  /// One op that does this op and then `next`, or nil. Its inputs and parameters are this op's, followed by those of `next`
  /// other than this op's output. In training the bits must be the same; otherwise they may differ by roundings, but the
  /// fused op must be the same in inference and evaluation.
  func fused(with next: any Op, for purpose: Plan.Purpose) -> (any Op)?

  /// The output function that a loss may compute itself, more exactly, from this op's input.
  var outputFunction: OutputFunction? { get }

  /// The op for one step of sequences whose first dimension is `steps`, or nil when it does not treat every step by itself: see
  /// `Model.stepper`.
  func oneStep(of steps: Int) -> (any Op)?

  /// Weights in the form inference and evaluation like best (folded, packed once, kept until they change), or nil.
  func prepare(parameters: [UnsafePointer<Float>]) -> AnyObject?

  /// The output of a training pass in float64 and plain loops, which `gradCheck` differentiates; nil when there is none: it
  /// then runs `forward`, and sees float32's rounding errors. Only ops as layers add them are asked, never fused ones.
  func reference(_ context: ReferenceContext) -> [Double]?

  /// What `penalty` says, in float64, which `gradCheck` differentiates.
  func penaltyReference(_ context: ReferenceContext) -> Double
}

extension Op {
  public func checkTraining(batch: Int) throws {}
  public var finishesStep: Bool { false }
  public func finishStep(_ context: OpContext) {}
  public var addsPenalty: Bool { false }
  public func penalty(_ context: OpContext) -> Float { 0 }
  public func penaltyReference(_ context: ReferenceContext) -> Double { 0 }
  public var multiplyAdds: Int { 0 }
  public var backwardReads: BackwardReads { [] }
  public var isInPlace: Bool { false }
  public func savedCount(batch: Int) -> Int { 0 }
  public func workspaceCount(batch: Int) -> Int { 0 }
  public func isView(in purpose: Plan.Purpose) -> Bool { false }
  public func fused(with next: any Op, for purpose: Plan.Purpose) -> (any Op)? { nil }
  public var outputFunction: OutputFunction? { nil }
  public func oneStep(of steps: Int) -> (any Op)? { nil }
  public func prepare(parameters: [UnsafePointer<Float>]) -> AnyObject? { nil }
  public func reference(_ context: ReferenceContext) -> [Double]? { nil }
}

/// Which forward values the backward pass of an op reads.
public struct BackwardReads: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  public static let inputs = BackwardReads(rawValue: 1)
  public static let output = BackwardReads(rawValue: 2)
}

/// A last step that turns logits into probabilities.
public enum OutputFunction: Sendable {
  case softmax, sigmoid
}

/// Where an op finds its buffers in one pass. Every buffer holds `batch` examples, row-major and contiguous.
public struct OpContext {
  /// The number of examples in this pass; at most the plan's capacity.
  public internal(set) var batch: Int
  /// Whether this is a training pass.
  public let isTraining: Bool
  /// How many examples the model was trained on before this pass: the position of per-example random numbers.
  public internal(set) var examplesSeen: UInt64
  /// What `prepare` returned, in inference and evaluation.
  public var prepared: AnyObject? { preparedReference?.takeUnretainedValue() }

  // The model keeps the object alive while the pass runs; a count of references would cost more than a small layer.
  var preparedReference: Unmanaged<AnyObject>?
  // One row of pointers: inputs, output, parameters, saved, workspace, then the gradients in the same order.
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>
  let inputCount: Int
  let parameterCount: Int

  var outputSlot: Int { inputCount }
  var parameterSlot: Int { inputCount + 1 }
  var savedSlot: Int { inputCount + 1 + parameterCount }
  var workspaceSlot: Int { savedSlot + 1 }
  var inputGradientSlot: Int { savedSlot + 2 }
  var outputGradientSlot: Int { inputGradientSlot + inputCount }
  var parameterGradientSlot: Int { outputGradientSlot + 1 }

  /// The values of input `i`; in `backward`, when `backwardReads` has `.inputs`.
  public func input(_ i: Int = 0) -> UnsafePointer<Float> {
    guard let values = pointers[i] else {
      preconditionFailure("OpContext.input in a backward pass; expected backwardReads to contain .inputs")
    }
    return UnsafePointer(values)
  }
  /// Where the output goes; in `backward`, its values (when `backwardReads` has `.output`).
  public var output: UnsafeMutablePointer<Float> { pointers[outputSlot]! }
  /// The values of parameter `i`. Only `finishStep` may write, and only parameters that are not trainable.
  public func parameter(_ i: Int) -> UnsafeMutablePointer<Float> { pointers[parameterSlot + i]! }
  /// What `forward` keeps for `backward`: `savedCount` floats.
  public var saved: UnsafeMutablePointer<Float> { pointers[savedSlot]! }
  /// Scratch memory of this pass: `workspaceCount` floats.
  public var workspace: UnsafeMutablePointer<Float> { pointers[workspaceSlot]! }
  /// The gradient of the loss by the output. `backward` may overwrite it.
  public var outputGradient: UnsafeMutablePointer<Float> { pointers[outputGradientSlot]! }
  /// Where the gradient by input `i` goes, or nil when nobody wants it.
  public func inputGradient(_ i: Int = 0) -> UnsafeMutablePointer<Float>? { pointers[inputGradientSlot + i] }
  /// Where the gradient by parameter `i` goes, or nil when it is not trainable.
  public func parameterGradient(_ i: Int) -> UnsafeMutablePointer<Float>? { pointers[parameterGradientSlot + i] }
}
