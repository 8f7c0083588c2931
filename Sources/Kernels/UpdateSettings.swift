// What all optimizers have in common: the settings of a step, and the pass around their rules.

import CKernels

/// What every optimizer step does besides its own rule. For each parameter w with gradient g, in this order:
///
///     g = min(gradientLimit, max(-gradientLimit, gradientScale * g))
///     g = fma(l2, w, g)
///     d = the rule's direction
///     w = fnma(rate, d, w * keep)
///
/// with keep = 1 - learningRate * weightDecay, and rate the learning rate, unless the rule says otherwise;
/// fnma(a, b, c) = c - a * b with one rounding. Scalars are worked out in Double and rounded to Float once.
public struct UpdateSettings: Sendable {
  public var learningRate: Float
  /// Decoupled: before the step the weights are multiplied by 1 - learningRate * weightDecay.
  public var weightDecay: Float
  /// Coupled: l2 times the weights is added to the gradient.
  public var l2: Float
  /// What the gradient is multiplied by first: clipping by norm, means over several batches.
  public var gradientScale: Float
  /// What the scaled gradient is clamped to, at most in magnitude.
  public var gradientLimit: Float

  public init(
    learningRate: Float, weightDecay: Float = 0, l2: Float = 0, gradientScale: Float = 1, gradientLimit: Float = .infinity
  ) {
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    self.l2 = l2
    self.gradientScale = gradientScale
    self.gradientLimit = gradientLimit
  }

  /// The scalars of a step whose rule needs no others.
  var scalars: lw_update {
    var scalars = lw_update()
    scalars.scale = gradientScale
    scalars.limit = gradientLimit
    scalars.l2 = l2
    scalars.rate = learningRate
    scalars.keep = Float(1 - Double(learningRate) * Double(weightDecay))
    return scalars
  }
}

/// One pass over the parameters with `rule`. State that a rule does not have is nil.
///
/// - Parameter nanoseconds: the serial time of one parameter.
func updatePass(
  _ rule: lw_update_rule, _ scalars: lw_update, count: Int, nanoseconds: Double, _ name: StaticString,
  _ w: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, _ a: UnsafeMutablePointer<Float>? = nil,
  _ b: UnsafeMutablePointer<Float>? = nil, _ c: UnsafeMutablePointer<Float>? = nil
) {
  check(count, name)
  checkSeparate(w, g, count, name)
  if let a { checkState(a, w, g, count, name) }
  if let b { checkState(b, w, g, count, name) }
  if let c { checkState(c, w, g, count, name) }
  if let a, let b { checkSeparate(a, b, count, name) }
  if let a, let c { checkSeparate(a, c, count, name) }
  if let b, let c { checkSeparate(b, c, count, name) }
  let kernel = kernels.pointee.optimizer_update
  nonisolated(unsafe) let (w, g, a, b, c) = (w, g, a, b, c)
  withUnsafePointer(to: scalars) { scalars in
    forEachPiece(count, nanoseconds: nanoseconds) { i, length in
      kernel(rule, scalars, w + i, g + i, a.map { $0 + i }, b.map { $0 + i }, c.map { $0 + i }, length)
    }
  }
}

private func checkState(
  _ state: UnsafeRawPointer, _ w: UnsafeRawPointer, _ g: UnsafeRawPointer, _ count: Int, _ name: StaticString
) {
  checkSeparate(state, w, count, name)
  checkSeparate(state, g, count, name)
}

/// Stops the program when two arrays of an update share memory.
private func checkSeparate(_ x: UnsafeRawPointer, _ y: UnsafeRawPointer, _ count: Int, _ name: StaticString) {
  checkApart(x, count, y, count, "\(name): two arrays of \(count) elements overlap, \(y - x) bytes apart")
}

extension lw_update {
  /// The running mean of gradients: beta1 * mean + (1 - beta1) * g.
  mutating func setMean(_ beta1: Float) {
    decay1 = beta1
    share1 = Float(1 - Double(beta1))
  }

  /// The running mean of squares: beta2 * square + (1 - beta2) * g * g.
  mutating func setMeanSquare(_ beta2: Float) {
    decay2 = beta2
    share2 = Float(1 - Double(beta2))
  }

  /// The velocity: momentum * velocity + share * g.
  mutating func setVelocity(_ momentum: Float, share: Float = 1) {
    decay1 = momentum
    share1 = share
  }
}

/// The running mean of weights, for evaluation with what training wanders around:
/// `average[i] = fma(1 - momentum, w[i], momentum * average[i])`.
public func averageUpdate(
  count: Int, momentum: Float, _ w: UnsafePointer<Float>, average: UnsafeMutablePointer<Float>
) {
  check(count, "averageUpdate")
  checkSeparate(w, average, count, "averageUpdate")
  let share = Float(1 - Double(momentum))
  let kernel = kernels.pointee.average_update
  forEachPiece(count, nanoseconds: 0.15) { kernel(momentum, share, w + $0, average + $0, $1) }
}
