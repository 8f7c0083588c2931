import Kernels
import Reference
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// An activation with its naive forms and its definition in double precision.
struct ActivationCase: CustomTestStringConvertible {
  let f: Activation
  let naive: @Sendable (Float) -> Float
  /// From what the derivative is computed, x or y, and dy.
  let naiveGradient: @Sendable (Float, Float) -> Float
  let definition: @Sendable (Double) -> Double
  /// Bounds in ulp over all arguments, and of the derivative in units of 2^-23.
  let ulp: Double
  let gradientError: Double

  var testDescription: String { f.kind.rawValue }

  static let all = [
    ActivationCase(f: .linear, naive: { $0 }, naiveGradient: { $1 }, definition: { $0 }, ulp: 0, gradientError: 0),
    ActivationCase(
      f: .relu, naive: naiveReLU, naiveGradient: naiveReLUGradient, definition: { $0 < 0 ? 0 : $0 }, ulp: 0, gradientError: 0),
    ActivationCase(
      f: .leakyReLU(slope: 0.01), naive: { naiveLeakyReLU($0, slope: 0.01) },
      naiveGradient: { naiveLeakyReLUGradient(y: $0, dy: $1, slope: 0.01) },
      definition: { $0 > 0 ? $0 : Double(Float(0.01)) * $0 }, ulp: 0.5, gradientError: 0.5),
    ActivationCase(
      f: .elu(alpha: 1), naive: { naiveELU($0, alpha: 1) }, naiveGradient: { naiveELUGradient(y: $0, dy: $1, alpha: 1) },
      definition: { $0 > 0 ? $0 : expm1($0) }, ulp: 1.5, gradientError: 1.5),
    ActivationCase(
      f: .sigmoid, naive: naiveSigmoid, naiveGradient: naiveSigmoidGradient, definition: trueSigmoid, ulp: 2,
      gradientError: 2),
    ActivationCase(
      f: .tanh, naive: naiveTanh, naiveGradient: naiveTanhGradient, definition: { tanh($0) }, ulp: 2, gradientError: 3),
    ActivationCase(
      f: .softplus, naive: naiveSoftplus, naiveGradient: naiveSoftplusGradient,
      definition: { max(0, $0) + log1p(exp(-$0.magnitude)) }, ulp: 2, gradientError: 3),
    ActivationCase(
      f: .gelu, naive: naiveGELU, naiveGradient: naiveGELUGradient,
      definition: { $0 == -.infinity ? 0 : 0.5 * $0 * erfc(-$0 * 0.5.squareRoot()) }, ulp: 4, gradientError: 3),
    ActivationCase(
      f: .geluTanh, naive: naiveGELUTanh, naiveGradient: naiveGELUTanhGradient,
      definition: { x in
        let v = (8 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
        return v < -700 ? 0 : x * trueSigmoid(v)
      }, ulp: 4, gradientError: 3),
    ActivationCase(
      f: .silu, naive: naiveSiLU, naiveGradient: naiveSiLUGradient,
      definition: { $0 == -.infinity ? 0 : $0 * trueSigmoid($0) }, ulp: 2, gradientError: 3),
    ActivationCase(
      f: .selu, naive: naiveSELU, naiveGradient: naiveSELUGradient,
      definition: { 1.0507009873554804934 * ($0 > 0 ? $0 : 1.6732632423543772848 * expm1($0)) }, ulp: 2.5, gradientError: 3),
    ActivationCase(
      f: .relu6, naive: naiveReLU6, naiveGradient: naiveReLU6Gradient, definition: { $0 < 0 ? 0 : $0 > 6 ? 6 : $0 }, ulp: 0,
      gradientError: 0),
    ActivationCase(
      f: .hardSigmoid, naive: naiveHardSigmoid, naiveGradient: naiveHardSigmoidGradient,
      definition: { $0 < -3 ? 0 : $0 > 3 ? 1 : ($0 + 3) / 6 }, ulp: 1.5, gradientError: 1),
    ActivationCase(
      f: .hardSwish, naive: naiveHardSwish, naiveGradient: naiveHardSwishGradient,
      definition: { $0 < -3 ? 0 : $0 > 3 ? $0 : $0 * ($0 + 3) / 6 }, ulp: 2.5, gradientError: 2),
    ActivationCase(
      f: .mish, naive: naiveMish, naiveGradient: naiveMishGradient,
      definition: { $0 == -.infinity ? 0 : $0 * tanh(log1p(exp($0))) }, ulp: 4, gradientError: 4),
    ActivationCase(
      f: .softsign, naive: naiveSoftsign, naiveGradient: naiveSoftsignGradient,
      definition: { $0.magnitude == .infinity ? ($0 < 0 ? -1 : 1) : $0 / (1 + $0.magnitude) }, ulp: 1.5, gradientError: 3),
  ]
}

private func trueSigmoid(_ x: Double) -> Double { x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)) }

