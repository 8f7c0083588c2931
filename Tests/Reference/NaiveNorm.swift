// Batch, group, layer and RMS normalisation in plain loops, in the order the kernels promise.

/// How rows of channels are cut: chunks of `chunkRows`, in which every `fold`-th row goes to the same running sum.
private func columnCut(channels: Int) -> (fold: Int, chunkRows: Int) {
  var fold = 1
  while channels < 64 && (channels * fold % 16 != 0 || channels * fold < 64) { fold *= 2 }
  return (fold, max(256, 64 * fold))
}

/// Running sums, number i mod fold taking term i; then the upper half of them joins the lower one, until one is left.
private func foldedSum(_ count: Int, fold: Int, _ step: (_ sum: Float, _ i: Int) -> Float) -> Float {
  var sums = [Float](repeating: 0, count: fold)
  for i in 0..<count { sums[i % fold] = step(sums[i % fold], i) }
  var half = fold / 2
  while half > 0 {
    for i in 0..<half { sums[i] += sums[i + half] }
    half /= 2
  }
  return sums[0]
}

/// Mean and sum of squared deviations of a column of a matrix with `channels` columns.
public func naiveMoments(_ x: [Float], channels: Int) -> (mean: Float, squares: Float) {
  let (fold, chunkRows) = columnCut(channels: channels)
  guard let origin = x.first else { return (.nan, .nan) }
  var parts: [(count: Float, sum: Float, squares: Float)] = []
  for start in stride(from: 0, to: x.count, by: chunkRows) {
    let chunk = Array(x[start..<min(start + chunkRows, x.count)])
    let (count, first) = (Float(chunk.count), chunk[0])
    let sum = foldedSum(chunk.count, fold: fold) { $0 + (chunk[$1] - first) }
    let raw = foldedSum(chunk.count, fold: fold) { $0.addingProduct(chunk[$1] - first, chunk[$1] - first) }
    let squares = raw.addingProduct(-(sum / count), sum)
    parts.append((count, sum.addingProduct(count, first - origin), 0 > squares ? 0 : squares))
  }
  let distance = parts.reduce(Float(0)) { $0 + $1.sum } / Float(x.count)
  var squares: Float = 0
  for part in parts {
    let d = part.sum / part.count - distance
    squares += part.squares.addingProduct(part.count * d, d)
  }
  return (origin + distance, squares)
}

/// The sums of z and z d of a column.
private func columnSums(_ z: [Float], _ d: [Float], channels: Int) -> (sum: Float, product: Float) {
  let (fold, chunkRows) = columnCut(channels: channels)
  var sums: [Float] = []
  var products: [Float] = []
  for start in stride(from: 0, to: z.count, by: chunkRows) {
    let count = min(chunkRows, z.count - start)
    sums.append(foldedSum(count, fold: fold) { $0 + z[start + $1] })
    products.append(foldedSum(count, fold: fold) { $0.addingProduct(z[start + $1], d[start + $1]) })
  }
  return (naiveStridedSum(sums), naiveStridedSum(products))
}

public func naiveInverse(_ variance: Float, epsilon: Float) -> Float { 1 / (variance + epsilon).squareRoot() }

/// Column j of a matrix.
private func column(_ x: [Float], _ j: Int, of columns: Int) -> [Float] {
  stride(from: j, to: x.count, by: columns).map { x[$0] }
}

/// y = relu((x - mean) scale + shift + residual).
private func applied(_ x: Float, mean: Float, scale: Float, shift: Float, residual: Float? = nil, relu: Bool = false) -> Float {
  var y = shift.addingProduct(x - mean, scale)
  if let residual { y += residual }
  return relu ? naiveReLU(y) : y
}

public struct NaiveBatchNorm {
  public var y: [Float]
  public var mean, inverse, runningMean, runningVariance: [Float]
}

