import Kernels
import Reference
import Testing

@Suite struct RowLossTests {
  typealias Element = (loss: ElementLoss, naive: @Sendable (Float, Float) -> NaiveLoss)

  static let elements: [Element] = [
    (.squaredError, { naiveSquaredError($0, $1, scale: 0.3) }), (.absoluteError, { naiveAbsoluteError($0, $1, scale: 0.3) }),
    (.huber(delta: 0.7), { naiveHuber($0, $1, delta: 0.7, scale: 0.3) }), (.hinge, { naiveHinge($0, $1, scale: 0.3) }),
    (.squaredHinge, { naiveSquaredHinge($0, $1, scale: 0.3) }),
  ]

  @Test func elementsEqualTheReferenceEverywhere() {
    let n = awkwardCounts.max()!
    let x = randomValues(n, seed: 1, in: -3...3)
    let t = randomValues(n, seed: 2, in: -2...2).enumerated().map { $0 % 7 == 0 ? x[$0] : $1 }
    for (loss, naive) in Self.elements {
      let expected = zip(x, t).map(naive)
      everywhere { place in
        for count in awkwardCounts {
          var losses = [Float](repeating: 7, count: count + 1), gradient = losses
          elementLoss(
            loss, count: count, predictions: x, targets: t, gradientScale: 0.3, losses: &losses, gradient: &gradient)
          #expect(bitMismatch(losses, expected.prefix(count).map(\.loss) + [7]) == nil, "\(loss), \(place), \(count)")
          #expect(bitMismatch(gradient, expected.prefix(count).map(\.gradient) + [7]) == nil, "\(loss), \(place), \(count)")
        }
      }
    }
  }

  @Test func specialElements() {
    let x = specialValues + sweptFloats(step: 9_999_991), t = randomValues(x.count, seed: 3)
    for (loss, naive) in Self.elements {
      let expected = zip(x, t).map(naive)
      for tier in Tier.available {
        withTier(tier) {
          var losses = x, gradient = x
          elementLoss(
            loss, count: x.count, predictions: x, targets: t, gradientScale: 0.3, losses: &losses, gradient: &gradient)
          #expect(bitMismatch(losses, expected.map(\.loss)) == nil, "\(loss), \(tier)")
          #expect(bitMismatch(gradient, expected.map(\.gradient)) == nil, "\(loss), \(tier)")
        }
      }
    }
  }

  static let shapes = [(0, 3), (1, 1), (7, 10), (5, 16), (5, 17), (2, 4097), (3000, 10)]

  @Test(arguments: shapes) func rowsEqualTheReferenceEverywhere(rows: Int, columns: Int) {
    let n = rows * columns
    let x = randomValues(n, seed: 4, in: -4...4), t = randomValues(n, seed: 5, in: -0.5...1).map { max($0, 0) }
    let labels = (0..<rows).map { Int32($0 * 7919 % columns) }
    let row = { (a: [Float], i: Int) in Array(a[i * columns..<(i + 1) * columns]) }
    let cosine = (0..<rows).map { naiveCosineLoss(row(x, $0), row(t, $0), scale: 0.3) }
    let divergence = (0..<rows).map { naiveKLDivergence(row(x, $0), row(t, $0), scale: 0.3) }
    let distilled = (0..<rows).map {
      naiveDistillation(
        row(x, $0), teacher: row(t, $0), label: Int(labels[$0]), temperature: 3, studentWeight: 0.25, scale: 0.3)
    }
    everywhere { place in
      var losses = [Float](repeating: 7, count: rows + 1), gradient = [Float](repeating: 7, count: n + 1)
      cosineLoss(
        rows: rows, columns: columns, predictions: x, targets: t, gradientScale: 0.3, losses: &losses, gradient: &gradient)
      #expect(bitMismatch(losses, cosine.map(\.loss) + [7]) == nil, "cosine, \(place)")
      #expect(bitMismatch(gradient, cosine.flatMap(\.gradient) + [7]) == nil, "cosine, \(place)")
      klDivergence(
        rows: rows, columns: columns, logits: x, targets: t, gradientScale: 0.3, losses: &losses, gradient: &gradient)
      #expect(bitMismatch(losses, divergence.map(\.loss) + [7]) == nil, "divergence, \(place)")
      #expect(bitMismatch(gradient, divergence.flatMap(\.gradient) + [7]) == nil, "divergence, \(place)")
      distillationLoss(
        rows: rows, columns: columns, logits: x, teacher: t, labels: labels, temperature: 3, studentWeight: 0.25,
        gradientScale: 0.3, losses: &losses, gradient: &gradient)
      #expect(bitMismatch(losses, distilled.map(\.loss) + [7]) == nil, "distillation, \(place)")
      #expect(bitMismatch(gradient, distilled.flatMap(\.gradient) + [7]) == nil, "distillation, \(place)")
    }
  }

