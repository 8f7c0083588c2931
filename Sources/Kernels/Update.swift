// One pass of an optimizer over a parameter: weights, gradient and state are each read once and written once.
//
// Scalars are worked out in Double and rounded to Float once. `weightDecay` is decoupled: before the step the weights
// are multiplied by 1 - learningRate * weightDecay.

import CKernels

/// Stochastic gradient descent: `w -= learningRate * gradient`.
///
/// In this order: `w[i] = fnma(learningRate, g[i], w[i] * keep)` with keep = 1 - learningRate * weightDecay and
/// fnma(a, b, c) = c - a * b with one rounding.
public func sgdUpdate(
  count: Int, learningRate: Float, weightDecay: Float, _ w: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>
) {
  check(count, "sgdUpdate")
  checkOverlap(w, gradient, elements: count, "sgdUpdate")
  var step = lw_sgd(rate: learningRate, keep: kept(learningRate, weightDecay))
  let kernel = kernels.pointee.sgd_update
  withUnsafePointer(to: &step) { step in
    forEachPiece(count, nanoseconds: 0.15) { kernel(step, w + $0, gradient + $0, $1) }
  }
}

/// Gradient descent with momentum, in PyTorch's form: the learning rate multiplies the velocity, so a change of it
/// takes effect at once.
///
/// `v = momentum * v + g` (on the first step `v = g`, and `velocity` is not read), then `w -= learningRate * v`, or with
/// Nesterov's look-ahead `w -= learningRate * (g + momentum * v)`. In this order: `v = fma(momentum, v, g)`,
/// `d = nesterov ? fma(momentum, v, g) : v`, `w = fnma(learningRate, d, w * keep)`.
public func momentumUpdate(
  count: Int, learningRate: Float, momentum: Float, nesterov: Bool, weightDecay: Float, isFirstStep: Bool,
  _ w: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, velocity: UnsafeMutablePointer<Float>
) {
  check(count, "momentumUpdate")
  checkOverlap(w, gradient, elements: count, "momentumUpdate")
  checkOverlap(w, velocity, elements: count, "momentumUpdate")
  checkOverlap(velocity, gradient, elements: count, "momentumUpdate")
  var step = lw_momentum(rate: learningRate, keep: kept(learningRate, weightDecay), momentum: momentum)
  let (look, first): (Int32, Int32) = (nesterov ? 1 : 0, isFirstStep ? 1 : 0)
  let kernel = kernels.pointee.momentum_update
  withUnsafePointer(to: &step) { step in
    forEachPiece(count, nanoseconds: 0.2) { kernel(step, look, first, w + $0, gradient + $0, velocity + $0, $1) }
  }
}

/// Adam (Kingma and Ba, ICLR 2015), in PyTorch's form: epsilon is added after the bias correction. With `weightDecay`
/// it is AdamW (Loshchilov and Hutter, ICLR 2019).
///
/// `step` counts from 1. `l2` adds `l2 * w` to the gradient. In this order, for each element:
///
///     g = fma(l2, w, g)
///     m = fma(1 - beta1, g, beta1 * m)
///     v = fma((1 - beta2) * g, g, beta2 * v)
///     w = fnma(rate, m / fma(sqrt(v), scale, epsilon), w * keep)
///
/// with rate = learningRate / (1 - beta1^step), scale = 1 / sqrt(1 - beta2^step), keep = 1 - learningRate * weightDecay.
public func adamUpdate(
  count: Int, learningRate: Float, beta1: Float, beta2: Float, epsilon: Float, step: Int, l2: Float, weightDecay: Float,
  _ w: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, m: UnsafeMutablePointer<Float>,
  v: UnsafeMutablePointer<Float>
) {
  check(count, "adamUpdate")
  precondition(step >= 1, "adamUpdate: step \(step); steps count from 1")
  checkOverlap(w, gradient, elements: count, "adamUpdate")
  checkOverlap(w, m, elements: count, "adamUpdate")
  checkOverlap(w, v, elements: count, "adamUpdate")
  checkOverlap(m, v, elements: count, "adamUpdate")
  var scalars = lw_adam(
    rate: Float(Double(learningRate) / (1 - PortableMath.power(Double(beta1), step))), keep: kept(learningRate, weightDecay),
    beta1: beta1, one_minus_beta1: Float(1 - Double(beta1)), beta2: beta2, one_minus_beta2: Float(1 - Double(beta2)),
    scale: Float(1 / (1 - PortableMath.power(Double(beta2), step)).squareRoot()), epsilon: epsilon, l2: l2)
  let kernel = kernels.pointee.adam_update
  withUnsafePointer(to: &scalars) { scalars in
    forEachPiece(count, nanoseconds: 0.4) { kernel(scalars, w + $0, gradient + $0, m + $0, v + $0, $1) }
  }
}

/// What decoupled weight decay leaves of a weight.
private func kept(_ learningRate: Float, _ weightDecay: Float) -> Float {
  Float(1 - Double(learningRate) * Double(weightDecay))
}
