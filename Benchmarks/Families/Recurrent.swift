import Kernels
import Reference

/// `recurrent`: a recurrent layer over whole sequences, forward or forward and backward; or one step of sequences that go on, with
/// weights packed beforehand, as in serving.
struct RecurrentFamily: Family {
  static let name = "recurrent"
  static let summary = "recurrent layers: whole sequences, all outputs and gradients; mode=step: one step that goes on"
  static let keys: [Key] = [
    .choice("kind", ["rnn", "lstm", "gru"]), .size("steps", default: 1), .size("batch", default: 1), .size("input"),
    .size("hidden"), .choice("dir", ["fwd", "train"], default: "fwd"),
    .choice("mode", ["sequence", "step"], default: "sequence"),
  ]
  static let examples =
    ["steps=28 batch=100 input=28 hidden=128", "steps=64 batch=32 input=256 hidden=256"].flatMap { sizes in
      ["rnn", "lstm", "gru"].flatMap { kind in
        ["fwd", "train"].map { "recurrent kind=\(kind) \(sizes) dir=\($0)" }
      }
    } + ["rnn", "lstm", "gru"].map { "recurrent kind=\($0) input=256 hidden=256 mode=step" }

  private var shape: RecurrentShape
  private let isTraining: Bool
  private let isStep: Bool

  init(_ values: Values) throws {
    let cell: RecurrentCell =
      switch values.choice("kind") {
      case "rnn": .tanh
      case "lstm": .lstm
      default: .gru
      }
    isTraining = values.choice("dir") == "train"
    isStep = values.choice("mode") == "step"
    if isStep, isTraining || values.size("steps") > 1 { throw BenchmarkError("mode=step is forward, with steps=1") }
    shape = RecurrentShape(
      cell, batch: values.size("batch"), steps: values.size("steps"), features: values.size("input"),
      units: values.size("hidden"))
  }

  /// Training: the products forward, and for the gradients of weights and of inputs.
  var cost: Cost {
    let weights = 4 * Double(shape.kernelCount + shape.recurrentKernelCount)
    let values = 4 * Double(shape.inputCount + shape.outputCount)
    return Cost(
      flops: 2 * Double(shape.multiplyAdds) * (isTraining ? 3 : 1), bytesRead: weights + values,
      bytesWritten: isTraining ? weights + values : values)
  }

  func check() -> String? {
    var small = self
    small.shape.batch = min(shape.batch, 7)
    small.shape.steps = min(shape.steps, 5)
    small.shape.features = min(shape.features, 50)
    small.shape.units = min(shape.units, 70)
    let s = small.shape
    let o = Operands(s)
    small.work(on: o)()
    let naive = NaiveRecurrent(
      s.cell == .tanh ? .tanh : s.cell == .lstm ? .lstm : .gru, steps: s.steps, features: s.features, units: s.units,
      isReversed: false, kernel: o.kernel.values, recurrentKernel: o.recurrentKernel.values, bias: o.bias.values)
    let expected = naive.layer(
      batch: s.batch, o.x.values, dy: o.dy.values, initial: isStep ? [Float](repeating: 0, count: s.stateCount) : nil)
    if let found = bitMismatch(o.y.values, expected.y) { return "y: \(found)" }
    guard isTraining else { return nil }
    return bitMismatch(o.dx.values, expected.dx).map { "dx: \($0)" }
      ?? bitMismatch(o.dRecurrentKernel.values, expected.recurrentKernel).map { "dU: \($0)" }
  }

  func prepare() -> () -> Void { work(on: Operands(shape)) }

  private final class Operands {
    let x, kernel, recurrentKernel, bias, dy: Buffer
    let y, state, saved, dx, dKernel, dRecurrentKernel, dBias: Buffer

    init(_ s: RecurrentShape) {
      let limit = 1 / Float(s.units).squareRoot()
      x = Buffer(random: s.inputCount, seed: 1)
      kernel = Buffer(random: s.kernelCount, seed: 2, in: -limit...limit)
      recurrentKernel = Buffer(random: s.recurrentKernelCount, seed: 3, in: -limit...limit)
      bias = Buffer(random: s.biasCount, seed: 4, in: -limit...limit)
      dy = Buffer(random: s.outputCount, seed: 5)
      y = Buffer(s.outputCount, filledWith: 0)
      state = Buffer(s.stateCount, filledWith: 0)
      saved = Buffer(s.savedCount, filledWith: 0)
      dx = Buffer(s.inputCount, filledWith: 0)
      dKernel = Buffer(s.kernelCount, filledWith: 0)
      dRecurrentKernel = Buffer(s.recurrentKernelCount, filledWith: 0)
      dBias = Buffer(s.biasCount, filledWith: 0)
    }
  }

  private func work(on o: Operands) -> () -> Void {
    let shape = shape
    if isStep {
      let packed = (
        PackedMatrix(k: shape.features, n: shape.width, o.kernel.pointer, ldb: shape.width),
        PackedMatrix(k: shape.units, n: shape.width, o.recurrentKernel.pointer, ldb: shape.width)
      )
      return {
        let weights = RecurrentWeights(kernel: packed.0, recurrentKernel: packed.1, bias: UnsafePointer(o.bias.pointer))
        recurrent(
          shape, o.x.pointer, weights: weights, initialState: UnsafePointer(o.state.pointer), into: o.y.pointer,
          state: o.state.pointer)
        blackHole(o)
      }
    }
    let isTraining = isTraining
    return {
      let weights = RecurrentWeights(
        kernel: o.kernel.pointer, recurrentKernel: o.recurrentKernel.pointer, bias: UnsafePointer(o.bias.pointer))
      recurrent(shape, o.x.pointer, weights: weights, into: o.y.pointer, saved: isTraining ? o.saved.pointer : nil)
      if isTraining {
        recurrentGradient(
          shape, o.x.pointer, weights: weights, saved: o.saved.pointer, dy: o.dy.pointer, into: o.dx.pointer,
          kernelGradient: o.dKernel.pointer, recurrentKernelGradient: o.dRecurrentKernel.pointer,
          biasGradient: o.dBias.pointer)
      }
      blackHole(o)
    }
  }
}
