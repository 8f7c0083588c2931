import Kernels
import Reference

/// `bnrelu`: batch normalisation of NHWC images with ReLU in the same pass; forward in training, its gradient, inference.
struct BatchNormFamily: Family {
  static let name = "bnrelu"
  static let summary = "batch normalisation and ReLU of NHWC images"
  static let keys: [Key] = [
    .size("n"), .size("h"), .size("w"), .size("c"), .choice("mode", ["train", "infer"], default: "train"),
    .choice("dir", ["fwd", "bwd"], default: "fwd"), .flag("relu", default: true),
  ]
  static let examples = [(32, 56, 64), (8, 28, 128), (100, 28, 16)].flatMap { n, size, c in
    ["", " dir=bwd", " mode=infer"].map { "bnrelu n=\(n) h=\(size) w=\(size) c=\(c)\($0)" }
  }

  private enum Pass { case training, gradient, inference }

  private var rows, channels: Int
  private let pass: Pass
  private let relu: Bool

  init(_ values: Values) throws {
    rows = values.size("n") * values.size("h") * values.size("w")
    channels = values.size("c")
    relu = values.flag("relu")
    switch (values.choice("mode"), values.choice("dir")) {
    case ("infer", "fwd"): pass = .inference
    case ("infer", _): throw BenchmarkError("mode=infer has no backward pass; dir must be fwd")
    case (_, "fwd"): pass = .training
    default: pass = .gradient
    }
  }

  /// x and, backward, dy are read, the result is written; what belongs to channels does not count.
  var cost: Cost {
    let bytes = 4 * Double(rows) * Double(channels)
    return Cost(bytesRead: pass == .gradient ? 2 * bytes : bytes, bytesWritten: bytes)
  }

  func check() -> String? {
    var small = self
    small.rows = min(rows, 1000)  // sums over rows are cut at 256
    small.channels = min(channels, 83)
    let o = Operands(rows: small.rows, channels: small.channels)
    let expected = small.expected(o)
    small.work(on: o)()
    let gradients = pass == .gradient ? expected.gradients : (o.gammaGradient.values, o.betaGradient.values)
    return bitMismatch(o.result.values, expected.result, columns: small.channels)
      ?? bitMismatch(o.gammaGradient.values, gradients.0) ?? bitMismatch(o.betaGradient.values, gradients.1)
  }

  private func expected(_ o: Operands) -> (result: [Float], gradients: ([Float], [Float])) {
    let (x, gamma, beta) = (o.x.values, o.gamma.values, o.beta.values)
    if pass == .inference {
      let (mean, inverse) = (o.runningMean.values, o.runningVariance.values.map { naiveInverse($0, epsilon: Self.epsilon) })
      let y = x.indices.map { i in
        let j = i % channels
        let y = beta[j].addingProduct(x[i] - mean[j], gamma[j] * inverse[j])
        return relu ? naiveReLU(y) : y
      }
      return (y, ([], []))
    }
    let forward = naiveBatchNorm(
      x, channels: channels, gamma: gamma, beta: beta, epsilon: Self.epsilon, momentum: 0.9, relu: relu)
    if pass == .training { return (forward.y, ([], [])) }
    let g = naiveBatchNormGradient(
      x: x, y: forward.y, dy: o.dy.values, channels: channels, gamma: gamma, mean: forward.mean, inverse: forward.inverse,
      relu: relu)
    return (g.dx, (g.gamma, g.beta))
  }

  func prepare() -> () -> Void { work(on: Operands(rows: rows, channels: channels)) }

  private static let epsilon: Float = 1e-5

  private final class Operands {
    let x, dy, result: Buffer
    let gamma, beta, mean, inverse, runningMean, runningVariance, gammaGradient, betaGradient: Buffer
    init(rows: Int, channels: Int) {
      x = Buffer(random: rows * channels, seed: 1)
      dy = Buffer(random: rows * channels, seed: 2)
      result = Buffer(rows * channels, filledWith: 0)
      gamma = Buffer(random: channels, seed: 3, in: 0.5...1.5)
      beta = Buffer(random: channels, seed: 4)
      (mean, inverse) = (Buffer(channels, filledWith: 0), Buffer(channels, filledWith: 0))
      (runningMean, runningVariance) = (Buffer(random: channels, seed: 5), Buffer(random: channels, seed: 6, in: 0.5...1.5))
      (gammaGradient, betaGradient) = (Buffer(channels, filledWith: 0), Buffer(channels, filledWith: 0))
    }
  }

  private func work(on o: Operands) -> () -> Void {
    let (rows, channels, relu) = (rows, channels, relu)
    let train = {
      batchNormTraining(
        rows: rows, channels: channels, o.x.pointer, gamma: o.gamma.pointer, beta: o.beta.pointer, epsilon: Self.epsilon,
        momentum: 0.9, runningMean: o.runningMean.pointer, runningVariance: o.runningVariance.pointer, relu: relu,
        into: o.result.pointer, mean: o.mean.pointer, inverseDeviation: o.inverse.pointer)
      blackHole(o)
    }
    switch pass {
    case .training: return train
    case .gradient:
      train()
      return {
        batchNormGradient(
          rows: rows, channels: channels, x: o.x.pointer, y: nil, dy: o.dy.pointer, gamma: o.gamma.pointer, beta: o.beta.pointer,
          mean: o.mean.pointer, inverseDeviation: o.inverse.pointer, relu: relu, into: o.result.pointer,
          gammaGradient: o.gammaGradient.pointer, betaGradient: o.betaGradient.pointer, residualGradient: nil)
        blackHole(o)
      }
    case .inference:
      return {
        batchNormInference(
          rows: rows, channels: channels, o.x.pointer, gamma: o.gamma.pointer, beta: o.beta.pointer, mean: o.runningMean.pointer,
          variance: o.runningVariance.pointer, epsilon: Self.epsilon, relu: relu, into: o.result.pointer)
        blackHole(o)
      }
    }
  }
}
