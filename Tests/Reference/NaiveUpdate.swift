// Optimizers, one parameter at a time.

/// w <- w * keep, then w <- w - rate * d with one rounding.
private func descend(_ w: Float, keep: Float, rate: Float, _ d: Float) -> Float {
  (w * keep).addingProduct(-rate, d)
}

private func keep(_ learningRate: Float, _ weightDecay: Float) -> Float {
  Float(1 - Double(learningRate) * Double(weightDecay))
}

public func naiveSGD(learningRate: Float, weightDecay: Float, _ w: inout [Float], gradient g: [Float]) {
  for i in w.indices { w[i] = descend(w[i], keep: keep(learningRate, weightDecay), rate: learningRate, g[i]) }
}

public func naiveMomentum(
  learningRate: Float, momentum: Float, nesterov: Bool, weightDecay: Float, isFirstStep: Bool, _ w: inout [Float],
  gradient g: [Float], velocity v: inout [Float]
) {
  for i in w.indices {
    v[i] = isFirstStep ? g[i] : g[i].addingProduct(momentum, v[i])
    let d = nesterov ? g[i].addingProduct(momentum, v[i]) : v[i]
    w[i] = descend(w[i], keep: keep(learningRate, weightDecay), rate: learningRate, d)
  }
}

/// beta^step by repeated squaring.
public func naivePower(_ x: Double, _ exponent: Int) -> Double {
  if exponent == 0 { return 1 }
  var result = 1.0
  var square = x
  for bit in 0..<Int.bitWidth where exponent >> bit != 0 {
    if exponent >> bit & 1 == 1 { result *= square }
    square *= square
  }
  return result
}

public func naiveAdam(
  learningRate: Float, beta1: Float, beta2: Float, epsilon: Float, step: Int, l2: Float, weightDecay: Float,
  _ w: inout [Float], gradient: [Float], m: inout [Float], v: inout [Float]
) {
  let rate = Float(Double(learningRate) / (1 - naivePower(Double(beta1), step)))
  let scale = Float(1 / (1 - naivePower(Double(beta2), step)).squareRoot())
  let (c1, c2) = (Float(1 - Double(beta1)), Float(1 - Double(beta2)))
  for i in w.indices {
    let g = gradient[i].addingProduct(l2, w[i])
    m[i] = (beta1 * m[i]).addingProduct(c1, g)
    v[i] = (beta2 * v[i]).addingProduct(c2 * g, g)
    let denominator = epsilon.addingProduct(v[i].squareRoot(), scale)
    w[i] = descend(w[i], keep: keep(learningRate, weightDecay), rate: rate, m[i] / denominator)
  }
}
