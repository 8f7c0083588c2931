import Kernels
import Reference
import Testing

/// Values that rounding errors of a sum would betray: not representable sums, huge, tiny, the smallest there is.
private let constants: [Float] = [
  12345.678, 1000.1, 0.1, -173.3, 1e8, 16_777_215, 3e38, -3.4e38, 1e-30, 1e-38, .leastNonzeroMagnitude,
]

private func zeros(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }

/// What is the same everywhere has a deviation of 0 and becomes 0, exactly: normalisation must not make values of its own
/// rounding errors.
@Suite struct ConstantRowsTests {
  @Test(arguments: [1, 2, 3, 7, 15, 16, 17, 48, 100, 768, 4095, 4096, 4097, 3 * 4096 + 5])
  func layerNormMakesZeros(_ columns: Int) {
    let rows = 6
    let beta = randomValues(columns, seed: 1), dy = randomValues(rows * columns, seed: 2)
    for constant in constants {
      let x = [Float](repeating: constant, count: rows * columns)
      for tier in Tier.available {
        var (y, mean, inverse) = (x, zeros(rows), zeros(rows))
        var (dx, dgamma) = (x, zeros(columns))
        withTier(tier) {
          layerNorm(
            rows: rows, columns: columns, x, gamma: beta, beta: beta, epsilon: 1e-5, into: &y, mean: &mean,
            inverseDeviation: &inverse)
          layerNormGradient(
            rows: rows, columns: columns, x: x, dy: dy, gamma: nil, mean: mean, inverseDeviation: inverse, into: &dx,
            gammaGradient: &dgamma, betaGradient: nil)
        }
        let place = "\(tier), \(columns) times \(constant)"
        #expect(y == (0..<rows).flatMap { _ in beta }, "\(place)")
        #expect(mean.allSatisfy { $0 == constant }, "\(place)")
        #expect(inverse.allSatisfy { $0 == 1 / Float(1e-5).squareRoot() }, "\(place)")
        #expect(dgamma.allSatisfy { $0 == 0 } && dx.allSatisfy(\.isFinite), "\(place), gradient")
      }
    }
  }

  @Test func everyConstantBetweenOneAndTwoHundred() {
    for i in 0..<2000 {
      let constant = 100 + randomValues(1, seed: UInt64(i), in: 0...100)[0]
      var y = [Float](repeating: constant, count: 768)
      layerNorm(
        rows: 1, columns: 768, y, gamma: nil, beta: nil, epsilon: 1e-5, into: &y, mean: nil, inverseDeviation: nil)
      #expect(y == zeros(768), "\(constant)")
    }
  }

  /// Images, positions, channels and groups: a group is all the same, or one channel of it each.
  @Test(arguments: [
    (1, 1, 1, 1), (2, 9, 6, 3), (3, 49, 16, 16), (2, 300, 8, 1), (2, 50, 130, 2), (1, 1100, 3, 3), (1, 7, 640, 1),
  ])
  func groupNormMakesZeros(_ shape: (Int, Int, Int, Int)) {
    let (batch, positions, channels, groups) = shape
    let beta = randomValues(channels, seed: 3)
    for constant in constants {
      let x = [Float](repeating: constant, count: batch * positions * channels)
      for tier in Tier.available {
        var (y, mean, inverse) = (x, zeros(batch * groups), zeros(batch * groups))
        var (dx, dgamma) = (x, zeros(channels))
        withTier(tier) {
          groupNorm(
            batch: batch, positions: positions, channels: channels, groups: groups, x, gamma: nil, beta: beta, epsilon: 1e-5,
            into: &y, mean: &mean, inverseDeviation: &inverse)
          groupNormGradient(
            batch: batch, positions: positions, channels: channels, groups: groups, x: x,
            dy: randomValues(x.count, seed: 4), gamma: nil, mean: mean, inverseDeviation: inverse, into: &dx,
            gammaGradient: &dgamma, betaGradient: nil)
        }
        let place = "\(tier), \(shape), \(constant)"
        #expect(y == (0..<batch * positions).flatMap { _ in beta }, "\(place)")
        #expect(mean.allSatisfy { $0 == constant }, "\(place)")
        #expect(inverse.allSatisfy { $0 == 1 / Float(1e-5).squareRoot() }, "\(place)")
        #expect(dgamma.allSatisfy { $0 == 0 } && dx.allSatisfy(\.isFinite), "\(place), gradient")
      }
    }
  }

