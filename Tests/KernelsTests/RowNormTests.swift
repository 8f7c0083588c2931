import Kernels
import Reference
import Testing

/// Rows and columns around vectors, groups of rows and chunks of either.
private let shapes = [
  (0, 3), (1, 1), (3, 15), (4, 16), (7, 17), (33, 5), (65, 48), (9, 100), (2, 4095), (5, 4097), (1, 40_000), (8300, 1),
]

private func zeros(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }

@Suite struct RowNormTests {
  struct Kind: CustomTestStringConvertible {
    let centered, hasGamma, hasBeta: Bool
    var testDescription: String {
      (centered ? "layer norm" : "RMS norm") + (hasGamma ? ", gamma" : "") + (hasBeta ? ", beta" : "")
    }

    /// Forward and backward, whichever of the two norms it is.
    func forward(
      _ rows: Int, _ columns: Int, _ x: UnsafePointer<Float>, _ gamma: UnsafePointer<Float>?, _ beta: UnsafePointer<Float>?,
      _ y: UnsafeMutablePointer<Float>, _ mean: UnsafeMutablePointer<Float>, _ inverse: UnsafeMutablePointer<Float>
    ) {
      let gamma = hasGamma ? gamma : nil
      if centered {
        layerNorm(
          rows: rows, columns: columns, x, gamma: gamma, beta: hasBeta ? beta : nil, epsilon: 1e-5, into: y, mean: mean,
          inverseDeviation: inverse)
      } else {
        rmsNorm(rows: rows, columns: columns, x, gamma: gamma, epsilon: 1e-5, into: y, inverseRMS: inverse)
      }
    }

    func backward(
      _ rows: Int, _ columns: Int, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ gamma: UnsafePointer<Float>?,
      _ mean: UnsafePointer<Float>, _ inverse: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
      _ dgamma: UnsafeMutablePointer<Float>?, _ dbeta: UnsafeMutablePointer<Float>?
    ) {
      let gamma = hasGamma ? gamma : nil
      if centered {
        layerNormGradient(
          rows: rows, columns: columns, x: x, dy: dy, gamma: gamma, mean: mean, inverseDeviation: inverse, into: dx,
          gammaGradient: dgamma, betaGradient: dbeta)
      } else {
        rmsNormGradient(
          rows: rows, columns: columns, x: x, dy: dy, gamma: gamma, inverseRMS: inverse, into: dx, gammaGradient: dgamma)
      }
    }
  }

  static let kinds = [
    Kind(centered: true, hasGamma: true, hasBeta: true), Kind(centered: true, hasGamma: true, hasBeta: false),
    Kind(centered: true, hasGamma: false, hasBeta: true), Kind(centered: true, hasGamma: false, hasBeta: false),
    Kind(centered: false, hasGamma: true, hasBeta: false), Kind(centered: false, hasGamma: false, hasBeta: false),
  ]

