// One pass of an optimizer over its parameters: weights, gradient and state are each read once and written once. What all have
// in common stands with `UpdateSettings`; each function here states its rule. State begins as zeros, and no two arrays overlap.

import CKernels

/// Stochastic gradient descent: d = g.
public func sgdUpdate(
  count: Int, _ settings: UpdateSettings, _ w: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>
) {
  updatePass(LW_UPDATE_SGD, settings.scalars, count: count, nanoseconds: 0.15, "sgdUpdate", w, gradient)
}

/// Gradient descent with momentum, in PyTorch's form: the learning rate multiplies the velocity, so a change of it takes effect
/// at once.
///
/// `v = fma(momentum, v, (1 - dampening) * g)`, d = v; with Nesterov's look-ahead, which takes no dampening,
/// `d = fma(momentum, v, g)`. In the first step the velocity counts as zeros without being read, and nothing is dampened.
public func momentumUpdate(
  count: Int, _ settings: UpdateSettings, momentum: Float, dampening: Float = 0, nesterov: Bool = false, isFirstStep: Bool,
  _ w: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, velocity: UnsafeMutablePointer<Float>
) {
  precondition(!nesterov || dampening == 0, "momentumUpdate: dampening \(dampening) with nesterov; expected 0")
  var scalars = settings.scalars
  scalars.setVelocity(momentum, share: isFirstStep ? 1 : 1 - dampening)
  scalars.fresh = isFirstStep ? 1 : 0
  updatePass(
    nesterov ? LW_UPDATE_NESTEROV : LW_UPDATE_MOMENTUM, scalars, count: count, nanoseconds: 0.25, "momentumUpdate", w, gradient,
    velocity)
}

/// Adagrad (Duchi, Hazan, Singer 2011): `s = fma(g, g, s)`, `d = g / (sqrt(s) + epsilon)`.
public func adagradUpdate(
  count: Int, _ settings: UpdateSettings, epsilon: Float, _ w: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
  sums: UnsafeMutablePointer<Float>
) {
  var scalars = settings.scalars
  scalars.epsilon = epsilon
  updatePass(LW_UPDATE_ADAGRAD, scalars, count: count, nanoseconds: 0.35, "adagradUpdate", w, gradient, sums)
}

/// RMSprop (Hinton 2012; as in Ruder, arXiv:1609.04747, with epsilon inside the root):
/// `v = fma((1 - rho) * g, g, rho * v)`, `d = g / sqrt(v + epsilon)`.
///
/// With `means` it is centred: `m = fma(1 - rho, g, rho * m)`, and `max(0, fnma(m, m, v))` stands for v in d.
/// With `velocity` it has momentum: `u = fma(momentum, u, d)` is the direction.
public func rmspropUpdate(
  count: Int, _ settings: UpdateSettings, rho: Float, momentum: Float = 0, epsilon: Float, _ w: UnsafeMutablePointer<Float>,
  gradient: UnsafePointer<Float>, squares: UnsafeMutablePointer<Float>, means: UnsafeMutablePointer<Float>? = nil,
  velocity: UnsafeMutablePointer<Float>? = nil
) {
  precondition(momentum == 0 || velocity != nil, "rmspropUpdate: momentum \(momentum) needs a velocity")
  var scalars = settings.scalars
  scalars.setMeanSquare(rho)
  scalars.setVelocity(momentum)
  scalars.epsilon = epsilon
  let rule =
    switch (means != nil, velocity != nil) {
    case (false, false): LW_UPDATE_RMSPROP
    case (false, true): LW_UPDATE_RMSPROP_MOMENTUM
    case (true, false): LW_UPDATE_RMSPROP_CENTRED
    case (true, true): LW_UPDATE_RMSPROP_CENTRED_MOMENTUM
    }
  updatePass(rule, scalars, count: count, nanoseconds: 0.4, "rmspropUpdate", w, gradient, squares, means, velocity)
}