  @Test(arguments: [(1, 3), (5, 1), (300, 16), (1000, 70), (2049, 3)])
  func batchNormMakesZeros(_ shape: (Int, Int)) {
    let (rows, channels) = shape
    let (gamma, beta) = (randomValues(channels, seed: 5), randomValues(channels, seed: 6))
    for constant in constants {
      let x = [Float](repeating: constant, count: rows * channels)
      for tier in Tier.available {
        var (y, mean, inverse) = (x, zeros(channels), zeros(channels))
        withTier(tier) {
          batchNormTraining(
            rows: rows, channels: channels, x, gamma: gamma, beta: beta, epsilon: 1e-5, momentum: 0.9, runningMean: nil,
            runningVariance: nil, relu: false, into: &y, mean: &mean, inverseDeviation: &inverse)
        }
        #expect(y == (0..<rows).flatMap { _ in beta }, "\(tier), \(shape), \(constant)")
        #expect(mean.allSatisfy { $0 == constant }, "\(tier), \(shape), \(constant)")
      }
    }
  }

  @Test(arguments: [(1, 7, 1), (1, 768, 1), (3, 5000, 1), (1, 70_000, 1), (2, 300, 5), (1, 1000, 300)])
  func varianceIsZero(_ shape: (Int, Int, Int)) {
    let (outer, n, inner) = shape
    for constant in constants {
      let x = [Float](repeating: constant, count: outer * n * inner)
      for tier in Tier.available {
        var y = [Float](repeating: 7, count: outer * inner)
        withTier(tier) { reduce(.variance, outer: outer, n: n, inner: inner, x, into: &y) }
        #expect(y == zeros(outer * inner), "\(tier), \(shape), \(constant)")
      }
    }
  }

  /// All that RMS norm can lose of a constant is the roundings of a lane's chain of squares.
  @Test(arguments: [1, 17, 768, 5000]) func rmsNormMakesOnes(_ columns: Int) {
    for constant in [12345.678, 1000.1, 173.3, 1e8, 1e15] as [Float] {
      var y = [Float](repeating: constant, count: columns)
      rmsNorm(rows: 1, columns: columns, y, gamma: nil, epsilon: 1e-5, into: &y, inverseRMS: nil)
      let bound = Float(columns / 16 + 4) * 0x1p-24
      #expect(y.allSatisfy { abs($0 - 1) <= bound }, "\(columns) times \(constant)")
    }
  }
}

/// Large offsets: what is lost is the rounding of the mean to a float, and nothing beside.
@Suite struct LargeOffsetTests {
  /// The mean of a row or group against double precision, and the result.
  /// `roundings`: of the mean to a float, on its way.
  private func check(_ x: [Float], _ y: [Float], mean: Float, roundings: Double = 1, epsilon: Double = 1e-5, _ place: String) {
    let (exact, variance) = moments64(x.map(Double.init))
    let inverse = 1 / (variance + epsilon).squareRoot()
    // Half a unit of the mean, and what is left of the deviation's last places.
    let meanBound = roundings * Double(mean.ulp) / 2 * 1.001 + variance.squareRoot() * 0x1p-22
    #expect(abs(Double(mean) - exact) <= meanBound, "\(place): mean \(mean), exactly \(exact)")
    let truth = x.map { (Double($0) - exact) * inverse }
    // The deviation has the roundings of a lane's chain of squares.
    let relative = Double(x.count / 16 + 16) * 0x1p-24
    #expect(boundMismatch(y, truth, bound: truth.map { meanBound * inverse + abs($0) * relative }) == nil, "\(place)")
  }

  @Test(arguments: [3, 17, 768, 4096, 5000], [0, 100, 12345, 1e6, 1e7] as [Float])
  func layerNorm(_ columns: Int, _ offset: Float) {
    for outlier in [0, 1e3, 1e6] as [Float] {
      var x = randomValues(columns, seed: 7).map { $0 + offset }
      x[0] += outlier
      var (y, mean) = (x, Float(0))
      Kernels.layerNorm(
        rows: 1, columns: columns, x, gamma: nil, beta: nil, epsilon: 1e-5, into: &y, mean: &mean, inverseDeviation: nil)
      check(x, y, mean: mean, "\(columns) around \(offset), the first \(outlier) more")
    }
  }

  @Test(arguments: [(9, 6), (49, 16), (300, 8), (7, 640)], [0, 100, 12345, 1e6] as [Float])
  func groupNorm(_ shape: (Int, Int), _ offset: Float) {
    let (positions, channels) = shape
    for outlier in [0, 1e3] as [Float] {
      var x = randomValues(positions * channels, seed: 8).map { $0 + offset }
      for i in stride(from: 0, to: x.count, by: channels) { x[i] += outlier }
      var (y, mean) = (x, Float(0))
      Kernels.groupNorm(
        batch: 1, positions: positions, channels: channels, groups: 1, x, gamma: nil, beta: nil, epsilon: 1e-5, into: &y,
        mean: &mean, inverseDeviation: nil)
      check(x, y, mean: mean, roundings: 2, "\(shape) around \(offset), the first channel \(outlier) more")
    }
  }
}
