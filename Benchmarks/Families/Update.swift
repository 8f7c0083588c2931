import Kernels
import Reference

/// `update`: one step of an optimizer over its parameters.
struct UpdateFamily: Family {
  static let name = "update"
  static let summary = "one pass over weights, gradient and state"
  static let keys: [Key] = [.choice("kind", kinds), .size("params")]
  static let examples = kinds.map { "update kind=\($0) params=1000000" } + ["update kind=adam params=50000000"]

  private static let kinds = ["sgd", "momentum", "adam", "adamw"]

  private let kind: String
  private var count: Int

  init(_ values: Values) throws {
    kind = values.choice("kind")
    count = values.size("params")
  }

  /// Weights and state are read and written, the gradient is read.
  var cost: Cost {
    let bytes = 4 * Double(count)
    let states: Double = kind == "sgd" ? 0 : kind == "momentum" ? 1 : 2
    return Cost(bytesRead: bytes * (2 + states), bytesWritten: bytes * (1 + states))
  }

  func check() -> String? {
    var small = self
    small.count = min(count, 1003)
    let operands = Operands(small.count)
    let expected = expected(operands)
    small.work(on: operands)()
    return bitMismatch(operands.w.values, expected)
  }

  private func expected(_ o: Operands) -> [Float] {
    var (w, m, v) = (o.w.values, o.m.values, o.v.values)
    switch kind {
    case "sgd": naiveSGD(learningRate: Self.rate, weightDecay: 0, &w, gradient: o.gradient.values)
    case "momentum":
      naiveMomentum(
        learningRate: Self.rate, momentum: 0.9, nesterov: false, weightDecay: 0, isFirstStep: false, &w,
        gradient: o.gradient.values, velocity: &v)
    default:
      naiveAdam(
        learningRate: Self.rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 10, l2: 0,
        weightDecay: kind == "adamw" ? Self.decay : 0, &w, gradient: o.gradient.values, m: &m, v: &v)
    }
    return w
  }

  func prepare() -> () -> Void { work(on: Operands(count)) }

  private final class Operands {
    let w, gradient, m, v: Buffer
    init(_ count: Int) {
      w = Buffer(random: count, seed: 1)
      gradient = Buffer(random: count, seed: 2)
      m = Buffer(random: count, seed: 3)
      v = Buffer(random: count, seed: 4, in: 0...1)
    }
  }

  // The time does not depend on the values; a small rate keeps the weights where they are over many steps.
  private static let rate: Float = 1e-6
  private static let decay: Float = 0.01

  private func work(on o: Operands) -> () -> Void {
    let count = count
    switch kind {
    case "sgd":
      return {
        sgdUpdate(count: count, learningRate: Self.rate, weightDecay: 0, o.w.pointer, gradient: o.gradient.pointer)
        blackHole(o)
      }
    case "momentum":
      return {
        momentumUpdate(
          count: count, learningRate: Self.rate, momentum: 0.9, nesterov: false, weightDecay: 0, isFirstStep: false,
          o.w.pointer, gradient: o.gradient.pointer, velocity: o.v.pointer)
        blackHole(o)
      }
    default:
      let decay = kind == "adamw" ? Self.decay : 0
      return {
        adamUpdate(
          count: count, learningRate: Self.rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 10, l2: 0,
          weightDecay: decay, o.w.pointer, gradient: o.gradient.pointer, m: o.m.pointer, v: o.v.pointer)
        blackHole(o)
      }
    }
  }
}
