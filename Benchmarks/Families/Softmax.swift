import Kernels
import Reference

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `softmax`: rows of logits to probabilities, or to cross-entropy losses and their gradient in one pass.
struct SoftmaxFamily: Family {
  static let name = "softmax"
  static let summary = "rows of logits; xent: softmax and cross-entropy, losses and gradient"
  static let keys: [Key] = [.size("rows"), .size("cols"), .choice("kind", ["softmax", "xent"], default: "softmax")]
  static let examples = [
    "softmax rows=128 cols=1000", "softmax rows=100 cols=10", "softmax rows=1024 cols=4096",
    "softmax rows=128 cols=1000 kind=xent", "softmax rows=100 cols=10 kind=xent",
  ]

  private var rows, columns: Int
  private let isCrossEntropy: Bool

  init(_ values: Values) throws {
    (rows, columns) = (values.size("rows"), values.size("cols"))
    isCrossEntropy = values.choice("kind") == "xent"
  }

  /// Read and written once; the losses and labels, one a row, do not count.
  var cost: Cost {
    let bytes = 4 * Double(rows) * Double(columns)
    return Cost(bytesRead: bytes, bytesWritten: bytes)
  }

  func check() -> String? {
    var small = self
    small.rows = min(rows, 5)
    small.columns = min(columns, 8200)  // reductions are cut at 4096
    let operands = Operands(rows: small.rows, columns: small.columns)
    small.work(on: operands)()
    let expected = small.expected(operands)
    let difference = boundMismatch(
      operands.result.values, expected.result, bound: expected.result.map { 1e-7 + 1e-5 * abs($0) }, columns: small.columns)
    guard isCrossEntropy, difference == nil else { return difference }
    return boundMismatch(operands.losses.values, expected.losses, bound: expected.losses.map { _ in 1e-5 })
  }

  /// In double precision: softmax, or the gradient of the mean loss, and the losses.
  private func expected(_ operands: Operands) -> (result: [Double], losses: [Double]) {
    var result = naiveSoftmax64(operands.x.values.map(Double.init), columns: columns)
    var losses: [Double] = []
    guard isCrossEntropy else { return (result, losses) }
    for row in 0..<rows {
      let at = row * columns + Int(operands.labels[row])
      losses.append(-log(result[at]))
      result[at] -= 1
    }
    return (result.map { $0 / Double(rows) }, losses)
  }

  func prepare() -> () -> Void { work(on: Operands(rows: rows, columns: columns)) }

  private final class Operands {
    let x, result, losses: Buffer
    let labels: [Int32]
    init(rows: Int, columns: Int) {
      x = Buffer(random: rows * columns, seed: 1, in: -4...4)
      result = Buffer(rows * columns, filledWith: 0)
      losses = Buffer(rows, filledWith: 0)
      labels = (0..<rows).map { Int32($0 * 7919 % columns) }
    }
  }

  private func work(on operands: Operands) -> () -> Void {
    let (rows, columns, x, result) = (rows, columns, operands.x.pointer, operands.result.pointer)
    if isCrossEntropy {
      let scale = 1 / Float(rows)
      return {
        operands.labels.withUnsafeBufferPointer { labels in
          softmaxCrossEntropy(
            rows: rows, columns: columns, logits: x, ld: columns, labels: labels.baseAddress!, gradientScale: scale,
            losses: operands.losses.pointer, gradient: result, ldg: columns)
        }
        blackHole(operands)
      }
    }
    return {
      softmax(rows: rows, columns: columns, x, ldx: columns, into: result, ldy: columns)
      blackHole(operands)
    }
  }
}