/// Training: statistics, running statistics that keep `momentum` of 0 and of 1, result.
public func naiveBatchNorm(
  _ x: [Float], channels: Int, gamma: [Float], beta: [Float], epsilon: Float, momentum: Float, residual: [Float]? = nil,
  relu: Bool
) -> NaiveBatchNorm {
  var r = NaiveBatchNorm(y: x, mean: [], inverse: [], runningMean: [], runningVariance: [])
  let rows = x.count / max(channels, 1)
  for j in 0..<channels {
    let (mean, squares) = naiveMoments(column(x, j, of: channels), channels: channels)
    let unbiased = squares / Float(max(rows - 1, 1))
    r.mean.append(mean)
    r.inverse.append(naiveInverse(squares / Float(rows), epsilon: epsilon))
    r.runningMean.append(rows == 0 ? 0 : mean.addingProduct(momentum, 0 - mean))
    r.runningVariance.append(rows == 0 ? 1 : unbiased.addingProduct(momentum, 1 - unbiased))
  }
  for i in x.indices {
    let j = i % channels
    r.y[i] = applied(
      x[i], mean: r.mean[j], scale: gamma[j] * r.inverse[j], shift: beta[j], residual: residual?[i], relu: relu)
  }
  return r
}

public struct NaiveNormGradient {
  public var dx, dz, gamma, beta: [Float]
}

/// Backward; `y` decides where ReLU was off.
public func naiveBatchNormGradient(
  x: [Float], y: [Float], dy: [Float], channels: Int, gamma: [Float], mean: [Float], inverse: [Float], relu: Bool
) -> NaiveNormGradient {
  let dz = dy.indices.map { relu && y[$0] <= 0 ? 0 : dy[$0] }
  var r = NaiveNormGradient(dx: dz, dz: dz, gamma: [], beta: [])
  let rows = x.count / max(channels, 1)
  for j in 0..<channels {
    let d = column(x, j, of: channels).map { $0 - mean[j] }, z = column(dz, j, of: channels)
    let (sum, product) = columnSums(z, d, channels: channels)
    r.gamma.append(product * inverse[j])
    r.beta.append(sum)
    let scale = gamma[j] * inverse[j], share = scale / -Float(rows)
    let (b, c) = (share * (product * inverse[j] * inverse[j]), share * sum)
    for i in 0..<rows { r.dx[i * channels + j] = (c.addingProduct(b, d[i])).addingProduct(scale, z[i]) }
  }
  return r
}

/// The mean of contiguous elements, worked out from their differences to `origin`.
private func mean(_ x: [Float], from origin: Float) -> Float {
  origin + naiveSum(x, .difference, shift: origin) / Float(x.count)
}

/// Group norm of one image of `positions` places: y, and mean and inverse deviation of each group.
public func naiveGroupNorm(
  _ x: [Float], channels: Int, groups: Int, gamma: [Float]?, beta: [Float]?, epsilon: Float
) -> (y: [Float], mean: [Float], inverse: [Float]) {
  let width = channels / groups, positions = Float(x.count / channels)
  let moments = (0..<channels).map { naiveMoments(column(x, $0, of: channels), channels: channels) }
  var (y, means, inverses) = (x, [Float](), [Float]())
  for g in 0..<groups {
    let group = moments[g * width..<(g + 1) * width]
    let channelMeans = group.map(\.mean)
    let groupMean = mean(channelMeans, from: mean(channelMeans, from: channelMeans[0]))
    let squares = naiveSum(group.map(\.squares)).addingProduct(positions, naiveSum(channelMeans, .deviation, shift: groupMean))
    means.append(groupMean)
    inverses.append(naiveInverse(squares / (positions * Float(width)), epsilon: epsilon))
  }
  for i in x.indices {
    let j = i % channels, g = j / width
    y[i] = applied(x[i], mean: means[g], scale: gamma.map { inverses[g] * $0[j] } ?? inverses[g], shift: beta?[j] ?? 0)
  }
  return (y, means, inverses)
}