/// Adadelta (Zeiler 2012): `v = fma((1 - rho) * g, g, rho * v)`, `d = sqrt((u + epsilon) / (v + epsilon)) * g`,
/// `u = fma((1 - rho) * d, d, rho * u)`.
public func adadeltaUpdate(
  count: Int, _ settings: UpdateSettings, rho: Float, epsilon: Float, _ w: UnsafeMutablePointer<Float>,
  gradient: UnsafePointer<Float>, squares: UnsafeMutablePointer<Float>, updates: UnsafeMutablePointer<Float>
) {
  var scalars = settings.scalars
  scalars.setMeanSquare(rho)
  scalars.epsilon = epsilon
  updatePass(LW_UPDATE_ADADELTA, scalars, count: count, nanoseconds: 0.45, "adadeltaUpdate", w, gradient, squares, updates)
}

/// Adam (Kingma and Ba, ICLR 2015), in PyTorch's form: epsilon is added after the bias correction. With `weightDecay` it is AdamW
/// (Loshchilov and Hutter, ICLR 2019), with `largest` AMSGrad (Reddi, Kale, Kumar, ICLR 2018).
///
/// `step` counts from 1. For each element:
///
///     m = fma(1 - beta1, g, beta1 * m)
///     v = fma((1 - beta2) * g, g, beta2 * v)
///     d = m / fma(sqrt(v), correction, epsilon)
///
/// with rate = learningRate / (1 - beta1^step) and correction = 1 / sqrt(1 - beta2^step); AMSGrad keeps `x = max(x, v)` and takes
/// x for v in d.
public func adamUpdate(
  count: Int, _ settings: UpdateSettings, beta1: Float, beta2: Float, epsilon: Float, step: Int,
  _ w: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, m: UnsafeMutablePointer<Float>,
  v: UnsafeMutablePointer<Float>, largest: UnsafeMutablePointer<Float>? = nil
) {
  var scalars = adamScalars(settings, beta1, beta2, epsilon, step, "adamUpdate")
  scalars.rate = Float(Double(settings.learningRate) / remainder(beta1, step))
  updatePass(
    largest == nil ? LW_UPDATE_ADAM : LW_UPDATE_AMSGRAD, scalars, count: count, nanoseconds: 0.45, "adamUpdate", w, gradient, m,
    v, largest)
}

/// Adamax (Kingma and Ba, ICLR 2015, section 7.1), in PyTorch's form: `m = fma(1 - beta1, g, beta1 * m)`,
/// `u = max(beta2 * u, |g| + epsilon)`, `d = m / u`, with rate = learningRate / (1 - beta1^step). `step` counts from 1.
public func adamaxUpdate(
  count: Int, _ settings: UpdateSettings, beta1: Float, beta2: Float, epsilon: Float, step: Int,
  _ w: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, m: UnsafeMutablePointer<Float>,
  u: UnsafeMutablePointer<Float>
) {
  var scalars = adamScalars(settings, beta1, beta2, epsilon, step, "adamaxUpdate")
  scalars.rate = Float(Double(settings.learningRate) / remainder(beta1, step))
  updatePass(LW_UPDATE_ADAMAX, scalars, count: count, nanoseconds: 0.5, "adamaxUpdate", w, gradient, m, u)
}

/// NAdam (Dozat 2016), in PyTorch's form: m and v as in Adam, and
///
///     d = fma(p, g, q * m) / fma(sqrt(v), correction, epsilon)
///
/// with mu(t) = beta1 (1 - 0.96^(t momentumDecay) / 2), p = (1 - mu(t)) / (1 - mu(1) ... mu(t)),
/// q = mu(t + 1) / (1 - mu(1) ... mu(t + 1)). `step` counts from 1.
public func nadamUpdate(
  count: Int, _ settings: UpdateSettings, beta1: Float, beta2: Float, epsilon: Float, momentumDecay: Float, step: Int,
  _ w: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, m: UnsafeMutablePointer<Float>,
  v: UnsafeMutablePointer<Float>
) {
  var scalars = adamScalars(settings, beta1, beta2, epsilon, step, "nadamUpdate")
  let (now, next, product) = nadamMomenta(Double(beta1), decay: Double(momentumDecay), step: step)
  scalars.mix_gradient = Float((1 - now) / (1 - product))
  scalars.mix_mean = Float(next / (1 - product * next))
  updatePass(LW_UPDATE_NADAM, scalars, count: count, nanoseconds: 0.5, "nadamUpdate", w, gradient, m, v)
}

