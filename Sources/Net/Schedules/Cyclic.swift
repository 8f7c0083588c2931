import Kernels

/// One rise and one long fall (Smith, Topin 2018), as PyTorch's `OneCycleLR`: from peak / `startDivisor` up to `peak` over the
/// share `rise` of all steps, then down to peak / `startDivisor` / `endDivisor`, both along half a cosine wave. The momentum does
/// the opposite, from the high end of `momentum` down and back; nil leaves it alone. After the last step the rate stays.
public struct OneCycle: Schedule {
  public let peak: Float
  public let steps: Int
  public let rise: Float
  public let startDivisor: Float
  public let endDivisor: Float
  public let momentum: ClosedRange<Float>?

  public init(
    peak: Float, steps: Int, rise: Float = 0.3, startDivisor: Float = 25, endDivisor: Float = 1e4,
    momentum: ClosedRange<Float>? = 0.85...0.95
  ) {
    self.peak = peak
    self.steps = steps
    self.rise = rise
    self.startDivisor = startDivisor
    self.endDivisor = endDivisor
    self.momentum = momentum
  }

  public func rate(step: Int) -> Float {
    let start = Double(peak) / Double(startDivisor)
    return between(start, Double(peak), start / Double(endDivisor), step)
  }

  public func momentum(at time: TrainingTime) -> Float? {
    momentum.map { between(Double($0.upperBound), Double($0.lowerBound), Double($0.upperBound), time.step) }
  }

  /// From `start` to `middle` at step rise * steps - 1, to `end` at steps - 1.
  private func between(_ start: Double, _ middle: Double, _ end: Double, _ step: Int) -> Float {
    let last = Double(steps - 1)
    let top = Double(rise) * Double(steps) - 1
    let s = min(Double(step), last)
    if s <= top { return Float(eased(start, middle, top > 0 ? s / top : 1)) }
    return Float(eased(middle, end, last > top ? (s - top) / (last - top) : 1))
  }

  /// Along half a cosine wave from `a` to `b`.
  private func eased(_ a: Double, _ b: Double, _ position: Double) -> Double {
    b + (a - b) / 2 * (1 + PortableMath.cosPi(position))
  }

  public func check() throws {
    try checkRate(peak, "peak", of: "oneCycle")
    try checkSetting(steps, "steps", of: "oneCycle", atLeast: 1)
    guard (0...1).contains(rise) else { throw NetError("oneCycle: rise is \(rise); expected from 0 to 1") }
    try checkSetting(startDivisor, "startDivisor", of: "oneCycle", in: 1 ..< .infinity)
    try checkSetting(endDivisor, "endDivisor", of: "oneCycle", in: 1 ..< .infinity)
    try checkMomentum(momentum, of: "oneCycle")
  }
}

/// Triangles between two rates (Smith 2017), as PyTorch's `CyclicLR`: up over `stepsUp`, down over `stepsDown`, again and again.
/// The momentum does the opposite; nil, the default, leaves it alone.
public struct Cyclic: Schedule {
  /// How high the triangles are.
  public enum Height: Sendable, Equatable {
    /// All the same: PyTorch's `triangular`.
    case constant
    /// Each half as high as the one before: `triangular2`.
    case halving
    /// factor^s at step s: `exp_range`.
    case exponential(factor: Float)
  }

  public let low: Float
  public let high: Float
  public let stepsUp: Int
  public let stepsDown: Int
  public let height: Height
  public let momentum: ClosedRange<Float>?

  /// - Parameter stepsDown: as many as up by default.
  public init(
    from low: Float, to high: Float, stepsUp: Int, stepsDown: Int? = nil, height: Height = .constant,
    momentum: ClosedRange<Float>? = nil
  ) {
    self.low = low
    self.high = high
    self.stepsUp = stepsUp
    self.stepsDown = stepsDown ?? stepsUp
    self.height = height
    self.momentum = momentum
  }

  public func rate(step: Int) -> Float { Float(Double(low) + (Double(high) - Double(low)) * level(step)) }

  public func momentum(at time: TrainingTime) -> Float? {
    momentum.map { Float(Double($0.upperBound) - (Double($0.upperBound) - Double($0.lowerBound)) * level(time.step)) }
  }

  /// How far up, from 0 to 1.
  private func level(_ step: Int) -> Double {
    // Both together may be more than an Int counts.
    let (whole, rest) = UInt(step).quotientAndRemainder(dividingBy: UInt(stepsUp) + UInt(stepsDown))
    let (cycle, position) = (Int(whole), Int(rest))
    let triangle =
      position <= stepsUp
      ? Double(position) / Double(stepsUp) : Double(stepsDown - (position - stepsUp)) / Double(stepsDown)
    return switch height {
    case .constant: triangle
    case .halving: triangle * PortableMath.power(0.5, cycle)
    case .exponential(let factor): triangle * PortableMath.power(Double(factor), step)
    }
  }

  public func check() throws {
    try checkRate(low, "from", of: "cyclic")
    try checkRate(high, "to", of: "cyclic")
    try checkSetting(stepsUp, "stepsUp", of: "cyclic", atLeast: 1)
    try checkSetting(stepsDown, "stepsDown", of: "cyclic", atLeast: 1)
    if case .exponential(let factor) = height {
      try checkSetting(factor, "factor", of: "cyclic", in: 0 ..< .infinity)
    }
    try checkMomentum(momentum, of: "cyclic")
  }
}

private func checkMomentum(_ momentum: ClosedRange<Float>?, of schedule: String) throws {
  guard let momentum else { return }
  try checkSetting(momentum.lowerBound, "momentum", of: schedule, in: 0..<1)
  try checkSetting(momentum.upperBound, "momentum", of: schedule, in: 0..<1)
}
