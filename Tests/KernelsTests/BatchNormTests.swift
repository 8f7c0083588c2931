import Kernels
import Reference
import Testing

/// Rows and channels around folded rows, vectors and chunks.
private let shapes = [
  (0, 3), (1, 1), (1, 16), (2, 3), (5, 15), (7, 16), (31, 63), (130, 47), (300, 17), (257, 64), (2049, 3), (4099, 1), (513, 24),
  (600, 65), (260, 130), (255, 200),
]

private struct Variant: CustomTestStringConvertible {
  let relu, hasResidual: Bool
  var testDescription: String { (relu ? "relu" : "plain") + (hasResidual ? ", residual" : "") }
  static let all = [false, true].flatMap { relu in [false, true].map { Variant(relu: relu, hasResidual: $0) } }
}

/// Inputs of a case, and the truth about it in float32 plain loops.
private struct Case {
  let rows, channels: Int
  let variant: Variant
  let x, residual, dy, gamma, beta: [Float]
  let forward: NaiveBatchNorm
  let backward: NaiveNormGradient

  init(_ shape: (Int, Int), _ variant: Variant, seed: UInt64 = 1) {
    (rows, channels) = shape
    self.variant = variant
    let count = rows * channels
    x = randomValues(count, seed: seed, in: -3...5)
    residual = randomValues(count, seed: seed + 1)
    dy = randomValues(count, seed: seed + 2)
    gamma = randomValues(channels, seed: seed + 3, in: -0.5...2)
    beta = randomValues(channels, seed: seed + 4)
    forward = naiveBatchNorm(
      x, channels: channels, gamma: gamma, beta: beta, epsilon: 1e-5, momentum: 0.9,
      residual: variant.hasResidual ? residual : nil, relu: variant.relu)
    backward = naiveBatchNormGradient(
      x: x, y: forward.y, dy: dy, channels: channels, gamma: gamma, mean: forward.mean, inverse: forward.inverse,
      relu: variant.relu)
  }
}

private func zeros(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }

@Suite struct BatchNormTests {
  @Test(arguments: Variant.all) private func trainingEqualsTheReferenceEverywhere(_ variant: Variant) {
    for shape in shapes {
      let c = Case(shape, variant)
      everywhere { place in
        let place = "\(place), \(shape)"
        var (y, mean, inverse) = (zeros(c.x.count), zeros(c.channels), zeros(c.channels))
        var (runningMean, runningVariance) = (zeros(c.channels), [Float](repeating: 1, count: c.channels))
        batchNormTraining(
          rows: c.rows, channels: c.channels, c.x, gamma: c.gamma, beta: c.beta, epsilon: 1e-5, momentum: 0.9,
          runningMean: &runningMean, runningVariance: &runningVariance, residual: variant.hasResidual ? c.residual : nil,
          relu: variant.relu, into: &y, mean: &mean, inverseDeviation: &inverse)
        #expect(bitMismatch(y, c.forward.y, columns: c.channels) == nil, "\(place)")
        #expect(bitMismatch(mean, c.forward.mean) == nil, "\(place), mean")
        #expect(bitMismatch(inverse, c.forward.inverse) == nil, "\(place), inverse deviation")
        #expect(bitMismatch(runningMean, c.forward.runningMean) == nil, "\(place), running mean")
        #expect(bitMismatch(runningVariance, c.forward.runningVariance) == nil, "\(place), running variance")
      }
    }
  }

  @Test(arguments: Variant.all) private func gradientEqualsTheReferenceEverywhere(_ variant: Variant) {
    for shape in shapes {
      let c = Case(shape, variant)
      everywhere { place in
        var (dx, dz) = (zeros(c.x.count), zeros(c.x.count))
        var (gamma, beta) = (zeros(c.channels), zeros(c.channels))
        batchNormGradient(
          rows: c.rows, channels: c.channels, x: c.x, y: variant.hasResidual ? c.forward.y : nil, dy: c.dy, gamma: c.gamma,
          beta: c.beta, mean: c.forward.mean, inverseDeviation: c.forward.inverse, relu: variant.relu, into: &dx,
          gammaGradient: &gamma, betaGradient: &beta, residualGradient: &dz)
        #expect(bitMismatch(dx, c.backward.dx, columns: c.channels) == nil, "\(place), \(shape)")
        #expect(bitMismatch(dz, c.backward.dz, columns: c.channels) == nil, "\(place), \(shape), residual")
        #expect(bitMismatch(gamma, c.backward.gamma) == nil, "\(place), \(shape), gamma")
        #expect(bitMismatch(beta, c.backward.beta) == nil, "\(place), \(shape), beta")
      }
    }
  }

  @Test func inferenceWithTheStatisticsOfTheBatchGivesTheBitsOfTraining() {
    let c = Case((300, 17), Variant(relu: true, hasResidual: true))
    let moments = (0..<17).map { j in naiveMoments((0..<300).map { c.x[$0 * 17 + j] }, channels: 17) }
    let variance = moments.map { $0.squares / 300 }
    everywhere { place in
      var y = c.residual
      batchNormInference(
        rows: 300, channels: 17, c.x, gamma: c.gamma, beta: c.beta, mean: c.forward.mean, variance: variance, epsilon: 1e-5,
        residual: y, relu: true, into: &y)
      #expect(bitMismatch(y, c.forward.y, columns: 17) == nil, "\(place)")
    }
  }

