// Losses of elements and of rows, and their derivatives times a scale.

public typealias NaiveLoss = (loss: Float, gradient: Float)

public func naiveSquaredError(_ p: Float, _ t: Float, scale: Float) -> NaiveLoss { ((p - t) * (p - t), (p - t) * (2 * scale)) }

public func naiveAbsoluteError(_ p: Float, _ t: Float, scale: Float) -> NaiveLoss {
  let d = p - t
  return (d.magnitude, (d > 0 ? 1 : d < 0 ? -1 : d) * scale)
}

public func naiveHuber(_ p: Float, _ t: Float, delta: Float, scale: Float) -> NaiveLoss {
  let d = p - t, m = delta < d.magnitude ? delta : d.magnitude
  return (m * d.magnitude.addingProduct(-0.5, m), Float(signOf: d, magnitudeOf: m) * scale)
}

public func naiveHinge(_ p: Float, _ t: Float, scale: Float) -> NaiveLoss {
  let margin = Float(1).addingProduct(-t, p)
  return (naiveReLU(margin), (margin <= 0 ? 0 : -t) * scale)
}

public func naiveSquaredHinge(_ p: Float, _ t: Float, scale: Float) -> NaiveLoss {
  let hinge = naiveHinge(p, t, scale: 1)
  return (hinge.loss * hinge.loss, hinge.loss * hinge.gradient * (2 * scale))
}

/// -cos between two rows, each in a unit of its own where its squares are large.
public func naiveCosineLoss(_ p: [Float], _ t: [Float], scale: Float) -> (loss: Float, gradient: [Float]) {
  func unit(_ x: [Float]) -> Float {
    let largest = naiveReduce(.normInfinity, x, isContiguous: true)
    guard naiveDot(x, x) > 0x1p96, largest.isFinite else { return 1 }
    return Float(sign: .plus, exponent: -min(126, Int(largest.exponent)), significand: 1)
  }
  func length(_ x: [Float]) -> Float {
    let root = naiveDot(x, x).squareRoot()
    return root > 1e-8 ? root : 1e-8
  }
  let a = unit(p), p = p.map { a * $0 }, b = unit(t), t = t.map { b * $0 }
  let product = length(p) * length(t), cosine = naiveDot(p, t) / product
  let along = scale * (cosine / (length(p) * length(p))), across = scale / product
  return (-cosine, p.indices.map { a * (along * p[$0]).addingProduct(-across, t[$0]) })
}

/// Kullback-Leibler divergence of softmax(x) from t.
public func naiveKLDivergence(_ x: [Float], _ t: [Float], scale: Float) -> (loss: Float, gradient: [Float]) {
  let entropy = naiveCrossEntropy(x, targets: t, smoothing: 0, gradientScale: scale)
  let logarithms = t.map { $0 == 0 ? 0 : naiveLog($0) }
  return (entropy.loss + naiveDot(t, logarithms), entropy.gradient)
}

/// Cross-entropy with a label and divergence from a teacher.
public func naiveDistillation(
  _ x: [Float], teacher: [Float], label: Int, temperature: Float, studentWeight: Float, scale: Float
) -> (loss: Float, gradient: [Float]) {
  let hard = naiveCrossEntropy(x, label: label, smoothing: 0, gradientScale: studentWeight * scale)
  let soft = (1 - studentWeight) * temperature * temperature
  let targets = naiveSoftmax(teacher.map { 1 / temperature * $0 })
  let divergence = naiveKLDivergence(x.map { 1 / temperature * $0 }, targets, scale: soft / temperature * scale)
  let gradient = x.indices.map { hard.gradient[$0] + divergence.gradient[$0] }
  let loss = studentWeight == 0 ? 0 : studentWeight * hard.loss
  return (soft == 0 ? loss : loss.addingProduct(soft, divergence.loss), gradient)
}