/// RAdam (Liu et al., ICLR 2020), in PyTorch's form: Adam whose rate is multiplied by
/// r = sqrt((rho - 4)(rho - 2) rhoInf / ((rhoInf - 4)(rhoInf - 2) rho)) where rho = rhoInf - 2 t beta2^t / (1 - beta2^t) is above 5,
/// rhoInf = 2 / (1 - beta2) - 1; before, d = m.
///
/// In this order: m and v as in Adam, `d = m / (sqrt(v) + epsilon)`, rate = learningRate r sqrt(1 - beta2^t) / (1 - beta1^t); before,
/// `d = m / fma(sqrt(v), 0, 1)`, rate = learningRate / (1 - beta1^t).
public func radamUpdate(
  count: Int, _ settings: UpdateSettings, beta1: Float, beta2: Float, epsilon: Float, step: Int,
  _ w: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, m: UnsafeMutablePointer<Float>,
  v: UnsafeMutablePointer<Float>
) {
  var scalars = adamScalars(settings, beta1, beta2, epsilon, step, "radamUpdate")
  let remainder2 = remainder(beta2, step)
  let limit = 2 / (1 - Double(beta2)) - 1
  let rho = limit - 2 * Double(step) * (1 - remainder2) / remainder2
  let rate = Double(settings.learningRate) / remainder(beta1, step)
  if rho > 5 {
    let rectified = ((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho)).squareRoot()
    scalars.correction = 1
    scalars.rate = Float(rate * rectified * remainder2.squareRoot())
  } else {
    // A denominator of 1 where v is finite.
    scalars.correction = 0
    scalars.epsilon = 1
    scalars.rate = Float(rate)
  }
  updatePass(LW_UPDATE_ADAM, scalars, count: count, nanoseconds: 0.45, "radamUpdate", w, gradient, m, v)
}

/// The scalars of both running means and of the denominator.
private func adamScalars(
  _ settings: UpdateSettings, _ beta1: Float, _ beta2: Float, _ epsilon: Float, _ step: Int, _ name: StaticString
) -> lw_update {
  precondition(step >= 1, "\(name): step \(step); steps count from 1")
  var scalars = settings.scalars
  scalars.setMean(beta1)
  scalars.setMeanSquare(beta2)
  scalars.correction = Float(1 / remainder(beta2, step).squareRoot())
  scalars.epsilon = epsilon
  return scalars
}

/// 1 - beta^step: the sum of the weights of a running mean that began at 0.
private func remainder(_ beta: Float, _ step: Int) -> Double { 1 - PortableMath.power(Double(beta), step) }

/// mu(t), mu(t + 1) and mu(1) ... mu(t) of NAdam. The product vanishes beside 1 after some hundred steps, and ends there.
private func nadamMomenta(_ beta1: Double, decay: Double, step: Int) -> (now: Double, next: Double, product: Double) {
  let fade = PortableMath.power(0.96, decay)
  func momentum(_ faded: Double) -> Double { beta1 * (1 - faded / 2) }
  var (product, faded) = (1.0, 1.0)
  var t = 0
  while t < step, product > 1e-18 {
    faded *= fade
    product *= momentum(faded)
    t += 1
  }
  return (momentum(PortableMath.power(fade, step)), momentum(PortableMath.power(fade, step + 1)), product)
}