  @Test func staysInsideItsBuffers() {
    for tier in Tier.available {
      for side in GuardedBuffer<Float>.Side.allCases {
        for columns in [1, 15, 17] {
          let x = GuardedBuffer<Float>(repeating: 0.5, count: 2 * columns, side: side)
          let t = GuardedBuffer<Float>(repeating: 0.25, count: 2 * columns, side: side)
          let gradient = GuardedBuffer<Float>(repeating: 0, count: 2 * columns, side: side)
          let losses = GuardedBuffer<Float>(repeating: 0, count: 2, side: side)
          let each = GuardedBuffer<Float>(repeating: 0, count: 2 * columns, side: side)
          withTier(tier) {
            cosineLoss(
              rows: 2, columns: columns, predictions: x.pointer, targets: t.pointer, losses: losses.pointer,
              gradient: gradient.pointer)
            klDivergence(
              rows: 2, columns: columns, logits: x.pointer, targets: t.pointer, losses: losses.pointer,
              gradient: gradient.pointer)
            elementLoss(
              .hinge, count: 2 * columns, predictions: x.pointer, targets: t.pointer, losses: each.pointer,
              gradient: gradient.pointer)
          }
          #expect(each.values.allSatisfy { $0 == 0.875 })
        }
      }
    }
  }

  /// The Gram loss by its definition in float64, and the same bits everywhere.
  @Test func gram() {
    let (batch, m, n) = (2, 7, 3)
    let f = randomValues(batch * m * n, seed: 6), s = randomValues(batch * m * n, seed: 7)
    func loss(_ f: [Double], _ i: Int) -> Double {
      var sum = 0.0
      for a in 0..<n {
        for b in 0..<n {
          var d = 0.0
          for p in 0..<m {
            let at = (i * m + p) * n
            d += f[at + a] * f[at + b] - Double(s[at + a]) * Double(s[at + b])
          }
          sum += d * d
        }
      }
      return sum / Double(4 * n * n * m * m)
    }
    let exact = f.map(Double.init)
    let slope = naiveGradient64(exact) { x in (0..<batch).reduce(0) { $0 + loss(x, $1) } }
    var first: [Float]?
    everywhere { place in
      var losses = [Float](repeating: 0, count: batch), gradient = [Float](repeating: 0, count: f.count)
      gramLoss(
        batch: batch, positions: m, channels: n, features: f, style: s, losses: &losses, gradient: &gradient)
      #expect(boundMismatch(losses, (0..<batch).map { loss(exact, $0) }, bound: [1e-6, 1e-6]) == nil, "\(place)")
      #expect(boundMismatch(gradient, slope, bound: slope.map { _ in 1e-6 }) == nil, "\(place)")
      #expect(bitMismatch(gradient, first ?? gradient) == nil, "\(place)")
      first = gradient
    }
  }

  @Test func wrongArgumentsStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      var losses: [Float] = [0]
      elementLoss(.huber(delta: 0), count: 1, predictions: [0], targets: [0], losses: &losses, gradient: nil)
    }
    await #expect(processExitsWith: .failure) {
      var losses: [Float] = [0]
      cosineLoss(rows: 1, columns: -1, predictions: [0], targets: [0], losses: &losses, gradient: nil)
    }
    await #expect(processExitsWith: .failure) {
      var losses: [Float] = [0]
      distillationLoss(
        rows: 1, columns: 1, logits: [0], teacher: [0], labels: [0], temperature: 0, studentWeight: 0.5, losses: &losses,
        gradient: nil)
    }
    await #expect(processExitsWith: .failure) {
      var losses: [Float] = [0, 0]
      losses.withUnsafeMutableBufferPointer {
        cosineLoss(
          rows: 2, columns: 1, predictions: [0, 0], targets: $0.baseAddress!, losses: $0.baseAddress!, gradient: nil)
      }
    }
  }
}
