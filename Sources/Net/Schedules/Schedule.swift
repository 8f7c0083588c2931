/// A step size as a function of the step.
///
/// To write your own, give the rate of each step; it must follow from the step alone, so that training can go on from anywhere.
/// Scalars that are not + - * / belong to `PortableMath`: then the weights are the same on every machine.
/// ```swift
/// struct Halving: Schedule {
///   func rate(step: Int) -> Float { step < 1000 ? 0.1 : 0.05 }
/// }
/// ```
public protocol Schedule: Sendable {
  /// The step size of optimizer step `step`, from 0.
  func rate(step: Int) -> Float

  /// The step size where training stands. Only a schedule that looks at epochs needs it: by default it is `rate(step:)`.
  func rate(at time: TrainingTime) -> Float

  /// The momentum (of the Adam family: beta1) where training stands, or nil, the default, to leave the optimizer its own.
  func momentum(at time: TrainingTime) -> Float?

  /// Throws when a setting is out of its range.
  func check() throws
}

extension Schedule {
  public func rate(at time: TrainingTime) -> Float { rate(step: time.step) }
  public func momentum(at time: TrainingTime) -> Float? { nil }
  public func check() throws {}

  /// This schedule with optimizer steps as its unit: what schedules count unless told otherwise.
  public var perStep: Self { self }

  /// This schedule with epochs of `fit` as its unit: the rate stays through an epoch, and its "steps" are epochs, as with
  /// PyTorch's schedulers that are stepped once an epoch.
  ///
  /// ```swift
  /// Adam(schedule: StepDecay(0.01, every: 10).perEpoch)        // a tenth after every 10 epochs
  /// ```
  public var perEpoch: PerEpoch { PerEpoch(self) }
}

/// Where training stands since `compile`, for schedules.
public struct TrainingTime: Sendable, Equatable {
  /// Optimizer steps taken.
  public var step: Int
  /// Whole epochs of `fit`.
  public var epoch: Int
  /// Steps in an epoch of the present `fit`.
  public var stepsPerEpoch: Int

  /// The time of a training whose epochs all had `stepsPerEpoch` steps.
  public init(step: Int = 0, stepsPerEpoch: Int = 1) {
    self.step = step
    self.stepsPerEpoch = max(1, stepsPerEpoch)
    epoch = step / self.stepsPerEpoch
  }

  /// The time on a clock that began after `steps` steps.
  func since(_ steps: Int) -> TrainingTime {
    var time = self
    time.step -= steps
    time.epoch = max(0, epoch - steps / stepsPerEpoch)
    return time
  }

  /// The beginning of a clock with epochs of this length.
  var beginning: TrainingTime { TrainingTime(step: 0, stepsPerEpoch: stepsPerEpoch) }
}

/// The same step size for ever.
public struct ConstantRate: Schedule {
  public let value: Float

  public init(_ value: Float) { self.value = value }

  public func rate(step: Int) -> Float { value }
}

/// A schedule made of others, which may look at epochs.
protocol CompositeSchedule: Schedule {}

extension CompositeSchedule {
  /// The rate of step `step` in a training of one step an epoch.
  public func rate(step: Int) -> Float { rate(at: TrainingTime(step: step)) }
}

/// A schedule that counts epochs: see `Schedule.perEpoch`.
public struct PerEpoch: CompositeSchedule {
  private let schedule: any Schedule

  init(_ schedule: any Schedule) { self.schedule = schedule }

  public func rate(at time: TrainingTime) -> Float { schedule.rate(at: TrainingTime(step: time.epoch)) }
  public func momentum(at time: TrainingTime) -> Float? { schedule.momentum(at: TrainingTime(step: time.epoch)) }
  public func check() throws { try schedule.check() }
}

/// Throws unless `rate` can be a step size.
func checkRate(_ rate: Float, _ name: String = "learningRate", of schedule: String) throws {
  try checkSetting(rate, name, of: schedule, in: 0 ..< .infinity)
}
