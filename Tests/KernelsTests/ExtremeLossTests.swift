import Kernels
import Reference
import Testing

/// Losses where logits are infinite and rows larger than their squares may be: the values that mathematics gives, and the bits of
/// the reference on every tier.
@Suite struct ExtremeLossTests {
  private static let inf = Float.infinity

  /// One row of logits against a row of targets, by the kernel, on every tier.
  private func crossEntropy(
    _ x: [Float], _ t: [Float], smoothing: Float = 0
  ) -> (loss: Float, gradient: [Float]) {
    var (loss, gradient) = (Float(0), [Float](repeating: 0, count: x.count))
    let naive = naiveCrossEntropy(x, targets: t, smoothing: smoothing, gradientScale: 1)
    everywhere { place in
      softmaxCrossEntropy(
        rows: 1, columns: x.count, logits: x, ld: x.count, targets: t, ldt: x.count, labelSmoothing: smoothing, losses: &loss,
        gradient: &gradient, ldg: x.count)
      #expect(bitMismatch([loss] + gradient, [naive.loss] + naive.gradient) == nil, "\(place)")
    }
    return (loss, gradient)
  }

  /// A class without a target may be impossible.
  @Test func impossibleClasses() {
    let (loss, gradient) = crossEntropy([-Self.inf, 0, 1], [0, 1, 0])
    #expect((loss - 1.3132617).magnitude < 1e-6 && gradient.allSatisfy(\.isFinite) && gradient[0] == 0)
    #expect(crossEntropy([-Self.inf, 0, 0], [0, 0.5, 0.5]).loss == crossEntropy([0, 0], [0.5, 0.5]).loss)
    #expect(crossEntropy([-Self.inf, 0, 1], [0, 0, 0]).loss == 0)
    // What has one is infinitely wrong, in the loss alone.
    for (t, smoothing): ([Float], Float) in [([0.5, 0.5, 0], 0), ([0, 1, 0], 0.1)] {
      let (loss, gradient) = crossEntropy([-Self.inf, 0, 1], t, smoothing: smoothing)
      #expect(loss == Self.inf && gradient.allSatisfy(\.isFinite))
    }
    // Nothing is known of rows of nothing but -infinity, or with +infinity or a NaN.
    for x in [[-Self.inf, -Self.inf], [Self.inf, 0], [.nan, 0]] { #expect(crossEntropy(x, [0, 1]).loss.isNaN) }
  }

  /// Of any length, with labels that say the same.
  @Test(arguments: [2, 15, 16, 17, 40, 4097]) func impossibleClassesInLongRows(_ columns: Int) {
    var x = randomValues(columns, seed: 1)
    for i in stride(from: 0, to: columns - 1, by: 3) { x[i] = -Self.inf }
    var t = [Float](repeating: 0, count: columns)
    t[columns - 1] = 1
    x[columns - 1] = 0.5
    let found = crossEntropy(x, t)
    var (loss, gradient) = (Float(0), [Float](repeating: 0, count: columns))
    softmaxCrossEntropy(
      rows: 1, columns: columns, logits: x, ld: columns, labels: [Int32(columns - 1)], losses: &loss, gradient: &gradient,
      ldg: columns)
    #expect(found.loss == loss && loss.isFinite && found.gradient == gradient)
    var divergence = Float(0)
    klDivergence(rows: 1, columns: columns, logits: x, targets: t, losses: &divergence, gradient: &gradient)
    #expect(divergence == loss && found.gradient == gradient)
  }

  /// All of the target spread evenly: the label counts no more than others.
  @Test func smoothingOfOne() {
    var losses = [Float](repeating: 0, count: 2)
    everywhere { _ in
      softmaxCrossEntropy(
        rows: 2, columns: 2, logits: [-Self.inf, 0, 1, 1], ld: 2, labels: [0, 0], labelSmoothing: 1, losses: &losses,
        gradient: nil, ldg: 2)
      #expect(losses[0] == Self.inf && (losses[1] - 0.6931472).magnitude < 1e-6)
    }
  }

  /// A class that teacher and student hold for impossible; a part without weight adds nothing, though it be infinite.
  @Test func distillation() {
    let x: [Float] = [-Self.inf, 0, 1], teacher: [Float] = [-Self.inf, 0, 2]
    for (label, share): (Int, Float) in [(1, 0), (1, 0.5), (1, 1), (0, 0), (0, 0.5)] {
      let naive = naiveDistillation(x, teacher: teacher, label: label, temperature: 2, studentWeight: share, scale: 1)
      everywhere { place in
        var (loss, gradient) = (Float(0), [Float](repeating: 0, count: 3))
        distillationLoss(
          rows: 1, columns: 3, logits: x, teacher: teacher, labels: [Int32(label)], temperature: 2, studentWeight: share,
          losses: &loss, gradient: &gradient)
        #expect(bitMismatch([loss] + gradient, [naive.loss] + naive.gradient) == nil, "\(place)")
        #expect(loss.isFinite == (label == 1 || share == 0) && !loss.isNaN && gradient.allSatisfy(\.isFinite), "\(place)")
      }
    }
  }

  /// A certain answer loses nothing where it is right and everything where it is wrong; gradients stay finite.
  @Test func certainAnswers() {
    let x = [Self.inf, -Self.inf, Self.inf, -Self.inf, Self.inf, -Self.inf, .nan], t: [Float] = [1, 0, 0, 1, 0.5, 0.5, 1]
    for smoothing in [Float(0), 0.1] {
      let naive = zip(x, t).map { naiveSigmoidCrossEntropy($0, target: $1, smoothing: smoothing, gradientScale: 1) }
      everywhere { place in
        var losses = [Float](repeating: 7, count: 7), gradient = losses
        sigmoidCrossEntropy(
          count: 7, logits: x, targets: t, labelSmoothing: smoothing, losses: &losses, gradient: &gradient)
        #expect(bitMismatch(losses + gradient, naive.map(\.loss) + naive.map(\.gradient)) == nil, "\(place)")
        let right: Float = smoothing == 0 ? 0 : Self.inf
        #expect(Array(losses[..<6]) == [right, right, Self.inf, Self.inf, Self.inf, Self.inf] && losses[6].isNaN)
        #expect(gradient[..<6].allSatisfy(\.isFinite) && (smoothing > 0 || gradient[..<4] == [0, 0, 1, -1]))
      }
    }
  }

  // MARK: Cosines

  /// Rows, their cosine, and how far apart the gradient may be, of its own length.
  private static let rows: [([Float], [Float])] = [
    ([1e20, 1e20], [1, 1]), ([2e38, 3e38], [1, 1]), ([1, 1], [2e38, 3e38]), ([2e38, 3e38], [3e38, -2e38]),
    ([3.4e38, 3.4e38, -3.4e38], [3.4e38, 3.4e38, 3.4e38]), ([1e19, 2e19], [2e19, -1e19]), ([1e14, 3e14], [3e14, 1e14]),
    ([1e20, 1], [1, 1e-7]), ([1e30, 1e-30], [1e-6, 2e-6]), ([1e-6, 2e-6], [3e38, 1e38]),
    ([Float](repeating: 2e38, count: 40), [Float](repeating: -1, count: 40)),
  ]

  @Test(arguments: rows) func cosinesOfLargeRows(p: [Float], t: [Float]) {
    let n = p.count, scale: Float = 0.125
    func dot(_ x: [Float], _ y: [Float]) -> Double { zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    let (lp, lt) = (dot(p, p).squareRoot(), dot(t, t).squareRoot())
    let cosine = dot(p, t) / (lp * lt)
    let expected = (0..<n).map { Double(scale) * (cosine / lp * Double(p[$0]) / lp - Double(t[$0]) / lt / lp) }
    let naive = naiveCosineLoss(p, t, scale: scale)
    everywhere { place in
      var (loss, gradient) = (Float(0), [Float](repeating: 0, count: n))
      cosineLoss(
        rows: 1, columns: n, predictions: p, targets: t, gradientScale: scale, losses: &loss, gradient: &gradient)
      #expect(bitMismatch([loss] + gradient, [naive.loss] + naive.gradient) == nil, "\(place)")
      #expect((Double(loss) + cosine).magnitude < 1e-6, "\(place), \(loss)")
      for (g, e) in zip(gradient, expected) {
        #expect((Double(g) - e).magnitude <= 1e-6 * Double(scale) / lp + 0x1p-149, "\(place), \(g) \(e)")
      }
    }
  }

  /// Short ones count as 10^-8, infinite ones have no direction.
  @Test func cosinesWithoutALength() {
    func loss(_ p: [Float], _ t: [Float]) -> Float {
      var loss = Float(0)
      cosineLoss(rows: 1, columns: 2, predictions: p, targets: t, losses: &loss, gradient: nil)
      return loss
    }
    #expect(loss([0, 0], [1, 1]) == 0 && loss([0, 0], [3e38, 3e38]) == 0 && loss([0, 0], [0, 0]) == 0)
    #expect((loss([1e-30, 1e-30], [1, 1]) * 1e22 + 1.4142135).magnitude < 1e-5)
    #expect((loss([1e-30, 1e-30], [1e20, 1e20]) * 1e22 + 1.4142135).magnitude < 1e-5)
    for x in [[Self.inf, 0], [.nan, 1], [3e38, Self.inf]] {
      #expect(loss(x, [1, 1]).isNaN && loss([1, 1], x).isNaN)
    }
  }
}
