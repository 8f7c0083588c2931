import Kernels

/// A recurrent layer over whole sequences. Inputs: the sequence, then the initial state and the mask where there are such.
struct Recurrence: Op {
  /// One example.
  var shape: RecurrentShape
  let hasBias: Bool
  let hasState: Bool
  let hasMask: Bool
  /// The state that a pass goes on from and leaves behind, when sequences come step by step.
  var running: RunningState?

  var name: String { "\(shape.cell)" + (hasState ? "+state" : "") + (hasMask ? "+mask" : "") }

  var multiplyAdds: Int { saturatingProduct(shape.batch, shape.steps, shape.features + shape.units, shape.width) }

  let backwardReads: BackwardReads = .inputs

  func outputShape(_ inputs: [[Int]]) throws -> [Int] {
    switch shape.output {
    case .sequences: [shape.steps, shape.units]
    case .last: [shape.units]
    case .state: [shape.stateSize]
    }
  }

  func savedCount(batch: Int) -> Int { sized(batch).savedCount }

  func forward(_ c: OpContext) {
    let initial = running.map { $0.isFresh ? nil : UnsafePointer($0.values) } ?? (hasState ? c.input(1) : nil)
    recurrent(
      sized(c.batch), c.input(), weights: weights(c), mask: mask(c), initialState: initial, into: c.output,
      state: running?.values, saved: c.isTraining ? c.saved : nil)
    running?.isFresh = false
  }

  /// Everything from what `forward` saved; a mask has no gradient.
  func backward(_ c: OpContext) {
    recurrentGradient(
      sized(c.batch), c.input(), weights: weights(c), mask: mask(c), saved: c.saved, dy: c.outputGradient,
      into: c.inputGradient(), kernelGradient: c.parameterGradient(0), recurrentKernelGradient: c.parameterGradient(1),
      biasGradient: hasBias ? c.parameterGradient(2) : nil, initialStateGradient: hasState ? c.inputGradient(1) : nil)
    if hasMask, let dm = c.inputGradient(maskInput) { dm.update(repeating: 0, count: c.batch * shape.steps) }
  }

  func prepare(parameters: [UnsafePointer<Float>]) -> AnyObject? { PackedRecurrence(shape, parameters) }

  private var maskInput: Int { hasState ? 2 : 1 }

  private func mask(_ c: OpContext) -> UnsafePointer<Float>? { hasMask ? c.input(maskInput) : nil }

  private func sized(_ batch: Int) -> RecurrentShape {
    var shape = shape
    shape.batch = batch
    return shape
  }

  private func weights(_ c: OpContext) -> RecurrentWeights {
    let bias = hasBias ? UnsafePointer(c.parameter(2)) : nil
    guard let prepared = c.prepared else {
      return RecurrentWeights(kernel: c.parameter(0), recurrentKernel: c.parameter(1), bias: bias)
    }
    let packed = unsafeDowncast(prepared, to: PackedRecurrence.self)
    return RecurrentWeights(kernel: packed.kernel, recurrentKernel: packed.recurrentKernel, bias: bias)
  }
}

/// Both kernels packed.
private final class PackedRecurrence {
  let kernel, recurrentKernel: PackedMatrix

  init(_ s: RecurrentShape, _ parameters: [UnsafePointer<Float>]) {
    kernel = PackedMatrix(k: s.features, n: s.width, parameters[0], ldb: s.width)
    recurrentKernel = PackedMatrix(k: s.units, n: s.width, parameters[1], ldb: s.width)
  }
}