  @Test(arguments: kinds) func equalsTheReferenceEverywhere(_ kind: Kind) {
    for (rows, columns) in shapes {
      let x = randomValues(rows * columns, seed: 1, in: -3...5), dy = randomValues(rows * columns, seed: 2)
      let gamma = randomValues(columns, seed: 3), beta = randomValues(columns, seed: 4)
      let row = { (a: [Float], i: Int) in Array(a[i * columns..<(i + 1) * columns]) }
      let used = kind.hasGamma ? gamma : nil
      let results = (0..<rows).map {
        naiveRowNorm(row(x, $0), gamma: used, beta: kind.hasBeta ? beta : nil, epsilon: 1e-5, centered: kind.centered)
      }
      let (means, inverses) = (results.map(\.mean), results.map(\.inverse))
      let dx = (0..<rows).flatMap {
        naiveRowNormGradient(
          x: row(x, $0), dy: row(dy, $0), gamma: used, mean: means[$0], inverse: inverses[$0], centered: kind.centered)
      }
      let parameters = naiveRowNormParameterGradients(
        x: x, dy: dy, columns: columns, mean: means, inverse: inverses, centered: kind.centered)
      everywhere { place in
        let place = "\(place), \(rows) x \(columns)"
        var (y, mean, inverse) = (zeros(x.count), zeros(rows), zeros(rows))
        kind.forward(rows, columns, x, gamma, beta, &y, &mean, &inverse)
        #expect(bitMismatch(y, results.flatMap(\.y), columns: columns) == nil, "\(place)")
        #expect(bitMismatch(mean, means) == nil && bitMismatch(inverse, inverses) == nil, "\(place)")
        var (dgamma, dbeta) = (zeros(columns), zeros(columns))
        kind.backward(rows, columns, x, dy, gamma, means, inverses, &y, &dgamma, &dbeta)
        #expect(bitMismatch(y, dx, columns: columns) == nil, "\(place), dx")
        #expect(bitMismatch(dgamma, parameters.gamma) == nil, "\(place), gamma")
        if kind.centered { #expect(bitMismatch(dbeta, parameters.beta) == nil, "\(place), beta") }
        y = zeros(x.count)
        kind.backward(rows, columns, x, dy, gamma, means, inverses, &y, nil, nil)
        #expect(bitMismatch(y, dx, columns: columns) == nil, "\(place), dx alone")
      }
    }
  }

  @Test(arguments: kinds) func worksInPlaceAndInsideItsBuffers(_ kind: Kind) {
    for tier in Tier.available {
      for columns in [1, 15, 16, 33] {
        for side in GuardedBuffer<Float>.Side.allCases {
          let values = randomValues(5 * columns, seed: 5), gammas = randomValues(columns, seed: 6)
          var (y, mean, inverse) = (zeros(values.count), zeros(5), zeros(5))
          withTier(tier) { kind.forward(5, columns, values, gammas, gammas, &y, &mean, &inverse) }
          let x = GuardedBuffer(values, side: side), gamma = GuardedBuffer(gammas, side: side)
          let guardedMean = GuardedBuffer(mean, side: side), guardedInverse = GuardedBuffer(inverse, side: side)
          withTier(tier) {
            kind.forward(
              5, columns, x.pointer, gamma.pointer, gamma.pointer, x.pointer, guardedMean.pointer, guardedInverse.pointer)
          }
          #expect(bitMismatch(x.values, y) == nil)
          let dy = GuardedBuffer(values, side: side), dgamma = GuardedBuffer(gammas, side: side)
          withTier(tier) {
            kind.backward(5, columns, values, values, gammas, mean, inverse, &y, nil, nil)
            kind.backward(
              5, columns, dy.pointer, dy.pointer, gamma.pointer, guardedMean.pointer, guardedInverse.pointer, dy.pointer,
              dgamma.pointer, nil)
          }
          #expect(bitMismatch(dy.values, y) == nil)
        }
      }
    }
  }

  @Test(arguments: [(0, 1), (1000, 1e-2)] as [(Float, Float)])
  func layerNormIsWithinItsBoundOfTheTruth(_ center: Float, _ deviation: Float) {
    let columns = 1000
    let x = randomValues(columns, seed: 7).map { center + deviation * $0 }
    let (mean, variance) = moments64(x.map(Double.init))
    let inverse = 1 / (variance + 1e-5).squareRoot()
    let truth = x.map { (Double($0) - mean) * inverse }
    var y = x
    layerNorm(
      rows: 1, columns: columns, x, gamma: nil, beta: nil, epsilon: 1e-5, into: &y, mean: nil, inverseDeviation: nil)
    // The mean is rounded once; the rest is relative.
    let shift = abs(mean) * 0x1p-24 * inverse
    #expect(boundMismatch(y, truth, bound: truth.map { shift + abs($0) * 0x1p-16 + 0x1p-20 }) == nil)
  }

  @Test(arguments: kinds) func gradientsAreThoseOfCentralDifferences(_ kind: Kind) {
    let (rows, columns) = (3, 7)
    let x = randomValues(rows * columns, seed: 8, in: -2...2), weight = randomValues(rows * columns, seed: 9)
    let gamma = randomValues(columns, seed: 10), ones = [Float](repeating: 1, count: columns)
    func loss(_ x: [Double], _ gamma: [Double], _ beta: [Double]) -> Double {
      var total = 0.0
      for i in stride(from: 0, to: x.count, by: columns) {
        let row = Array(x[i..<i + columns])
        let mean = kind.centered ? moments64(row).mean : 0
        let square = row.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(columns)
        for j in 0..<columns {
          total += ((row[j] - mean) / (square + 1e-5).squareRoot() * gamma[j] + beta[j]) * Double(weight[i + j])
        }
      }
      return total
    }
    var (y, mean, inverse) = (zeros(x.count), zeros(rows), zeros(rows))
    kind.forward(rows, columns, x, gamma, gamma, &y, &mean, &inverse)
    var (dx, dgamma, dbeta) = (x, gamma, gamma)
    kind.backward(rows, columns, x, weight, gamma, mean, inverse, &dx, &dgamma, &dbeta)
    let (x64, g64, b64) = (x.map(Double.init), (kind.hasGamma ? gamma : ones).map(Double.init), gamma.map(Double.init))
    let bound = [Double](repeating: 2e-5, count: x.count), few = [Double](repeating: 2e-5, count: columns)
    #expect(boundMismatch(dx, naiveGradient64(x64) { loss($0, g64, b64) }, bound: bound) == nil)
    #expect(boundMismatch(dgamma, naiveGradient64(g64) { loss(x64, $0, b64) }, bound: few) == nil)
    guard kind.centered else { return }
    #expect(boundMismatch(dbeta, naiveGradient64(b64) { loss(x64, g64, $0) }, bound: few) == nil)
  }

  @Test func wrongShapesStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      var y: [Float] = [0]
      rmsNorm(rows: 1, columns: 1 << 24 + 1, [0], gamma: nil, epsilon: 0, into: &y, inverseRMS: nil)
    }
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var y: [Float] = [0]
      layerNorm(
        rows: 1, columns: 1, [0], gamma: nil, beta: nil, epsilon: -1, into: &y, mean: nil, inverseDeviation: nil)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("epsilon -1"))
  }
}
