import Kernels
import Reference
import Testing

/// Images, positions, channels and groups.
private let shapes = [
  (0, 4, 4, 2), (2, 0, 4, 2), (1, 1, 1, 1), (2, 9, 6, 3), (3, 49, 16, 16), (2, 300, 8, 1), (2, 50, 130, 2), (1, 1100, 3, 3),
  (2, 17, 48, 4),
]

private func zeros(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }

@Suite struct GroupNormTests {
  @Test(arguments: [true, false]) func equalsTheReferenceEverywhere(_ isAffine: Bool) {
    for shape in shapes {
      let (batch, positions, channels, groups) = shape
      let size = positions * channels
      let x = randomValues(batch * size, seed: 1, in: -3...5), dy = randomValues(batch * size, seed: 2)
      let gamma = isAffine ? randomValues(channels, seed: 3) : nil, beta = isAffine ? randomValues(channels, seed: 4) : nil
      let image = { (a: [Float], i: Int) in Array(a[i * size..<(i + 1) * size]) }
      let forward = (0..<batch).map {
        naiveGroupNorm(image(x, $0), channels: channels, groups: groups, gamma: gamma, beta: beta, epsilon: 1e-5)
      }
      let backward = (0..<batch).map {
        naiveGroupNormGradient(
          x: image(x, $0), dy: image(dy, $0), channels: channels, groups: groups, gamma: gamma, mean: forward[$0].mean,
          inverse: forward[$0].inverse)
      }
      let total = { (parts: [[Float]]) in (0..<channels).map { j in naiveStridedSum(parts.map { $0[j] }) } }
      everywhere { place in
        let place = "\(place), \(shape)"
        var (y, mean, inverse) = (zeros(x.count), zeros(batch * groups), zeros(batch * groups))
        groupNorm(
          batch: batch, positions: positions, channels: channels, groups: groups, x, gamma: gamma, beta: beta, epsilon: 1e-5,
          into: &y, mean: &mean, inverseDeviation: &inverse)
        #expect(bitMismatch(y, forward.flatMap(\.y), columns: channels) == nil, "\(place)")
        #expect(bitMismatch(mean, forward.flatMap(\.mean)) == nil, "\(place), mean")
        #expect(bitMismatch(inverse, forward.flatMap(\.inverse)) == nil, "\(place), inverse deviation")
        var (dgamma, dbeta) = (zeros(channels), zeros(channels))
        groupNormGradient(
          batch: batch, positions: positions, channels: channels, groups: groups, x: x, dy: dy, gamma: gamma, mean: mean,
          inverseDeviation: inverse, into: &y, gammaGradient: &dgamma, betaGradient: &dbeta)
        #expect(bitMismatch(y, backward.flatMap(\.dx), columns: channels) == nil, "\(place), dx")
        #expect(bitMismatch(dgamma, total(backward.map(\.gamma))) == nil, "\(place), gamma")
        #expect(bitMismatch(dbeta, total(backward.map(\.beta))) == nil, "\(place), beta")
      }
    }
  }

  /// One group is layer norm over the whole image.
  @Test func agreesWithDoublePrecisionAndItsGradientWithCentralDifferences() {
    let (positions, channels, groups) = (10, 6, 2)
    let x = randomValues(positions * channels, seed: 5, in: -2...2), weight = randomValues(positions * channels, seed: 6)
    let gamma = randomValues(channels, seed: 7), beta = randomValues(channels, seed: 8)
    func result(_ x: [Double], _ gamma: [Double]) -> [Double] {
      var y = x
      for g in 0..<groups {
        let members = x.indices.filter { $0 % channels / (channels / groups) == g }
        let (mean, variance) = moments64(members.map { x[$0] })
        for i in members {
          y[i] = (x[i] - mean) / (variance + 1e-5).squareRoot() * gamma[i % channels] + Double(beta[i % channels])
        }
      }
      return y
    }
    func loss(_ x: [Double], _ gamma: [Double]) -> Double { zip(result(x, gamma), weight).map { $0 * Double($1) }.reduce(0, +) }
    let (x64, g64) = (x.map(Double.init), gamma.map(Double.init))
    var (y, mean, inverse) = (zeros(x.count), zeros(groups), zeros(groups))
    groupNorm(
      batch: 1, positions: positions, channels: channels, groups: groups, x, gamma: gamma, beta: beta, epsilon: 1e-5, into: &y,
      mean: &mean, inverseDeviation: &inverse)
    let bound = [Double](repeating: 2e-5, count: x.count)
    #expect(boundMismatch(y, result(x64, g64), bound: bound) == nil)
    var dgamma = zeros(channels)
    groupNormGradient(
      batch: 1, positions: positions, channels: channels, groups: groups, x: x, dy: weight, gamma: gamma, mean: mean,
      inverseDeviation: inverse, into: &y, gammaGradient: &dgamma, betaGradient: nil)
    #expect(boundMismatch(y, naiveGradient64(x64) { loss($0, g64) }, bound: bound) == nil)
    let few = [Double](repeating: 2e-5, count: channels)
    #expect(boundMismatch(dgamma, naiveGradient64(g64) { loss(x64, $0) }, bound: few) == nil)
  }

  @Test func wrongGroupsStopTheProgram() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var y: [Float] = [0, 0, 0]
      groupNorm(
        batch: 1, positions: 1, channels: 3, groups: 2, [0, 0, 0], gamma: nil, beta: nil, epsilon: 0, into: &y, mean: nil,
        inverseDeviation: nil)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("2 groups"))
  }
}
