import Kernels
import Reference

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
    return bitMismatch(operands.result.values, expected.result, columns: small.columns)
      ?? bitMismatch(operands.losses.values, expected.losses)
  }

  /// Softmax, or the gradient of the mean loss and the losses.
  private func expected(_ operands: Operands) -> (result: [Float], losses: [Float]) {
    let x = operands.x.values
    let logits = (0..<rows).map { Array(x[$0 * columns..<($0 + 1) * columns]) }
    guard isCrossEntropy else { return (logits.flatMap(naiveSoftmax), operands.losses.values) }
    let each = zip(logits, operands.labels).map {
      naiveCrossEntropy($0, label: Int($1), smoothing: 0, gradientScale: 1 / Float(rows))
    }
    return (each.flatMap(\.gradient), each.map(\.loss))
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
