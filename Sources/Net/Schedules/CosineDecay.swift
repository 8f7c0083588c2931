import Kernels

/// Half a cosine wave from eta0 down to alpha eta0, where it stays: eta(s) = eta0 ((1 - alpha) c + alpha) with
/// c = (1 + cos(pi min(s, n) / n)) / 2 (Loshchilov, Hutter 2017). Keras's `CosineDecay`; PyTorch's `CosineAnnealingLR` to step n
/// (it rises again afterwards).
public struct CosineDecay: Schedule {
  public let learningRate: Float
  /// n
  public let steps: Int
  /// The share of the rate that is left at the end.
  public let alpha: Float

  public init(_ learningRate: Float, steps: Int, alpha: Float = 0) {
    self.learningRate = learningRate
    self.steps = steps
    self.alpha = alpha
  }

  public func rate(step: Int) -> Float {
    waved(learningRate, height: 1, alpha, position: Double(min(step, steps)) / Double(steps))
  }

  public func check() throws {
    try checkRate(learningRate, of: "cosineDecay")
    try checkSetting(steps, "steps", of: "cosineDecay", atLeast: 1)
    try checkSetting(alpha, "alpha", of: "cosineDecay", in: 0 ..< .infinity)
  }
}

/// Cosine waves one after another, each starting high again (Loshchilov, Hutter 2017): the first takes `firstSteps`, each further
/// one `lengthFactor` times as long and `heightFactor` times as high. Keras's `CosineDecayRestarts`, PyTorch's
/// `CosineAnnealingWarmRestarts`.
public struct CosineDecayRestarts: Schedule {
  public let learningRate: Float
  public let firstSteps: Int
  public let lengthFactor: Float
  public let heightFactor: Float
  /// The share of the rate that is left at the end of each wave.
  public let alpha: Float

  public init(
    _ learningRate: Float, firstSteps: Int, lengthFactor: Float = 2, heightFactor: Float = 1, alpha: Float = 0
  ) {
    self.learningRate = learningRate
    self.firstSteps = firstSteps
    self.lengthFactor = lengthFactor
    self.heightFactor = heightFactor
    self.alpha = alpha
  }

  public func rate(step: Int) -> Float {
    var (position, length, height) = (Double(step), Double(firstSteps), 1.0)
    if lengthFactor == 1 {
      height = PortableMath.power(Double(heightFactor), step / firstSteps)
      position = Double(step % firstSteps)
    } else {
      var waves = 0
      while position >= length, waves < Self.countedWaves {
        position -= length
        length *= Double(lengthFactor)
        height *= Double(heightFactor)
        waves += 1
      }
      if position >= length { skipWaves(&position, &length, &height) }
    }
    return waved(learningRate, height: height, alpha, position: position / length)
  }

  /// Waves that are gone through one by one. Of a factor little above 1 there can be millions.
  private static let countedWaves = 1 << 16

  /// Goes over as many whole waves as there are before `position` at once: n of them are length (factor^n - 1) / (factor - 1) long.
  private func skipWaves(_ position: inout Double, _ length: inout Double, _ height: inout Double) {
    let factor = Double(lengthFactor)
    func reach(_ n: Int) -> Double { length * ((PortableMath.power(factor, n) - 1) / (factor - 1)) }
    var waves = 0
    for bit in (0..<40).reversed() where reach(waves + 1 << bit) <= position { waves += 1 << bit }
    position -= reach(waves)
    length *= PortableMath.power(factor, waves)
    height *= PortableMath.power(Double(heightFactor), waves)
    position = min(max(0, position), length)
  }

  public func check() throws {
    try checkRate(learningRate, of: "cosineDecayRestarts")
    try checkSetting(firstSteps, "firstSteps", of: "cosineDecayRestarts", atLeast: 1)
    try checkSetting(lengthFactor, "lengthFactor", of: "cosineDecayRestarts", in: 1 ..< .infinity)
    try checkSetting(heightFactor, "heightFactor", of: "cosineDecayRestarts", in: 0 ..< .infinity)
    try checkSetting(alpha, "alpha", of: "cosineDecayRestarts", in: 0 ..< .infinity)
  }
}

/// A point of a wave of the given height: `position` runs from 0 to 1.
private func waved(_ rate: Float, height: Double, _ alpha: Float, position: Double) -> Float {
  let wave = height * (1 + PortableMath.cosPi(position)) / 2
  return Float(Double(rate) * ((1 - Double(alpha)) * wave + Double(alpha)))
}
