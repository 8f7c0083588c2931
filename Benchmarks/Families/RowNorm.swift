import Kernels
import Reference

/// `norm`: layer or RMS normalisation of rows, with a scale (and a shift), or the gradient.
struct RowNormFamily: Family {
  static let name = "norm"
  static let summary = "layer and RMS normalisation of rows"
  static let keys: [Key] = [
    .size("rows"), .size("cols"), .choice("kind", ["layernorm", "rmsnorm"]), .choice("dir", ["fwd", "bwd"], default: "fwd"),
  ]
  static let examples = ["layernorm", "rmsnorm"].flatMap { kind in
    ["", " dir=bwd"].map { "norm rows=1024 cols=768 kind=\(kind)\($0)" }
  }

  private var rows, columns: Int
  /// Layer normalisation; RMS normalisation does not take the mean away.
  private let isCentered: Bool
  private let isBackward: Bool

  init(_ values: Values) throws {
    (rows, columns) = (values.size("rows"), values.size("cols"))
    isCentered = values.choice("kind") == "layernorm"
    isBackward = values.choice("dir") == "bwd"
  }

  var cost: Cost {
    let bytes = 4 * Double(rows) * Double(columns)
    return Cost(bytesRead: isBackward ? 2 * bytes : bytes, bytesWritten: bytes)
  }

  func check() -> String? {
    var small = self
    small.rows = min(rows, 300)  // sums over rows are cut at 256
    small.columns = min(columns, 4100)  // sums along rows at 4096
    let o = Operands(rows: small.rows, columns: small.columns)
    small.work(on: o)()
    let expected = small.expected(o)
    return bitMismatch(o.result.values, expected.result, columns: small.columns)
      ?? bitMismatch(o.gammaGradient.values, expected.gamma) ?? bitMismatch(o.betaGradient.values, expected.beta)
  }

  private func expected(_ o: Operands) -> (result: [Float], gamma: [Float], beta: [Float]) {
    let (gamma, beta) = (o.gamma.values, isCentered ? o.beta.values : nil)
    func row(_ x: Buffer, _ i: Int) -> [Float] { Array(x.values[i * columns..<(i + 1) * columns]) }
    let forward = (0..<rows).map {
      naiveRowNorm(row(o.x, $0), gamma: gamma, beta: beta, epsilon: Self.epsilon, centered: isCentered)
    }
    guard isBackward else { return (forward.flatMap(\.y), o.gammaGradient.values, o.betaGradient.values) }
    let dx = forward.indices.flatMap {
      naiveRowNormGradient(
        x: row(o.x, $0), dy: row(o.dy, $0), gamma: gamma, mean: forward[$0].mean, inverse: forward[$0].inverse,
        centered: isCentered)
    }
    let parameters = naiveRowNormParameterGradients(
      x: o.x.values, dy: o.dy.values, columns: columns, mean: forward.map(\.mean), inverse: forward.map(\.inverse),
      centered: isCentered)
    return (dx, parameters.gamma, isCentered ? parameters.beta : o.betaGradient.values)
  }

  func prepare() -> () -> Void { work(on: Operands(rows: rows, columns: columns)) }

  private static let epsilon: Float = 1e-5

  private final class Operands {
    let x, dy, result, gamma, beta, mean, inverse, gammaGradient, betaGradient: Buffer
    init(rows: Int, columns: Int) {
      x = Buffer(random: rows * columns, seed: 1)
      dy = Buffer(random: rows * columns, seed: 2)
      result = Buffer(rows * columns, filledWith: 0)
      gamma = Buffer(random: columns, seed: 3, in: 0.5...1.5)
      beta = Buffer(random: columns, seed: 4)
      (mean, inverse) = (Buffer(rows, filledWith: 0), Buffer(rows, filledWith: 0))
      (gammaGradient, betaGradient) = (Buffer(columns, filledWith: 0), Buffer(columns, filledWith: 0))
    }
  }

  private func work(on o: Operands) -> () -> Void {
    let (rows, columns, isCentered) = (rows, columns, isCentered)
    let forward = {
      if isCentered {
        layerNorm(
          rows: rows, columns: columns, o.x.pointer, gamma: o.gamma.pointer, beta: o.beta.pointer, epsilon: Self.epsilon,
          into: o.result.pointer, mean: o.mean.pointer, inverseDeviation: o.inverse.pointer)
      } else {
        rmsNorm(
          rows: rows, columns: columns, o.x.pointer, gamma: o.gamma.pointer, epsilon: Self.epsilon, into: o.result.pointer,
          inverseRMS: o.inverse.pointer)
      }
      blackHole(o)
    }
    guard isBackward else { return forward }
    forward()
    return {
      if isCentered {
        layerNormGradient(
          rows: rows, columns: columns, x: o.x.pointer, dy: o.dy.pointer, gamma: o.gamma.pointer, mean: o.mean.pointer,
          inverseDeviation: o.inverse.pointer, into: o.result.pointer, gammaGradient: o.gammaGradient.pointer,
          betaGradient: o.betaGradient.pointer)
      } else {
        rmsNormGradient(
          rows: rows, columns: columns, x: o.x.pointer, dy: o.dy.pointer, gamma: o.gamma.pointer, inverseRMS: o.inverse.pointer,
          into: o.result.pointer, gammaGradient: o.gammaGradient.pointer)
      }
      blackHole(o)
    }
  }
}
