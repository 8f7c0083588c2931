import Kernels
import Reference
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

func exponential(_ x: Double) -> Double { exp(x) }

/// Softmax and cross-entropy of a row in double precision.
private func trueCrossEntropy(_ x: [Double], _ t: [Double]) -> Double {
  let m = x.max()!
  let logSum = log(x.map { exp($0 - m) }.reduce(0, +)) + m
  return zip(x, t).map { x, t in t * (logSum - x) }.reduce(0, +)
}

@Suite struct LossTests {
  /// Rows, columns, label smoothing.
  private static let cases: [(Int, Int, Float)] = [
    (1, 1, 0), (7, 10, 0), (7, 10, 0.1), (5, 15, 0), (5, 16, 0.25), (5, 17, 1), (2, 4097, 0), (2, 4097, 0.1), (3000, 10, 0),
    (1, 20_000, 0.1),
  ]

  @Test func crossEntropyEqualsTheReferenceEverywhere() {
    for (rows, columns, smoothing) in Self.cases {
      let ld = columns + 2
      let x = randomValues(rows * ld, seed: 1, in: -9...9), soft = randomValues(rows * ld, seed: 2, in: 0...1)
      let labels = (0..<rows).map { Int32($0 * 7919 % columns) }
      let row = { (a: [Float], i: Int) in Array(a[i * ld..<i * ld + columns]) }
      let hard = (0..<rows).map {
        naiveCrossEntropy(row(x, $0), label: Int(labels[$0]), smoothing: smoothing, gradientScale: 0.125)
      }
      let mixed = (0..<rows).map {
        naiveCrossEntropy(row(x, $0), targets: row(soft, $0), smoothing: smoothing, gradientScale: 0.125)
      }
      everywhere { place in
        let place = "\(place), \(rows) x \(columns), smoothing \(smoothing)"
        var losses = [Float](repeating: 0, count: rows), gradient = [Float](repeating: 0, count: rows * columns)
        softmaxCrossEntropy(
          rows: rows, columns: columns, logits: x, ld: ld, labels: labels, labelSmoothing: smoothing, gradientScale: 0.125,
          losses: &losses, gradient: &gradient, ldg: columns)
        #expect(bitMismatch(losses, hard.map(\.loss)) == nil, "\(place)")
        #expect(bitMismatch(gradient, hard.flatMap(\.gradient), columns: columns) == nil, "\(place)")

        softmaxCrossEntropy(
          rows: rows, columns: columns, logits: x, ld: ld, targets: soft, ldt: ld, labelSmoothing: smoothing,
          gradientScale: 0.125, losses: &losses, gradient: &gradient, ldg: columns)
        #expect(bitMismatch(losses, mixed.map(\.loss)) == nil, "\(place), soft")
        #expect(bitMismatch(gradient, mixed.flatMap(\.gradient), columns: columns) == nil, "\(place), soft")
      }
    }
  }

  @Test func crossEntropyWorksInPlaceWithoutGradientAndInsideItsBuffers() {
    for tier in Tier.available {
      for columns in [1, 10, 16, 17, 4097] {
        let x = randomValues(2 * columns, seed: 3), labels: [Int32] = [0, Int32(columns - 1)]
        let logits = GuardedBuffer(x), losses = GuardedBuffer<Float>(repeating: 0, count: 2)
        let target = GuardedBuffer(x)
        withTier(tier) {
          softmaxCrossEntropy(
            rows: 2, columns: columns, logits: logits.pointer, ld: columns, targets: target.pointer, ldt: columns,
            losses: losses.pointer, gradient: nil, ldg: 0)
          softmaxCrossEntropy(
            rows: 2, columns: columns, logits: logits.pointer, ld: columns, labels: labels, losses: losses.pointer,
            gradient: nil, ldg: 0)
          #expect(logits.values == x)
          softmaxCrossEntropy(
            rows: 2, columns: columns, logits: logits.pointer, ld: columns, labels: labels, losses: losses.pointer,
            gradient: logits.pointer, ldg: columns)
        }
        let expected = (0..<2).map {
          naiveCrossEntropy(
            Array(x[$0 * columns..<($0 + 1) * columns]), label: Int(labels[$0]), smoothing: 0, gradientScale: 1)
        }
        #expect(bitMismatch(losses.values, expected.map(\.loss)) == nil)
        #expect(bitMismatch(logits.values, expected.flatMap(\.gradient)) == nil)
      }
    }
  }

  @Test func oneHotTargetsGiveTheBitsOfLabels() {
    let x = randomValues(4 * 10, seed: 4), labels: [Int32] = [0, 9, 3, 3]
    var targets = [Float](repeating: 0, count: 4 * 10)
    for (row, label) in labels.enumerated() { targets[row * 10 + Int(label)] = 1 }
    var (a, b) = ([Float](repeating: 0, count: 4), [Float](repeating: 0, count: 4))
    var (da, db) = (x, x)
    softmaxCrossEntropy(rows: 4, columns: 10, logits: x, ld: 10, labels: labels, losses: &a, gradient: &da, ldg: 10)
    softmaxCrossEntropy(rows: 4, columns: 10, logits: x, ld: 10, targets: targets, ldt: 10, losses: &b, gradient: &db, ldg: 10)
    #expect(bitMismatch(a, b) == nil)
    #expect(da == db)
  }

