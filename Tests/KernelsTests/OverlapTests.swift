import Kernels
import Reference
import Testing

/// What the strided forms refuse and allow about operands and results in the same memory.
@Suite struct OverlapTests {
  @Test func softmaxRefusesAResultThatOverlapsItsOperand() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var x = [Float](repeating: 1, count: 16)
      x.withUnsafeMutableBufferPointer {
        softmax(rows: 2, columns: 4, $0.baseAddress!, ldx: 4, into: $0.baseAddress! + 2, ldy: 4)
      }
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("softmax: the 2 x 4 result (ld 4) overlaps x (ld 4)"))
    await #expect(processExitsWith: .failure) {
      var x = [Float](repeating: 1, count: 16)
      x.withUnsafeMutableBufferPointer { logSoftmax(rows: 2, columns: 4, $0.baseAddress!, ldx: 4, into: $0.baseAddress!, ldy: 5) }
    }
    await #expect(processExitsWith: .failure) {
      var x = [Float](repeating: 1, count: 16)
      x.withUnsafeMutableBufferPointer {
        softmaxGradient(
          rows: 2, columns: 4, y: $0.baseAddress!, ldy: 4, dy: [Float](repeating: 0, count: 8), lddy: 4,
          into: $0.baseAddress! + 4, lddx: 4)
      }
    }
    await #expect(processExitsWith: .failure) {
      var x = [Float](repeating: 1, count: 16)
      x.withUnsafeMutableBufferPointer {
        logSoftmaxGradient(
          rows: 2, columns: 4, y: [Float](repeating: 0, count: 8), ldy: 4, dy: $0.baseAddress!, lddy: 4,
          into: $0.baseAddress! + 1, lddx: 4)
      }
    }
  }

  @Test func crossEntropyRefusesResultsThatOverlap() async {
    await #expect(processExitsWith: .failure) {
      var x = [Float](repeating: 1, count: 16), losses: [Float] = [0, 0]
      x.withUnsafeMutableBufferPointer {
        softmaxCrossEntropy(
          rows: 2, columns: 4, logits: $0.baseAddress!, ld: 4, labels: [0, 1], losses: &losses, gradient: $0.baseAddress! + 4,
          ldg: 4)
      }
    }
    await #expect(processExitsWith: .failure) {
      var x = [Float](repeating: 1, count: 8)
      x.withUnsafeMutableBufferPointer {
        softmaxCrossEntropy(
          rows: 2, columns: 4, logits: $0.baseAddress!, ld: 4, labels: [0, 1], losses: $0.baseAddress! + 6, gradient: nil, ldg: 0)
      }
    }
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var targets = [Float](repeating: 1, count: 8), losses: [Float] = [0, 0]
      targets.withUnsafeMutableBufferPointer {
        softmaxCrossEntropy(
          rows: 2, columns: 4, logits: [Float](repeating: 0, count: 8), ld: 4, targets: $0.baseAddress!, ldt: 4,
          losses: &losses, gradient: $0.baseAddress!, ldg: 4)
      }
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("softmaxCrossEntropy: the gradient overlaps the targets"))
  }

  @Test func lossesOfElementsRefuseResultsThatOverlap() async {
    await #expect(processExitsWith: .failure) {
      var both = [Float](repeating: 0, count: 6)
      both.withUnsafeMutableBufferPointer {
        squaredError(
          count: 4, predictions: [1, 2, 3, 4], targets: [0, 0, 0, 0], losses: $0.baseAddress!, gradient: $0.baseAddress! + 2)
      }
    }
    await #expect(processExitsWith: .failure) {
      var x = [Float](repeating: 0, count: 6), gradient = x
      x.withUnsafeMutableBufferPointer {
        sigmoidCrossEntropy(
          count: 4, logits: $0.baseAddress!, targets: [0, 0, 0, 0], losses: $0.baseAddress! + 1, gradient: &gradient)
      }
    }
  }

  @Test func broadcastsRefuseAResultThatOverlapsItsOperand() async {
    await #expect(processExitsWith: .failure) {
      var x = [Float](repeating: 1, count: 16)
      x.withUnsafeMutableBufferPointer {
        addRow(rows: 2, columns: 4, $0.baseAddress!, ldx: 4, row: [1, 2, 3, 4], into: $0.baseAddress! + 4, ldy: 4)
      }
    }
    await #expect(processExitsWith: .failure) {
      var x = [Float](repeating: 1, count: 16)
      x.withUnsafeMutableBufferPointer {
        multiplyColumn(rows: 2, columns: 4, $0.baseAddress!, ldx: 4, column: [1, 2], into: $0.baseAddress!, ldy: 5)
      }
    }
  }

  /// Columns of one matrix may be the operand and others the result; a single row has no distance between rows.
  @Test func sideBySideIsLegal() {
    let x = randomValues(2 * 8, seed: 1)
    var both = x
    both.withUnsafeMutableBufferPointer {
      softmax(rows: 2, columns: 4, $0.baseAddress!, ldx: 8, into: $0.baseAddress! + 4, ldy: 8)
    }
    let expected = (0..<2).flatMap { i -> [Float] in
      let row = Array(x[8 * i..<8 * i + 4])
      return row + naiveSoftmax(row)
    }
    #expect(bitMismatch(both, expected, columns: 8) == nil)
    var row = Array(x[..<4])
    row.withUnsafeMutableBufferPointer { softmax(rows: 1, columns: 4, $0.baseAddress!, ldx: 4, into: $0.baseAddress!, ldy: 0) }
    #expect(bitMismatch(row, Array(expected[4..<8])) == nil)
  }
}