/// Values at which formulas change or fail.
let specialValues: [Float] = [
  0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 0x1p-127, -0x1p-127, .leastNormalMagnitude, 1e-30, -1e-30, 0x1p-60,
  0.6, -0.6, 13.1, -13.1, 1, -1, 14.5, -14.5, -17, -24.5, 88.7, 88.8, -87.4, -103.9, -104, -110, 1e4, -1e4, 3e38, -3e38,
  .infinity, -.infinity, .nan,
]

@Suite struct ActivationTests {
  @Test(arguments: ActivationCase.all) func equalsTheReferenceEverywhere(_ c: ActivationCase) {
    let longest = randomValues(awkwardCounts.max()!, seed: 1, in: -12...12)
    let expected = longest.map(c.naive)
    everywhere { place in
      for count in awkwardCounts {
        var y = [Float](repeating: 7, count: count + 1)
        activate(c.f, longest, into: &y, count: count)
        #expect(bitMismatch(y, expected.prefix(count) + [7]) == nil, "\(place), \(count) elements")
      }
    }
  }

  @Test(arguments: ActivationCase.all) func gradientEqualsTheReferenceEverywhere(_ c: ActivationCase) {
    let n = awkwardCounts.max()!
    let x = randomValues(n, seed: 2, in: -12...12), dy = randomValues(n, seed: 3)
    let y = x.map(c.naive)
    let expected = zip(c.f.gradientNeedsInput ? x : y, dy).map(c.naiveGradient)
    everywhere { place in
      for count in awkwardCounts {
        var dx = [Float](repeating: 7, count: count + 1)
        activationGradient(c.f, x: x, y: y, dy: dy, into: &dx, count: count)
        #expect(bitMismatch(dx, expected.prefix(count) + [7]) == nil, "\(place), \(count) elements")
      }
    }
  }

  @Test(arguments: ActivationCase.all) func specialValuesAndSweptPatternsEqualTheReference(_ c: ActivationCase) {
    let x = specialValues + sweptFloats(step: 99_991)
    let dy = randomValues(x.count, seed: 4)
    let expected = x.map(c.naive), expectedGradient = zip(x, dy).map(c.naiveGradient)
    for tier in Tier.available {
      withTier(tier) {
        var y = x, dx = dy
        y.withUnsafeMutableBufferPointer { activate(c.f, $0.baseAddress!, into: $0.baseAddress!, count: $0.count) }
        dx.withUnsafeMutableBufferPointer {
          activationGradient(c.f, x: x, y: x, dy: $0.baseAddress!, into: $0.baseAddress!, count: $0.count)
        }
        #expect(bitMismatch(y, expected) == nil, "\(tier)")
        #expect(bitMismatch(dx, expectedGradient) == nil, "\(tier), gradient")
      }
    }
  }

  @Test(arguments: ActivationCase.all) func staysInsideItsBuffers(_ c: ActivationCase) {
    for tier in Tier.available {
      for (count, side) in [(1, GuardedBuffer<Float>.Side.end), (17, .end), (31, .start), (4095, .end)] {
        let x = GuardedBuffer<Float>(repeating: 0.5, count: count, side: side)
        let y = GuardedBuffer<Float>(repeating: 0, count: count, side: side)
        withTier(tier) {
          activate(c.f, x.pointer, into: y.pointer, count: count)
          activationGradient(c.f, x: x.pointer, y: x.pointer, dy: x.pointer, into: y.pointer, count: count)
        }
        #expect(y.values.allSatisfy { $0 == c.naiveGradient(0.5, 0.5) })
      }
    }
  }