  @Test(arguments: [Float(0), 0.1]) func crossEntropyIsRight(smoothing: Float) {
    let columns = 12, e = Double(smoothing)
    let x = randomValues(columns, seed: 5, in: -6...6).map(Double.init)
    let t = (0..<columns).map { ($0 == 4 ? 1 - e : 0) + e / Double(columns) }
    var loss: [Float] = [0], gradient = [Float](repeating: 0, count: columns)
    softmaxCrossEntropy(
      rows: 1, columns: columns, logits: x.map(Float.init), ld: columns, labels: [4], labelSmoothing: smoothing,
      losses: &loss, gradient: &gradient, ldg: columns)
    let h = 1e-5
    let slope = x.indices.map { i in
      var (above, below) = (x, x)
      above[i] += h
      below[i] -= h
      return (trueCrossEntropy(above, t) - trueCrossEntropy(below, t)) / (2 * h)
    }
    let truth = trueCrossEntropy(x, t)
    #expect(boundMismatch(loss, [truth], bound: [8 * 0x1p-23 * max(1, truth)]) == nil)
    #expect(boundMismatch(gradient, slope, bound: slope.map { _ in 4 * 0x1p-23 + 1e-9 }) == nil)
  }

  @Test func hugeLogitsDoNotOverflow() {
    var loss: [Float] = [0, 0], gradient = [Float](repeating: 0, count: 4)
    softmaxCrossEntropy(
      rows: 2, columns: 2, logits: [3e38, -3e38, 1e30, 1e30], ld: 2, labels: [0, 1], losses: &loss, gradient: &gradient, ldg: 2)
    #expect(loss[0] == 0 && abs(loss[1] - 0.6931472) < 1e-7)
    #expect(gradient == [0, 0, 0.5, -0.5])
  }

  @Test func lossesOfElementsEqualTheReferenceEverywhere() {
    let n = awkwardCounts.max()!
    let x = randomValues(n, seed: 6, in: -20...20), t = randomValues(n, seed: 7, in: 0...1)
    let sigmoid = zip(x, t).map { naiveSigmoidCrossEntropy($0, target: $1, smoothing: 0.1, gradientScale: 3) }
    let squares = zip(x, t).map { ($0 - $1) * ($0 - $1) }, slopes = zip(x, t).map { ($0 - $1) * 0.5 }
    everywhere { place in
      for count in awkwardCounts {
        var losses = [Float](repeating: 7, count: count + 1), gradient = losses
        sigmoidCrossEntropy(
          count: count, logits: x, targets: t, labelSmoothing: 0.1, gradientScale: 3, losses: &losses, gradient: &gradient)
        #expect(bitMismatch(losses, sigmoid.prefix(count).map(\.loss) + [7]) == nil, "\(place), \(count)")
        #expect(bitMismatch(gradient, sigmoid.prefix(count).map(\.gradient) + [7]) == nil, "\(place), \(count)")
        squaredError(count: count, predictions: x, targets: t, gradientScale: 0.25, losses: &losses, gradient: &gradient)
        #expect(bitMismatch(losses, squares.prefix(count) + [7]) == nil, "\(place), \(count)")
        #expect(bitMismatch(gradient, slopes.prefix(count) + [7]) == nil, "\(place), \(count)")
      }
    }
  }

  @Test func sigmoidCrossEntropyIsRight() {
    let x = randomValues(500, seed: 8, in: -30...30), t = randomValues(500, seed: 9, in: 0...1)
    var losses = x, gradient = x
    sigmoidCrossEntropy(count: 500, logits: x, targets: t, losses: &losses, gradient: &gradient)
    let truth = zip(x, t).map { x, t in
      let (x, t) = (Double(x), Double(t))
      let logarithm: Double = log1p(exp(-x.magnitude))
      return max(0, x) - x * t + logarithm
    }
    #expect(boundMismatch(losses, truth, bound: x.map { 4 * 0x1p-23 * Double(max(1, $0.magnitude)) }) == nil)
    let slope = zip(x, t).map { x, t in 1 / (1 + exp(-Double(x))) - Double(t) }
    #expect(boundMismatch(gradient, slope, bound: slope.map { _ in 2 * 0x1p-23 }) == nil)
  }

  @Test func wrongArgumentsStopTheProgram() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var losses: [Float] = [0, 0]
      softmaxCrossEntropy(
        rows: 2, columns: 3, logits: [0, 0, 0, 0, 0, 0], ld: 3, labels: [0, 3], losses: &losses, gradient: nil, ldg: 0)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("label 3 of row 1 is outside the columns 0..<3"))
    await #expect(processExitsWith: .failure) {
      var losses: [Float] = [0]
      softmaxCrossEntropy(rows: 1, columns: 2, logits: [0, 0], ld: 2, labels: [-1], losses: &losses, gradient: nil, ldg: 0)
    }
    await #expect(processExitsWith: .failure) {
      var losses: [Float] = [0]
      sigmoidCrossEntropy(count: 1, logits: [0], targets: [0], labelSmoothing: 1.5, losses: &losses, gradient: nil)
    }
    await #expect(processExitsWith: .failure) {
      var losses: [Float] = [0]
      squaredError(count: -1, predictions: [0], targets: [0], losses: &losses, gradient: nil)
    }
  }
}
