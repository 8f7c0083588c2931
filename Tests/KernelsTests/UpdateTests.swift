import Kernels
import Reference
import Testing

/// Every optimizer kernel has the bits of the reference: on every tier, any number of threads, on guarded arrays.
@Suite struct UpdateTests {
  typealias Pointer = UnsafeMutablePointer<Float>

  /// What the steps of a case are made with.
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    /// `settings, step, count, weights, gradient, three arrays of state`
    let kernel: @Sendable (UpdateSettings, Int, Int, Pointer, UnsafePointer<Float>, [Pointer]) -> Void
    /// The same by the reference.
    let naive: @Sendable (NaiveUpdate, Int, inout [Float], [Float], inout [[Float]]) -> Void
  }

  private struct Place {
    let settings: UpdateSettings
    let naive: NaiveUpdate
  }

  /// Plain; with decoupled decay; with everything.
  private static let settings: [Place] = {
    var decaying = NaiveUpdate(learningRate: 0.1)
    decaying.weightDecay = 0.25
    var full = NaiveUpdate(learningRate: 0.05)
    (full.weightDecay, full.l2, full.gradientScale, full.gradientLimit) = (0.1, 0.02, 0.75, 0.5)
    return [
      Place(settings: UpdateSettings(learningRate: 0.1), naive: NaiveUpdate(learningRate: 0.1)),
      Place(settings: UpdateSettings(learningRate: 0.1, weightDecay: 0.25), naive: decaying),
      Place(
        settings: UpdateSettings(learningRate: 0.05, weightDecay: 0.1, l2: 0.02, gradientScale: 0.75, gradientLimit: 0.5),
        naive: full),
    ]
  }()

  /// The values before the first step, and the gradients of each.
  private func values(_ count: Int) -> (start: [Float], gradients: [[Float]]) {
    var gradients = (0..<3).map { randomValues(count, seed: 2 + UInt64($0)) }
    // What is not finite goes the same way too.
    if count > 20 { (gradients[1][3], gradients[1][7], gradients[2][19]) = (.nan, .infinity, -.infinity) }
    return (randomValues(count, seed: 1), gradients)
  }

  @Test(arguments: cases) func hasTheBitsOfTheReference(_ test: Case) {
    for (s, place) in Self.settings.enumerated() {
      for count in s == 2 ? [0, 1, 15, 16, 17, 1000, 2 * 16384 + 7] : [31] {
        let (start, gradients) = values(count)
        var w = start
        var expected = [[Float]](repeating: [Float](repeating: 0, count: count), count: 3)
        for (i, g) in gradients.enumerated() { test.naive(place.naive, i + 1, &w, g, &expected) }
        everywhere { tier in
          let actual = GuardedBuffer(start)
          let states =
            [GuardedBuffer(repeating: Float(0), count: count, side: .start)]
            + (0..<2).map { _ in
              GuardedBuffer(repeating: Float(0), count: count)
            }
          for (i, g) in gradients.enumerated() {
            let gradient = GuardedBuffer(g)
            withExtendedLifetime(gradient) {
              test.kernel(place.settings, i + 1, count, actual.pointer, gradient.pointer, states.map(\.pointer))
            }
          }
          #expect(bitMismatch(actual.values, w) == nil, "weights: \(count) parameters, settings \(s), \(tier)")
          for i in 0..<3 {
            #expect(bitMismatch(states[i].values, expected[i]) == nil, "state \(i): \(count), settings \(s), \(tier)")
          }
        }
      }
    }
  }

  private static let cases: [Case] =
    [
      Case(
        testDescription: "sgd", kernel: { o, _, n, w, g, _ in sgdUpdate(count: n, o, w, gradient: g) },
        naive: { o, _, w, g, _ in o.sgd(&w, g) }),
      Case(
        testDescription: "adagrad",
        kernel: { o, _, n, w, g, s in adagradUpdate(count: n, o, epsilon: 1e-10, w, gradient: g, sums: s[0]) },
        naive: { o, _, w, g, s in o.adagrad(epsilon: 1e-10, &w, g, &s[0]) }),
      Case(
        testDescription: "adadelta",
        kernel: { o, _, n, w, g, s in
          adadeltaUpdate(count: n, o, rho: 0.9, epsilon: 1e-6, w, gradient: g, squares: s[0], updates: s[1])
        }, naive: { o, _, w, g, s in withTwo(&s, 0, 1) { o.adadelta(rho: 0.9, epsilon: 1e-6, &w, g, &$0, &$1) } }),
      Case(
        testDescription: "adamax",
        kernel: { o, t, n, w, g, s in
          adamaxUpdate(count: n, o, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, step: t, w, gradient: g, m: s[0], u: s[1])
        },
        naive: { o, t, w, g, s in
          withTwo(&s, 0, 1) { o.adamax(beta1: 0.9, beta2: 0.99, epsilon: 1e-8, step: t, &w, g, &$0, &$1) }
        }),
      Case(
        testDescription: "nadam",
        kernel: { o, t, n, w, g, s in
          nadamUpdate(
            count: n, o, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, momentumDecay: 1, step: t, w, gradient: g, m: s[0], v: s[1])
        },
        naive: { o, t, w, g, s in
          withTwo(&s, 0, 1) { o.nadam(beta1: 0.9, beta2: 0.99, epsilon: 1e-8, fade: 0.96, step: t, &w, g, &$0, &$1) }
        }),
    ]
    + [(0, false), (0.1, false), (0, true)].map { (dampening: Float, nesterov: Bool) in
      Case(
        testDescription: nesterov ? "nesterov" : "momentum, dampening \(dampening)",
        kernel: { o, t, n, w, g, s in
          momentumUpdate(
            count: n, o, momentum: 0.9, dampening: dampening, nesterov: nesterov, isFirstStep: t == 1, w, gradient: g,
            velocity: s[0])
        },
        naive: { o, t, w, g, s in
          o.momentum(0.9, dampening: dampening, nesterov: nesterov, isFirstStep: t == 1, &w, g, &s[0])
        })
    }
    + [(0, false), (0.9, false), (0, true), (0.9, true)].map { (momentum: Float, centered: Bool) in
      Case(
        testDescription: "rmsprop, momentum \(momentum), centred \(centered)",
        kernel: { o, _, n, w, g, s in
          rmspropUpdate(
            count: n, o, rho: 0.9, momentum: momentum, epsilon: 1e-7, w, gradient: g, squares: s[0],
            means: centered ? s[1] : nil, velocity: momentum > 0 ? s[2] : nil)
        },
        naive: { o, _, w, g, s in
          withThree(&s) { o.rmsprop(rho: 0.9, momentum: momentum, centred: centered, epsilon: 1e-7, &w, g, &$0, &$1, &$2) }
        })
    }
    + [false, true].map { amsgrad in
      Case(
        testDescription: amsgrad ? "amsgrad" : "adam",
        kernel: { o, t, n, w, g, s in
          adamUpdate(
            count: n, o, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, step: t, w, gradient: g, m: s[0], v: s[1],
            largest: amsgrad ? s[2] : nil)
        },
        naive: { o, t, w, g, s in
          withThree(&s) { o.adam(beta1: 0.9, beta2: 0.99, epsilon: 1e-8, step: t, amsgrad: amsgrad, &w, g, &$0, &$1, &$2) }
        })
    }
    // From step 1 on without, from step 100 on with rectification.
    + [0, 100].map { late in
      Case(
        testDescription: "radam from step \(late + 1)",
        kernel: { o, t, n, w, g, s in
          radamUpdate(count: n, o, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, step: t + late, w, gradient: g, m: s[0], v: s[1])
        },
        naive: { o, t, w, g, s in
          withTwo(&s, 0, 1) { o.radam(beta1: 0.9, beta2: 0.99, epsilon: 1e-8, step: t + late, &w, g, &$0, &$1) }
        })
    }

  @Test func averagesHaveTheBitsOfTheReference() {
    for count in [0, 1, 16, 17, 1000, 16384 + 3] {
      let w = randomValues(count, seed: 1)
      let start = randomValues(count, seed: 2)
      var expected = start
      naiveAverage(momentum: 0.99, w, &expected)
      everywhere { tier in
        let average = GuardedBuffer(start), weights = GuardedBuffer(w)
        withExtendedLifetime(weights) {
          averageUpdate(count: count, momentum: 0.99, weights.pointer, average: average.pointer)
        }
        #expect(bitMismatch(average.values, expected) == nil, "\(count), \(tier)")
      }
    }
  }

  @Test func theFirstStepOfMomentumDoesNotReadTheVelocity() {
    var (w, v): ([Float], [Float]) = ([1], [.nan])
    momentumUpdate(
      count: 1, UpdateSettings(learningRate: 0.5), momentum: 0.9, dampening: 0.5, isFirstStep: true, &w, gradient: [1],
      velocity: &v)
    #expect(w == [0.5] && v == [1])
  }

  /// The product of NAdam's momenta vanishes long before it would take time to compute.
  @Test func lateStepsOfNAdam() {
    for step in [300, 400, 100_000, 1_000_000_000] {
      var (w, m, v): ([Float], [Float], [Float]) = ([1], [0.5], [0.25])
      nadamUpdate(
        count: 1, UpdateSettings(learningRate: 0.1), beta1: 0.9, beta2: 0.999, epsilon: 0, momentumDecay: 0.004, step: step, &w,
        gradient: [0.5], m: &m, v: &v)
      let mu = 0.9 * (1 - 0.5 * PortableMath.power(PortableMath.power(0.96, 0.004), step))
      // The direction is (1 - mu) 0.5 + mu' 0.5 over sqrt(0.25), and mu' is all but mu.
      let correction = (1 - PortableMath.power(0.999, step)).squareRoot()
      #expect((Double(w[0]) - (1 - 0.1 * correction * (1 - mu + mu))).magnitude < 1e-4, "step \(step): \(w[0])")
    }
  }

  @Test func impossibleArgumentsStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      var (w, m, v): ([Float], [Float], [Float]) = ([1], [0], [0])
      adamUpdate(
        count: 1, UpdateSettings(learningRate: 0.1), beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 0, &w, gradient: [1], m: &m,
        v: &v)
    }
    await #expect(processExitsWith: .failure) {
      var w: [Float] = [1]
      sgdUpdate(count: -1, UpdateSettings(learningRate: 0.1), &w, gradient: [1])
    }
    await #expect(processExitsWith: .failure) {
      var w = [Float](repeating: 0, count: 9)
      w.withUnsafeMutableBufferPointer {
        adagradUpdate(
          count: 8, UpdateSettings(learningRate: 0.1), epsilon: 0, $0.baseAddress!,
          gradient: [Float](repeating: 0, count: 8), sums: $0.baseAddress! + 1)
      }
    }
    await #expect(processExitsWith: .failure) {
      var (w, v): ([Float], [Float]) = ([1], [0])
      momentumUpdate(
        count: 1, UpdateSettings(learningRate: 0.1), momentum: 0.9, dampening: 0.1, nesterov: true, isFirstStep: true, &w,
        gradient: [1], velocity: &v)
    }
    await #expect(processExitsWith: .failure) {
      var (w, v): ([Float], [Float]) = ([1], [0])
      rmspropUpdate(
        count: 1, UpdateSettings(learningRate: 0.1), rho: 0.9, momentum: 0.9, epsilon: 1e-7, &w, gradient: [1], squares: &v)
    }
  }
}

/// Calls `body` with two elements of `arrays` at once.
private func withTwo(_ arrays: inout [[Float]], _ i: Int, _ j: Int, _ body: (inout [Float], inout [Float]) -> Void) {
  var (a, b) = (arrays[i], arrays[j])
  body(&a, &b)
  (arrays[i], arrays[j]) = (a, b)
}

/// Calls `body` with all three.
private func withThree(_ arrays: inout [[Float]], _ body: (inout [Float], inout [Float], inout [Float]) -> Void) {
  var (a, b, c) = (arrays[0], arrays[1], arrays[2])
  body(&a, &b, &c)
  arrays = [a, b, c]
}