  @Test(arguments: ActivationCase.all) func isWithinItsBoundOfTheTruth(_ c: ActivationCase) {
    let x =
      sweptFloats(step: 9973)
      + [0.6, 1, 2, 5, 10, 13.1, 14.5, 87.3, 103].flatMap {
        floatsAround($0, count: 2000) + floatsAround(-$0, count: 2000)
      }
    var y = x
    activate(c.f, x, into: &y, count: x.count)
    let worst = worstUlp(x, y, c.definition)
    #expect(worst.ulp <= c.ulp, "at \(worst.at)")
  }

  @Test(arguments: ActivationCase.all) func gradientIsTheSlope(_ c: ActivationCase) {
    let x = randomValues(2000, seed: 5, in: -9...9).filter { $0.magnitude > 1e-3 }
    var y = x, dx = x
    activate(c.f, x, into: &y, count: x.count)
    activationGradient(c.f, x: x, y: y, dy: [Float](repeating: 1, count: x.count), into: &dx, count: x.count)
    let h = 1e-5
    let slope = x.map { (c.definition(Double($0) + h) - c.definition(Double($0) - h)) / (2 * h) }
    let bound = (c.gradientError + 0.01) * 0x1p-23 + 1e-9
    #expect(boundMismatch(dx, slope, bound: slope.map { _ in bound }) == nil)
  }

  @Test func infinityGivesTheLimit() {
    let limits: [(Activation, Float, Float)] = [
      (.sigmoid, 0, 1), (.tanh, -1, 1), (.softplus, 0, .infinity), (.gelu, 0, .infinity), (.geluTanh, 0, .infinity),
      (.silu, 0, .infinity), (.elu(), -1, .infinity), (.relu, 0, .infinity), (.relu6, 0, 6), (.hardSigmoid, 0, 1),
      (.hardSwish, 0, .infinity), (.mish, 0, .infinity), (.softsign, -1, 1),
    ]
    for (f, low, high) in limits {
      var y: [Float] = [0, 0]
      activate(f, [-.infinity, .infinity], into: &y, count: 2)
      #expect(y == [low, high], "\(f.kind)")
    }
  }

  @Test func hardSigmoidOfOne() {
    var y: Float = 0
    activate(.hardSigmoid, [1], into: &y, count: 1)
    #expect(abs(y - 2.0 / 3) < 1e-7)
  }

  @Test func wrongArgumentsStopTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = Activation.leakyReLU(slope: -1) }
    await #expect(processExitsWith: .failure) { _ = Activation.elu(alpha: .nan) }
    await #expect(processExitsWith: .failure) {
      var y: [Float] = [0]
      activate(.relu, [1], into: &y, count: -1)
    }
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var dx: [Float] = [0]
      activationGradient(.gelu, x: nil, y: [1], dy: [1], into: &dx, count: 1)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("gelu needs its input x"))
  }
}

@Suite struct MathTests {
  typealias Kernel = (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void

  private func check(
    _ name: String, _ kernel: Kernel, naive: (Float) -> Float, truth: (Double) -> Double, ulp: Double, around: [Float]
  ) {
    let x = sweptFloats(step: 4999) + around.flatMap { floatsAround($0, count: 4000) }
    var y = x
    kernel(x, &y, x.count)
    let worst = worstUlp(x, y, truth)
    #expect(worst.ulp <= ulp, "\(name) at \(worst.at)")

    let some = specialValues + sweptFloats(step: 49_999) + around.flatMap { floatsAround($0, count: 20) }
    let expected = some.map(naive)
    everywhere { place in
      var y = some
      kernel(some, &y, some.count)
      #expect(bitMismatch(y, expected) == nil, "\(name), \(place)")
    }
  }

  @Test func expIsExactToOneUlp() {
    let thresholds: [Float] = [0x1p-20, -0x1p-20, 1, -1, 88.72, -87.33, -103.27]
    check("exp", { exp($0, into: $1, count: $2) }, naive: naiveExp, truth: { exp($0) }, ulp: 1.1, around: thresholds)
  }

  @Test func logIsExactToOneUlp() {
    let thresholds: [Float] = [1, 0x1p-126, 0x1p-140, 0.6666667, 1.3333334, 3e38]
    check("log", { log($0, into: $1, count: $2) }, naive: naiveLog, truth: { log($0) }, ulp: 1, around: thresholds)
  }

  @Test func erfIsExactToOneAndAHalfUlp() {
    check("erf", { erf($0, into: $1, count: $2) }, naive: naiveErf, truth: { erf($0) }, ulp: 1.5, around: [1, -1, 3.9, 0x1p-126])
  }
}