/// Backward of one image; `gamma` and `beta` are this image's share of the gradients.
public func naiveGroupNormGradient(
  x: [Float], dy: [Float], channels: Int, groups: Int, gamma: [Float]?, mean: [Float], inverse: [Float]
) -> NaiveNormGradient {
  let width = channels / groups, positions = x.count / channels
  var r = NaiveNormGradient(dx: dy, dz: dy, gamma: [], beta: [])
  let sums = (0..<channels).map { j in
    columnSums(
      column(dy, j, of: channels), column(x, j, of: channels).map { $0 - mean[j / width] }, channels: channels)
  }
  for j in 0..<channels {
    r.gamma.append(sums[j].product * inverse[j / width])
    r.beta.append(sums[j].sum)
  }
  for g in 0..<groups {
    let (range, inv) = (g * width..<(g + 1) * width, inverse[g])
    let weighted = { (value: Float, j: Int) in gamma.map { value * $0[j] } ?? value }
    let sum = naiveSum(range.map { weighted(sums[$0].sum, $0) }), product = naiveSum(range.map { weighted(sums[$0].product, $0) })
    let share = inv / -Float(positions * width)
    let (b, c) = (share * (product * inv * inv), share * sum)
    for i in 0..<positions {
      for j in range {
        let at = i * channels + j
        r.dx[at] = c.addingProduct(b, x[at] - mean[g]).addingProduct(weighted(inv, j), dy[at])
      }
    }
  }
  return r
}

/// The mean of a row and its squared deviations: a first mean, then both corrected by the differences from it.
private func rowMoments(_ x: [Float]) -> (mean: Float, squares: Float) {
  let first = mean(x, from: x[0])
  let sum = naiveSum(x, .difference, shift: first), correction = sum / Float(x.count)
  let squares = naiveSum(x, .deviation, shift: first).addingProduct(-correction, sum)
  return (first + correction, 0 > squares ? 0 : squares)
}

/// Layer norm of one row, RMS norm when not `centered`.
public func naiveRowNorm(
  _ x: [Float], gamma: [Float]?, beta: [Float]?, epsilon: Float, centered: Bool
) -> (y: [Float], mean: Float, inverse: Float) {
  let count = Float(x.count)
  let (mean, squares) = centered ? rowMoments(x) : (0, naiveSum(x, .square))
  let inverse = naiveInverse(squares / count, epsilon: epsilon)
  let y = x.indices.map { j in
    let u = (centered ? x[j] - mean : x[j]) * inverse
    guard let gamma else { return beta.map { u + $0[j] } ?? u }
    return beta.map { $0[j].addingProduct(u, gamma[j]) } ?? u * gamma[j]
  }
  return (y, mean, inverse)
}

/// Backward of one row.
public func naiveRowNormGradient(
  x: [Float], dy: [Float], gamma: [Float]?, mean: Float, inverse: Float, centered: Bool
) -> [Float] {
  let count = Float(x.count)
  let u = x.map { (centered ? $0 - mean : $0) * inverse }
  let g = gamma.map { zip(dy, $0).map { $0 * $1 } } ?? dy
  let (mg, mgu) = (naiveSum(g) / count, naiveDot(g, u) / count)
  return x.indices.map { inverse * (centered ? g[$0] - mg : g[$0]).addingProduct(-u[$0], mgu) }
}

/// The gradients of gamma and beta over all rows: running sums of 32 rows, whose results are joined in blocks of 256.
public func naiveRowNormParameterGradients(
  x: [Float], dy: [Float], columns: Int, mean: [Float], inverse: [Float], centered: Bool
) -> (gamma: [Float], beta: [Float]) {
  func total(_ j: Int, _ step: (Float, Int) -> Float) -> Float {
    let parts = stride(from: 0, to: inverse.count, by: 32).map { start in
      (start..<min(start + 32, inverse.count)).reduce(Float(0)) { step($0, $1) }
    }
    return naiveStridedSum(parts)
  }
  func normal(_ i: Int, _ j: Int) -> Float {
    let value = x[i * columns + j]
    return (centered ? value - mean[i] : value) * inverse[i]
  }
  let gamma = (0..<columns).map { j in total(j) { $0.addingProduct(dy[$1 * columns + j], normal($1, j)) } }
  let beta = (0..<columns).map { j in total(j) { $0 + dy[$1 * columns + j] } }
  return (gamma, beta)
}