  @Test(arguments: [1, 3, 16, 17, 65, 130]) func worksInPlaceAndInsideItsBuffers(_ channels: Int) {
    let c = Case((70, channels), Variant(relu: true, hasResidual: true))
    for tier in Tier.available {
      for side in GuardedBuffer<Float>.Side.allCases {
        let guarded = { (values: [Float]) in GuardedBuffer(values, side: side) }
        let (x, y, dy) = (guarded(c.x), guarded(c.residual), guarded(c.dy))
        let (gamma, beta, mean, inverse) = (guarded(c.gamma), guarded(c.beta), guarded(c.beta), guarded(c.beta))
        let (gammaGradient, betaGradient) = (guarded(c.beta), guarded(c.beta))
        withTier(tier) {
          batchNormTraining(
            rows: 70, channels: channels, x.pointer, gamma: gamma.pointer, beta: beta.pointer, epsilon: 1e-5, momentum: 0.9,
            runningMean: nil, runningVariance: nil, residual: y.pointer, relu: true, into: y.pointer, mean: mean.pointer,
            inverseDeviation: inverse.pointer)
          #expect(bitMismatch(y.values, c.forward.y) == nil)
          // dx over x, dz over dy.
          batchNormGradient(
            rows: 70, channels: channels, x: x.pointer, y: y.pointer, dy: dy.pointer, gamma: gamma.pointer, beta: beta.pointer,
            mean: mean.pointer, inverseDeviation: inverse.pointer, relu: true, into: x.pointer,
            gammaGradient: gammaGradient.pointer, betaGradient: betaGradient.pointer, residualGradient: dy.pointer)
        }
        #expect(bitMismatch(x.values, c.backward.dx) == nil)
        #expect(bitMismatch(dy.values, c.backward.dz) == nil)
        #expect(bitMismatch(gammaGradient.values, c.backward.gamma) == nil)
      }
    }
  }

