import Kernels
import Reference
import Testing

@Suite struct UpdateTests {
  /// Three steps of an optimizer with two arrays of state, by the kernel and by the reference, on guarded arrays.
  private func expectSameSteps(
    _ kernel: (Int, Int, UnsafeMutablePointer<Float>, UnsafePointer<Float>, [UnsafeMutablePointer<Float>]) -> Void,
    _ naive: (Int, inout [Float], [Float], inout [Float], inout [Float]) -> Void
  ) {
    for count in [0, 1, 15, 16, 17, 1000, 16384, 2 * 16384 + 7] {
      var w = randomValues(count, seed: 1)
      var (m, v) = ([Float](repeating: 0, count: count), [Float](repeating: 0, count: count))
      let gradients = (0..<3).map { randomValues(count, seed: 2 + UInt64($0)) }
      let start = w
      for (i, g) in gradients.enumerated() { naive(i + 1, &w, g, &m, &v) }
      everywhere { place in
        let actual = GuardedBuffer(start)
        let s = [GuardedBuffer(repeating: Float(0), count: count, side: .start), GuardedBuffer(repeating: 0, count: count)]
        for (i, g) in gradients.enumerated() {
          let gradient = GuardedBuffer(g)
          withExtendedLifetime(gradient) { kernel(count, i + 1, actual.pointer, gradient.pointer, s.map(\.pointer)) }
        }
        #expect(bitMismatch(actual.values, w) == nil, "weights: \(count) parameters, \(place)")
        #expect(bitMismatch(s[0].values, m) == nil, "first state: \(count) parameters, \(place)")
        #expect(bitMismatch(s[1].values, v) == nil, "second state: \(count) parameters, \(place)")
      }
    }
  }

  @Test(arguments: [0, 0.25] as [Float]) func sgdHasTheBitsOfTheReference(weightDecay: Float) {
    expectSameSteps(
      { n, _, w, g, _ in sgdUpdate(count: n, learningRate: 0.1, weightDecay: weightDecay, w, gradient: g) },
      { _, w, g, _, _ in naiveSGD(learningRate: 0.1, weightDecay: weightDecay, &w, gradient: g) })
  }

  @Test(arguments: [false, true], [0, 0.25] as [Float])
  func momentumHasTheBitsOfTheReference(nesterov: Bool, weightDecay: Float) {
    expectSameSteps(
      { n, step, w, g, s in
        momentumUpdate(
          count: n, learningRate: 0.1, momentum: 0.9, nesterov: nesterov, weightDecay: weightDecay, isFirstStep: step == 1, w,
          gradient: g, velocity: s[0])
      },
      { step, w, g, v, _ in
        naiveMomentum(
          learningRate: 0.1, momentum: 0.9, nesterov: nesterov, weightDecay: weightDecay, isFirstStep: step == 1, &w,
          gradient: g, velocity: &v)
      })
  }

  @Test(arguments: [(0, 0), (0.01, 0), (0, 0.01)] as [(Float, Float)])
  func adamHasTheBitsOfTheReference(l2: Float, weightDecay: Float) {
    expectSameSteps(
      { n, step, w, g, s in
        adamUpdate(
          count: n, learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: step, l2: l2,
          weightDecay: weightDecay, w, gradient: g, m: s[0], v: s[1])
      },
      { step, w, g, m, v in
        naiveAdam(
          learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: step, l2: l2, weightDecay: weightDecay, &w,
          gradient: g, m: &m, v: &v)
      })
  }

  @Test func theFirstStepOfMomentumDoesNotReadTheVelocity() {
    var (w, v): ([Float], [Float]) = ([1], [.nan])
    momentumUpdate(
      count: 1, learningRate: 0.5, momentum: 0.9, nesterov: false, weightDecay: 0, isFirstStep: true, &w, gradient: [1],
      velocity: &v)
    #expect(w == [0.5] && v == [1])
  }

  /// Forty steps of `update(step, weights, gradient)` end where PyTorch ends.
  private func expectGolden(_ golden: [Float], _ update: (Int, inout [Float], [Float]) -> Void) {
    for tier in Tier.available {
      var w = OptimizerGoldens.start
      withTier(tier) {
        for (i, g) in OptimizerGoldens.gradients.enumerated() { update(i + 1, &w, g) }
      }
      #expect(
        boundMismatch(w, golden.map(Double.init), bound: golden.map { 1e-5 * Double($0.magnitude) }) == nil, "\(tier)")
    }
  }

  @Test func sgdAgreesWithPyTorch() {
    expectGolden(OptimizerGoldens.sgd) { _, w, g in
      sgdUpdate(count: 4, learningRate: 0.001, weightDecay: 0, &w, gradient: g)
    }
  }

  @Test func momentumAgreesWithPyTorch() {
    for (nesterov, weightDecay, golden) in [
      (false, 0, OptimizerGoldens.momentum), (true, 0.1, OptimizerGoldens.nesterov),
    ] as [(Bool, Float, [Float])] {
      var v = [Float](repeating: 0, count: 4)
      expectGolden(golden) { step, w, g in
        momentumUpdate(
          count: 4, learningRate: 0.01, momentum: 0.9, nesterov: nesterov, weightDecay: weightDecay, isFirstStep: step == 1,
          &w, gradient: g, velocity: &v)
      }
    }
  }

  @Test func adamAgreesWithPyTorch() {
    for (l2, weightDecay, golden) in [
      (0, 0, OptimizerGoldens.adam), (0.1, 0, OptimizerGoldens.adamL2), (0, 0.01, OptimizerGoldens.adamW),
    ] as [(Float, Float, [Float])] {
      var (m, v) = ([Float](repeating: 0, count: 4), [Float](repeating: 0, count: 4))
      expectGolden(golden) { step, w, g in
        if step == 1 { (m, v) = ([0, 0, 0, 0], [0, 0, 0, 0]) }
        adamUpdate(
          count: 4, learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: step, l2: l2,
          weightDecay: weightDecay, &w, gradient: g, m: &m, v: &v)
      }
    }
  }

  @Test func impossibleArgumentsStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      var (w, m, v): ([Float], [Float], [Float]) = ([1], [0], [0])
      adamUpdate(
        count: 1, learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 0, l2: 0, weightDecay: 0, &w,
        gradient: [1], m: &m, v: &v)
    }
    await #expect(processExitsWith: .failure) {
      var w: [Float] = [1]
      sgdUpdate(count: -1, learningRate: 0.1, weightDecay: 0, &w, gradient: [1])
    }
  }
}
