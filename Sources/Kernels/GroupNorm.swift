// Group normalisation of channels-last images: Wu and He, "Group Normalization" (2018). One group is layer normalisation
// of whole images, as many groups as channels instance normalisation.

import CKernels

/// Group normalisation: `y = (x - mean) * (gamma * inverseDeviation) + beta`, with mean and (biased) variance over all
/// positions and the channels of a group, for each image and group; `inverseDeviation = 1 / sqrt(variance + epsilon)`.
///
/// - Parameters:
///   - positions: places of an image, height * width.
///   - groups: divides `channels`; group g has channels `g * channels / groups` and following.
///   - x: batch x positions x channels. `y` may be `x`.
///   - gamma: `channels` values, like `beta`; nil for 1 and 0.
///   - mean: batch x groups, like `inverseDeviation`: saved for the gradient where given.
public func groupNorm(
  batch: Int, positions: Int, channels: Int, groups: Int, _ x: UnsafePointer<Float>, gamma: UnsafePointer<Float>?,
  beta: UnsafePointer<Float>?, epsilon: Float, into y: UnsafeMutablePointer<Float>, mean: UnsafeMutablePointer<Float>?,
  inverseDeviation: UnsafeMutablePointer<Float>?
) {
  let shape = GroupShape(batch, positions, channels, groups, "groupNorm")
  checkNorm(positions, channels, epsilon: epsilon, "groupNorm")
  checkOverlap(x, y, elements: shape.count, "groupNorm")
  let table = kernels
  let (cut, all, each) = (shape.cut, batch * channels, batch * groups)
  withScratch(3 * shape.wide + 3 * all + 3 * each) { scratch in
    var scratch = Carver(scratch)
    let (means, scales, shifts) = (scratch.take(shape.wide), scratch.take(shape.wide), scratch.take(shape.wide))
    let (channelMeans, squares, values) = (scratch.take(all), scratch.take(all), scratch.take(all))
    let (groupMeans, inverses, deviations) = (scratch.take(each), scratch.take(each), scratch.take(each))
    cut.moments(x, mean: channelMeans, squares: squares)
    // The channels of a group to one: like chunks, each with as many values.
    let width = shape.groupChannels
    meansOfRows(each, width, channelMeans, origins: deviations, into: groupMeans, on: table)
    table.pointee.fold_rows(LW_FOLD_SUM, each, width, squares, width, nil, inverses)
    table.pointee.fold_rows(LW_FOLD_DEVIATION, each, width, channelMeans, width, groupMeans, deviations)
    table.pointee.axpy(Float(positions), deviations, inverses, each)
    table.pointee.norm_inverse(each, shape.groupCount, epsilon, inverses, inverses)
    mean?.update(from: groupMeans, count: each)
    inverseDeviation?.update(from: inverses, count: each)

    shape.toChannels(groupMeans, values)
    cut.spread(values, into: means)
    shape.toChannels(inverses, values)
    if let gamma { table.pointee.multiply_row(batch, channels, values, channels, gamma, values, channels) }
    cut.spread(values, into: scales)
    shape.toImages(beta, else: 0, values)
    cut.spread(values, into: shifts)
    cut.apply(x, mean: means, scale: scales, shift: shifts, residual: nil, relu: false, into: y)
  }
}

