extension BatchNormalization {
  func reference(_ c: ReferenceContext) -> [Double]? {
    affine(normalized(c.x, epsilon: epsilon) { $0 % channels }, c.parameters[0], c.parameters[1])
  }
}

extension LayerNormalization {
  func reference(_ c: ReferenceContext) -> [Double]? {
    affine(normalized(c.x, epsilon: epsilon) { $0 / columns }, c.parameters[0], c.parameters[1])
  }
}

extension RMSNormalization {
  func reference(_ c: ReferenceContext) -> [Double]? {
    let shift = [Double](repeating: 0, count: columns)
    return affine(normalized(c.x, epsilon: epsilon, centers: false) { $0 / columns }, c.parameters[0], shift)
  }
}

extension GroupNormalization {
  func reference(_ c: ReferenceContext) -> [Double]? {
    let size = channels / groups
    let y = normalized(c.x, epsilon: epsilon) { $0 / (positions * channels) * groups + $0 % channels / size }
    return affine(y, c.parameters[0], c.parameters[1])
  }
}

/// The elements that go into each mean get mean 0 (unless `centers` is false) and mean square 1.
///
/// - Parameter group: which mean an element belongs to, by its position.
private func normalized(_ x: [Double], epsilon: Float, centers: Bool = true, group: (Int) -> Int) -> [Double] {
  let groups = x.indices.map(group)
  let count = (groups.max() ?? -1) + 1
  func means(_ values: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: count)
    var sizes = [Double](repeating: 0, count: count)
    for (i, g) in groups.enumerated() {
      sums[g] += values[i]
      sizes[g] += 1
    }
    return zip(sums, sizes).map { $0 / $1 }
  }
  let mean = centers ? means(x) : [Double](repeating: 0, count: count)
  let centred = x.indices.map { x[$0] - mean[groups[$0]] }
  let variance = means(centred.map { $0 * $0 })
  return centred.indices.map { centred[$0] / (variance[groups[$0]] + Double(epsilon)).squareRoot() }
}

/// x gamma + beta by column.
private func affine(_ x: [Double], _ gamma: [Double], _ beta: [Double]) -> [Double] {
  x.indices.map { x[$0] * gamma[$0 % gamma.count] + beta[$0 % gamma.count] }
}
