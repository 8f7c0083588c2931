// Softmax and the losses, one row or one element at a time.

private func maximum(_ x: [Float]) -> Float { x.reduce(-.infinity) { $0 > $1 ? $0 : $1 } }

public func naiveSoftmax(_ x: [Float]) -> [Float] {
  let m = maximum(x)
  let e = x.map { naiveExp($0 - m) }
  let sum = naiveSum(e)
  return e.map { $0 / sum }
}

public func naiveLogSoftmax(_ x: [Float]) -> [Float] {
  let m = maximum(x)
  let logSum = naiveLog(naiveSum(x.map { naiveExp($0 - m) }))
  return x.map { $0 - m - logSum }
}

public func naiveSoftmaxGradient(y: [Float], dy: [Float]) -> [Float] {
  let dot = naiveDot(y, dy)
  return zip(y, dy).map { y, dy in y * (dy - dot) }
}

public func naiveLogSoftmaxGradient(y: [Float], dy: [Float]) -> [Float] {
  let sum = naiveSum(dy)
  return zip(y, dy).map { y, dy in dy.addingProduct(-naiveExp(y), sum) }
}

/// Softmax and cross-entropy of one row with one class.
public func naiveCrossEntropy(
  _ x: [Float], label: Int, smoothing: Float, gradientScale: Float
) -> (loss: Float, gradient: [Float]) {
  let m = maximum(x), depth = m - x[label]
  let e = x.map { naiveExp($0 - m) }
  let sum = naiveSum(e), kept = 1 - smoothing, spread = smoothing / Float(x.count)
  let atLabel = kept == 0 ? 0 : kept * depth
  let weighted = smoothing == 0 ? depth : atLabel.addingProduct(spread, naiveSum(x.map { m - $0 }))
  let gradient = e.indices.map { (e[$0] / sum - ($0 == label ? kept + spread : spread)) * gradientScale }
  return (naiveLog(sum) + weighted, gradient)
}

/// Softmax and cross-entropy of one row with a target for every class.
public func naiveCrossEntropy(
  _ x: [Float], targets: [Float], smoothing: Float, gradientScale: Float
) -> (loss: Float, gradient: [Float]) {
  let m = maximum(x)
  let t = targets.map { (smoothing / Float(x.count)).addingProduct(1 - smoothing, $0) }
  let e = x.map { naiveExp($0 - m) }
  let sum = naiveSum(e), weight = naiveSum(t)
  let gradient = e.indices.map { (-t[$0]).addingProduct(e[$0] / sum, weight) * gradientScale }
  // What has no target adds nothing, however deep.
  let depths = zip(t, x).map { $0 == 0 ? 0 : m - $1 }
  return (naiveDot(t, depths).addingProduct(naiveLog(sum), weight), gradient)
}

/// Binary cross-entropy of one element from its logit.
public func naiveSigmoidCrossEntropy(
  _ x: Float, target: Float, smoothing: Float, gradientScale: Float
) -> (loss: Float, gradient: Float) {
  let t = (0.5 * smoothing).addingProduct(1 - smoothing, target)
  let other = x > 0 ? 1 - t : t
  let margin = x.isInfinite ? (other == 0 ? 0 : other * .infinity) : naiveReLU(x).addingProduct(-t, x)
  return (margin + naiveLog1p(naiveExp(-x.magnitude)), (naiveSigmoid(x) - t) * gradientScale)
}
