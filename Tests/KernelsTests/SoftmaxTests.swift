import Kernels
import Reference
import Testing

/// Rows and columns around vectors and chunks.
private let shapes = [
  (0, 3), (3, 0), (1, 1), (5, 10), (3, 15), (2, 16), (2, 17), (100, 33), (2, 4095), (2, 4097), (1, 40_000), (3000, 10),
]

/// Rows `ld` apart with a canary between them.
private func spread(_ rows: Int, _ columns: Int, ld: Int, _ row: (Int) -> [Float]) -> [Float] {
  (0..<rows).flatMap { row($0) + [Float](repeating: 7, count: ld - columns) }
}

@Suite struct SoftmaxTests {
  typealias Forward = @Sendable (Int, Int, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void
  typealias Backward = @Sendable (Int, Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void

  struct Case: CustomTestStringConvertible {
    let testDescription: String
    let forward: Forward
    let naive: @Sendable ([Float]) -> [Float]
    let backward: Backward
    let naiveGradient: @Sendable ([Float], [Float]) -> [Float]
  }

  static let cases = [
    Case(
      testDescription: "softmax", forward: { softmax(rows: $0, columns: $1, $2, ldx: $3, into: $4, ldy: $5) },
      naive: naiveSoftmax,
      backward: { softmaxGradient(rows: $0, columns: $1, y: $2, ldy: $5, dy: $3, lddy: $5, into: $4, lddx: $5) },
      naiveGradient: naiveSoftmaxGradient),
    Case(
      testDescription: "logSoftmax", forward: { logSoftmax(rows: $0, columns: $1, $2, ldx: $3, into: $4, ldy: $5) },
      naive: naiveLogSoftmax,
      backward: { logSoftmaxGradient(rows: $0, columns: $1, y: $2, ldy: $5, dy: $3, lddy: $5, into: $4, lddx: $5) },
      naiveGradient: naiveLogSoftmaxGradient),
  ]

  @Test(arguments: cases) func equalsTheReferenceEverywhere(_ c: Case) {
    for (rows, columns) in shapes {
      let ld = columns + 3
      let x = randomValues(rows * ld, seed: 1, in: -20...20), dy = randomValues(rows * ld, seed: 2)
      let row = { (a: [Float], i: Int) in Array(a[i * ld..<i * ld + columns]) }
      let y = spread(rows, columns, ld: ld) { c.naive(row(x, $0)) }
      let dx = spread(rows, columns, ld: ld) { c.naiveGradient(row(y, $0), row(dy, $0)) }
      everywhere { place in
        var result = [Float](repeating: 7, count: rows * ld)
        c.forward(rows, columns, x, ld, &result, ld)
        #expect(bitMismatch(result, y, columns: ld) == nil, "\(place), \(rows) x \(columns)")
        result = [Float](repeating: 7, count: rows * ld)
        c.backward(rows, columns, y, dy, &result, ld)
        #expect(bitMismatch(result, dx, columns: ld) == nil, "\(place), \(rows) x \(columns), gradient")
      }
    }
  }

  @Test(arguments: cases) func worksInPlaceAndInsideItsBuffers(_ c: Case) {
    for tier in Tier.available {
      for columns in [1, 15, 17, 4097] {
        let x = randomValues(3 * columns, seed: 3)
        let buffer = GuardedBuffer(x)
        withTier(tier) { c.forward(3, columns, buffer.pointer, columns, buffer.pointer, columns) }
        let rows = (0..<3).map { c.naive(Array(x[$0 * columns..<($0 + 1) * columns])) }
        #expect(bitMismatch(buffer.values, rows.flatMap { $0 }) == nil)
        let dy = GuardedBuffer(x)
        withTier(tier) { c.backward(3, columns, buffer.pointer, dy.pointer, dy.pointer, columns) }
        let gradients = (0..<3).flatMap { c.naiveGradient(rows[$0], Array(x[$0 * columns..<($0 + 1) * columns])) }
        #expect(bitMismatch(dy.values, gradients) == nil)
      }
    }
  }

  @Test func isWithinItsBoundOfTheTruth() {
    let columns = 1000
    let x = randomValues(columns, seed: 4, in: -30...30)
    let powers = x.map { exponential(Double($0)) }
    let sum = powers.reduce(0, +)
    var y = x
    softmax(rows: 1, columns: columns, x, ldx: columns, into: &y, ldy: columns)
    let truth = powers.map { $0 / sum }
    // x - m rounds, and an error of the argument is a relative error of the exponential.
    let depth = x.map { Double(x.max()! - $0) }
    #expect(boundMismatch(y, truth, bound: zip(truth, depth).map { $0 * (8 + $1) * 0x1p-23 }) == nil)
  }

  @Test func extremeRowsGiveTheLimit() {
    let infinity = Float.infinity
    var y = [Float](repeating: 0, count: 4)
    softmax(rows: 1, columns: 4, [3e38, -3e38, -infinity, 3e38], ldx: 4, into: &y, ldy: 4)
    #expect(y == [0.5, 0, 0, 0.5])
    softmax(rows: 2, columns: 2, [1, .nan, 0, 0], ldx: 2, into: &y, ldy: 2)
    #expect(y[0].isNaN && y[1].isNaN && y[2...] == [0.5, 0.5])
  }

  @Test func wrongShapesStopTheProgram() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var y: [Float] = [0, 0, 0, 0]
      softmax(rows: 2, columns: 2, [0, 0, 0, 0], ldx: 1, into: &y, ldy: 2)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("rows of 2 elements but ld 1"))
    await #expect(processExitsWith: .failure) {
      var y: [Float] = [0]
      logSoftmax(rows: -1, columns: 1, [0], ldx: 1, into: &y, ldy: 1)
    }
    await #expect(processExitsWith: .failure) {
      var y: [Float] = [0]
      softmaxGradient(rows: 1, columns: 1 << 24 + 1, y: [0], ldy: 1, dy: [0], lddy: 1, into: &y, lddx: 1)
    }
  }
}
