/// A linear rise before any other schedule: in step s < n the rate is from + (eta - from) s / n, where eta is what `then` begins
/// with; from step n on it is `then`, counted from its own beginning. With `from` 0, as in Keras, the first step moves nothing.
///
/// ```swift
/// SGD(schedule: Warmup(steps: 500, then: CosineDecay(0.1, steps: 9500)), momentum: 0.9)
/// ```
public struct Warmup: CompositeSchedule {
  public let start: Float
  public let steps: Int
  public let then: any Schedule

  public init(from start: Float = 0, steps: Int, then: any Schedule) {
    self.start = start
    self.steps = steps
    self.then = then
  }

  public func rate(at time: TrainingTime) -> Float {
    guard time.step < steps else { return then.rate(at: time.since(steps)) }
    let end = Double(then.rate(at: time.beginning))
    return Float(Double(start) + (end - Double(start)) * Double(time.step) / Double(steps))
  }

  public func momentum(at time: TrainingTime) -> Float? {
    then.momentum(at: time.step < steps ? time.beginning : time.since(steps))
  }

  public func check() throws {
    try checkRate(start, "from", of: "warmup")
    try checkSetting(steps, "steps", of: "warmup", atLeast: 0)
    try then.check()
    try checkRate(then.rate(at: TrainingTime()), "the first rate of then", of: "warmup")
  }
}

/// One schedule after another, each counted from its own beginning: `schedules[i + 1]` takes over at step `boundaries[i]`.
/// PyTorch's `SequentialLR`; of constants, Keras's `PiecewiseConstantDecay` (with the new value at the boundary itself).
public struct JoinedSchedules: CompositeSchedule {
  public let schedules: [any Schedule]
  /// Steps, ascending, one fewer than schedules.
  public let boundaries: [Int]

  public init(_ schedules: [any Schedule], at boundaries: [Int]) {
    self.schedules = schedules
    self.boundaries = boundaries
  }

  public func rate(at time: TrainingTime) -> Float {
    let (schedule, start) = part(time)
    return schedule.rate(at: time.since(start))
  }

  public func momentum(at time: TrainingTime) -> Float? {
    let (schedule, start) = part(time)
    return schedule.momentum(at: time.since(start))
  }

  /// The schedule in force, and the step it began at.
  private func part(_ time: TrainingTime) -> (any Schedule, Int) {
    var i = 0
    while i < boundaries.count, boundaries[i] <= time.step { i += 1 }
    return (schedules[i], i == 0 ? 0 : boundaries[i - 1])
  }

  public func check() throws {
    guard !schedules.isEmpty, boundaries.count == schedules.count - 1 else {
      throw NetError(
        "joinedSchedules: \(schedules.count) schedules and \(boundaries.count) boundaries; "
          + "expected at least one schedule, and one boundary fewer than schedules")
    }
    try checkAscending(boundaries, "boundaries", of: "joinedSchedules")
    for schedule in schedules {
      try schedule.check()
      try checkRate(schedule.rate(at: TrainingTime()), "the first rate of a part", of: "joinedSchedules")
    }
  }
}