/// Gradient of group normalisation. With `u = (x - mean) * inverseDeviation`, `g = dy * gamma` and means over the positions and
/// channels of a group:
///
///     dx = inverseDeviation * (g - mean of g - u * mean of (g * u))
///     gammaGradient = sum of dy * u over images and positions
///     betaGradient = sum of dy over images and positions
///
/// Results are written, not added. `dx` may be `dy` or `x`. Shapes as for
/// ``groupNorm(batch:positions:channels:groups:_:gamma:beta:epsilon:into:mean:inverseDeviation:)``, which saved `mean` and
/// `inverseDeviation`.
public func groupNormGradient(
  batch: Int, positions: Int, channels: Int, groups: Int, x: UnsafePointer<Float>, dy: UnsafePointer<Float>,
  gamma: UnsafePointer<Float>?, mean: UnsafePointer<Float>, inverseDeviation: UnsafePointer<Float>,
  into dx: UnsafeMutablePointer<Float>, gammaGradient: UnsafeMutablePointer<Float>?,
  betaGradient: UnsafeMutablePointer<Float>?
) {
  let shape = GroupShape(batch, positions, channels, groups, "groupNormGradient")
  checkOverlap((x, dy, nil), dx, elements: shape.count, "groupNormGradient")
  let table = kernels
  let (cut, all, each) = (shape.cut, batch * channels, batch * groups)
  withScratch(4 * shape.wide + 4 * all + 4 * each) { scratch in
    var scratch = Carver(scratch)
    let (means, scales) = (scratch.take(shape.wide), scratch.take(shape.wide))
    let (bs, cs) = (scratch.take(shape.wide), scratch.take(shape.wide))
    let (sums, products) = (scratch.take(all), scratch.take(all))
    let (inverses, values) = (scratch.take(all), scratch.take(all))
    let (groupSums, groupProducts) = (scratch.take(each), scratch.take(each))
    let (b, c) = (scratch.take(each), scratch.take(each))
    shape.toChannels(mean, values)
    cut.spread(values, into: means)
    let gradient = lw_norm_gradient(x: x, dy: dy, y: nil, mean: means, scale: nil, shift: nil)
    cut.gradientSums(gradient, sum: sums, product: products)

    shape.toChannels(inverseDeviation, inverses)
    if let gammaGradient {
      table.pointee.multiply(products, inverses, values, all)
      table.pointee.fold_columns(LW_FOLD_SUM, batch, channels, values, channels, nil, gammaGradient)
    }
    if let betaGradient { table.pointee.fold_columns(LW_FOLD_SUM, batch, channels, sums, channels, nil, betaGradient) }

    if let gamma {
      for values in [sums, products, inverses] {
        table.pointee.multiply_row(batch, channels, values, channels, gamma, values, channels)
      }
    }
    cut.spread(inverses, into: scales)
    let width = shape.groupChannels
    table.pointee.fold_rows(LW_FOLD_SUM, each, width, sums, width, nil, groupSums)
    table.pointee.fold_rows(LW_FOLD_SUM, each, width, products, width, nil, groupProducts)
    table.pointee.norm_terms(each, shape.groupCount, inverseDeviation, inverseDeviation, groupSums, groupProducts, b, c)
    shape.toChannels(b, values)
    cut.spread(values, into: bs)
    shape.toChannels(c, values)
    cut.spread(values, into: cs)
    cut.gradientApply(gradient, a: scales, b: bs, c: cs, into: dx, residual: nil)
  }
}

private struct GroupShape {
  let batch, positions, channels, groups: Int
  let cut: ColumnChunks

  init(_ batch: Int, _ positions: Int, _ channels: Int, _ groups: Int, _ function: StaticString) {
    precondition(
      batch >= 0 && positions >= 0 && channels >= 0,
      "\(function): batch \(batch), positions \(positions), channels \(channels); expected none negative")
    precondition(
      groups > 0 && channels % groups == 0, "\(function): \(groups) groups; expected a number that divides \(channels) channels")
    (self.batch, self.positions, self.channels, self.groups) = (batch, positions, channels, groups)
    cut = ColumnChunks(matrices: batch, rows: positions, columns: channels)
  }

  var count: Int { batch * positions * channels }
  /// Values of a parameter of every channel of every image, spread.
  var wide: Int { batch * cut.width }
  var groupChannels: Int { channels / groups }
  /// Values of a group of an image.
  var groupCount: Float { Float(positions * groupChannels) }

  /// A value for each group of each image, given to all its channels.
  func toChannels(_ groupValues: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
    for group in 0..<batch * groups {
      (y + group * groupChannels).update(repeating: groupValues[group], count: groupChannels)
    }
  }

  /// A row of parameters for each image.
  func toImages(_ row: UnsafePointer<Float>?, else value: Float, _ y: UnsafeMutablePointer<Float>) {
    for image in 0..<batch {
      let y = y + image * channels
      if let row { y.update(from: row, count: channels) } else { y.update(repeating: value, count: channels) }
    }
  }
}