  /// Mean and deviation of every channel against double precision: rounding of the data apart, a large mean costs nothing.
  @Test(arguments: [(0, 1), (1000, 1e-2), (-3e4, 0.5), (1e-3, 100)] as [(Float, Float)])
  func statisticsAreWithinTheirBoundOfTheTruth(_ center: Float, _ deviation: Float) {
    for (rows, channels) in [(3000, 3), (3000, 64), (100_000, 1)] {
      let x = randomValues(rows * channels, seed: 5, in: -1...1).map { center + deviation * $0 }
      let (mean, inverse) = trained(x, rows, channels)
      let truth = (0..<channels).map { j in
        moments64(stride(from: j, to: x.count, by: channels).map { Double(x[$0]) })
      }
      // One rounding of the mean, and of sums that are small beside the deviation.
      let meanBound = truth.map { abs($0.mean) * 0x1p-24 + $0.variance.squareRoot() * 0x1p-20 }
      #expect(boundMismatch(mean, truth.map(\.mean), bound: meanBound) == nil, "\(center), \(deviation), \(rows) x \(channels)")
      let inverses = truth.map { 1 / $0.variance.squareRoot() }
      #expect(
        boundMismatch(inverse, inverses, bound: inverses.map { $0 * 0x1p-19 }) == nil, "\(center), \(deviation), \(rows)")
    }
  }

  /// The first row of a chunk is what its sums are shifted by. An outlier there multiplies their relative error, some
  /// 2^-20, by the number of a chunk's rows: 256 of 64 channels, 4096 of one.
  @Test(arguments: [1, 64]) func anOutlierInTheFirstRowDoesNotSpoilTheVariance(_ channels: Int) {
    var x = randomValues(5000 * channels, seed: 6)
    for j in 0..<channels { x[j] = 1e4 }
    let (_, inverse) = trained(x, 5000, channels)
    let inverses = (0..<channels).map { j in
      1 / moments64(stride(from: j, to: x.count, by: channels).map { Double(x[$0]) }).variance.squareRoot()
    }
    #expect(boundMismatch(inverse, inverses, bound: inverses.map { $0 * 1e-3 }) == nil)
  }

  private func trained(_ x: [Float], _ rows: Int, _ channels: Int) -> (mean: [Float], inverse: [Float]) {
    var (y, mean, inverse) = (x, zeros(channels), zeros(channels))
    let ones = [Float](repeating: 1, count: channels)
    batchNormTraining(
      rows: rows, channels: channels, x, gamma: ones, beta: ones, epsilon: 0, momentum: 0.9, runningMean: nil,
      runningVariance: nil, relu: false, into: &y, mean: &mean, inverseDeviation: &inverse)
    return (mean, inverse)
  }

  @Test func gradientsAreThoseOfCentralDifferences() {
    let (rows, channels) = (40, 3)
    let x = randomValues(rows * channels, seed: 7, in: -2...2), residual = randomValues(rows * channels, seed: 8)
    let weight = randomValues(rows * channels, seed: 9)
    let (gamma, beta): ([Float], [Float]) = ([1.5, -0.5, 1], [0.25, 0.5, -0.25])
    func loss(_ x: [Double], _ gamma: [Double], _ beta: [Double], _ residual: [Double]) -> Double {
      var total = 0.0
      for j in 0..<channels {
        let (mean, variance) = moments64(stride(from: j, to: x.count, by: channels).map { x[$0] })
        for i in stride(from: j, to: x.count, by: channels) {
          let y = (x[i] - mean) / (variance + 1e-5).squareRoot() * gamma[j] + beta[j] + residual[i]
          total += max(0, y) * Double(weight[i])
        }
      }
      return total
    }
    let (x64, g64, b64, r64) = (x.map(Double.init), gamma.map(Double.init), beta.map(Double.init), residual.map(Double.init))
    var (y, mean, inverse) = (x, zeros(channels), zeros(channels))
    batchNormTraining(
      rows: rows, channels: channels, x, gamma: gamma, beta: beta, epsilon: 1e-5, momentum: 0.9, runningMean: nil,
      runningVariance: nil, residual: residual, relu: true, into: &y, mean: &mean, inverseDeviation: &inverse)
    var (dx, dz, dgamma, dbeta) = (x, x, gamma, beta)
    batchNormGradient(
      rows: rows, channels: channels, x: x, y: y, dy: weight, gamma: gamma, beta: beta, mean: mean, inverseDeviation: inverse,
      relu: true, into: &dx, gammaGradient: &dgamma, betaGradient: &dbeta, residualGradient: &dz)
    let bound = [Double](repeating: 2e-5, count: x.count)
    let few = [Double](repeating: 1e-4, count: channels)
    #expect(boundMismatch(dx, naiveGradient64(x64) { loss($0, g64, b64, r64) }, bound: bound) == nil)
    #expect(boundMismatch(dgamma, naiveGradient64(g64) { loss(x64, $0, b64, r64) }, bound: few) == nil)
    #expect(boundMismatch(dbeta, naiveGradient64(b64) { loss(x64, g64, $0, r64) }, bound: few) == nil)
    #expect(boundMismatch(dz, naiveGradient64(r64) { loss(x64, g64, b64, $0) }, bound: bound) == nil)
  }

  @Test func specialValuesComeOut() {
    // One row: the variance is 0. NaN stays in its channel.
    var (y, mean, inverse, running) = (zeros(2), zeros(2), zeros(2), [Float](repeating: 4, count: 2))
    batchNormTraining(
      rows: 1, channels: 2, [3, .nan], gamma: [1, 1], beta: [7, 8], epsilon: 0.25, momentum: 0.5, runningMean: nil,
      runningVariance: &running, relu: true, into: &y, mean: &mean, inverseDeviation: &inverse)
    #expect(y[0] == 7 && y[1].isNaN && mean[0] == 3 && inverse[0] == 2 && running[0] == 2 && running[1].isNaN)
    batchNormTraining(
      rows: 0, channels: 2, [], gamma: [1, 1], beta: [7, 8], epsilon: 0.25, momentum: 0.5, runningMean: &running,
      runningVariance: nil, relu: true, into: &y, mean: &mean, inverseDeviation: &inverse)
    #expect(mean[0].isNaN && inverse[1].isNaN && running[0] == 2)
  }

  @Test func wrongArgumentsStopTheProgram() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var y: [Float] = [0, 0]
      batchNormInference(
        rows: -1, channels: 2, [0, 0], gamma: [1, 1], beta: [0, 0], mean: [0, 0], variance: [1, 1], epsilon: 0, relu: false,
        into: &y)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("-1 rows of 2"))
    await #expect(processExitsWith: .failure) {
      var (x, statistics): ([Float], [Float]) = ([1, 2, 3, 4], [0, 0])
      x.withUnsafeMutableBufferPointer { x in
        statistics.withUnsafeMutableBufferPointer { s in
          batchNormInference(
            rows: 1, channels: 2, x.baseAddress!, gamma: [1, 1], beta: [0, 0], mean: s.baseAddress!, variance: s.baseAddress!,
            epsilon: 1, relu: false, into: x.baseAddress! + 1)
        }
      }
    }
    await #expect(processExitsWith: .failure) {
      var (y, s): ([Float], [Float]) = ([0], [0])
      var t: [Float] = [0]
      batchNormTraining(
        rows: 1, channels: 1, [1], gamma: [1], beta: [0], epsilon: 1, momentum: 1.5, runningMean: nil, runningVariance: nil,
        relu: false, into: &y, mean: &s, inverseDeviation: &t)
    }
  }
}

/// Mean and biased variance in double precision.
func moments64(_ x: [Double]) -> (mean: Double, variance: Double) {
  let mean = x.reduce(0, +) / Double(x.count)
  return (mean, x.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(x.count))
}
