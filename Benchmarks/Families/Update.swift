import Kernels
import Reference

/// `update`: one step of an optimizer over its parameters.
struct UpdateFamily: Family {
  static let name = "update"
  static let summary = "one pass over weights, gradient and state"
  static let keys: [Key] = [.choice("kind", kinds), .size("params")]
  static let examples = kinds.map { "update kind=\($0) params=1000000" } + ["update kind=adam params=50000000"]

  private static let kinds = ["sgd", "momentum", "adagrad", "adadelta", "rmsprop", "adam", "adamw"]

  private let kind: String
  private var count: Int

  init(_ values: Values) throws {
    kind = values.choice("kind")
    count = values.size("params")
  }

  /// Weights and state are read and written, the gradient is read.
  var cost: Cost {
    let bytes = 4 * Double(count)
    let states: Double =
      switch kind {
      case "sgd": 0
      case "momentum", "adagrad", "rmsprop": 1
      default: 2
      }
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
    var (w, m, v, largest): ([Float], [Float], [Float], [Float]) = (o.w.values, o.m.values, o.v.values, [])
    let g = o.gradient.values
    var naive = NaiveUpdate(learningRate: Self.rate)
    switch kind {
    case "sgd": naive.sgd(&w, g)
    case "momentum": naive.momentum(0.9, isFirstStep: false, &w, g, &m)
    case "adagrad": naive.adagrad(epsilon: 1e-10, &w, g, &v)
    case "adadelta": naive.adadelta(rho: 0.9, epsilon: 1e-6, &w, g, &v, &m)
    case "rmsprop":
      naive.rmsprop(rho: 0.9, momentum: 0, centred: false, epsilon: 1e-7, &w, g, &v, &m, &largest)
    default:
      naive.weightDecay = decay
      naive.adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 10, &w, g, &m, &v, &largest)
    }
    return w
  }

  func prepare() -> () -> Void { work(on: Operands(count)) }

  private final class Operands {
    let w, gradient, m, v: Buffer
    init(_ count: Int) {
      w = Buffer(random: count, seed: 1)
      gradient = Buffer(random: count, seed: 2)
      m = Buffer(random: count, seed: 3, in: 0...1)
      v = Buffer(random: count, seed: 4, in: 0...1)
    }
  }

  // The time does not depend on the values; a small rate keeps the weights where they are over many steps.
  private static let rate: Float = 1e-6
  private var decay: Float { kind == "adamw" ? 0.01 : 0 }

  private func work(on o: Operands) -> () -> Void {
    let (count, settings) = (count, UpdateSettings(learningRate: Self.rate, weightDecay: decay))
    let (w, g, m, v) = (o.w.pointer, o.gradient.pointer, o.m.pointer, o.v.pointer)
    let update: () -> Void =
      switch kind {
      case "sgd": { sgdUpdate(count: count, settings, w, gradient: g) }
      case "momentum":
        { momentumUpdate(count: count, settings, momentum: 0.9, isFirstStep: false, w, gradient: g, velocity: m) }
      case "adagrad": { adagradUpdate(count: count, settings, epsilon: 1e-10, w, gradient: g, sums: v) }
      case "adadelta": { adadeltaUpdate(count: count, settings, rho: 0.9, epsilon: 1e-6, w, gradient: g, squares: v, updates: m) }
      case "rmsprop": { rmspropUpdate(count: count, settings, rho: 0.9, epsilon: 1e-7, w, gradient: g, squares: v) }
      default:
        {
          adamUpdate(count: count, settings, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 10, w, gradient: g, m: m, v: v)
        }
      }
    return {
      update()
      blackHole(o)
    }
  }
}
