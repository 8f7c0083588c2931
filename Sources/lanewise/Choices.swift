import Net

/// The optimizers the command line knows, by name.
enum OptimizerChoice: String, CaseIterable {
  case adam, adamw, amsgrad, adamax, nadam, radam, rmsprop, adagrad, adadelta, momentum, nesterov, sgd

  /// The learning rate where none is given.
  var learningRate: Float {
    switch self {
    case .adam, .adamw, .amsgrad, .radam, .rmsprop: 0.001
    case .adamax, .nadam: 0.002
    case .adagrad, .momentum, .nesterov, .sgd: 0.01
    case .adadelta: 1
    }
  }

  /// - Parameters:
  ///   - momentum: of momentum and nesterov.
  ///   - weightDecay: decoupled; nil is the optimizer's own default.
  func optimizer(_ schedule: any Schedule, momentum: Float, weightDecay: Float?) -> any Optimizer {
    let decay = weightDecay ?? 0
    return switch self {
    case .adam: Adam(schedule: schedule, weightDecay: decay)
    case .adamw: weightDecay.map { AdamW(schedule: schedule, weightDecay: $0) } ?? AdamW(schedule: schedule)
    case .amsgrad: Adam(schedule: schedule, amsgrad: true, weightDecay: decay)
    case .adamax: Adamax(schedule: schedule, weightDecay: decay)
    case .nadam: NAdam(schedule: schedule, weightDecay: decay)
    case .radam: RAdam(schedule: schedule, weightDecay: decay)
    case .rmsprop: RMSprop(schedule: schedule, weightDecay: decay)
    case .adagrad: Adagrad(schedule: schedule, weightDecay: decay)
    case .adadelta: Adadelta(schedule: schedule, weightDecay: decay)
    case .momentum, .nesterov:
      SGD(schedule: schedule, momentum: momentum, nesterov: self == .nesterov, weightDecay: decay)
    case .sgd: SGD(schedule: schedule, weightDecay: decay)
    }
  }
}

/// The schedules the command line knows, by name: each fits itself to the length of the training.
enum ScheduleChoice: String, CaseIterable {
  case constant, step
  case multiStep = "multi-step"
  case exponential
  case inverseTime = "inverse-time"
  case linear, cosine
  case cosineRestarts = "cosine-restarts"
  case oneCycle = "one-cycle"
  case cyclic

  /// What it does with the learning rate in the course of a training.
  var summary: String {
    switch self {
    case .constant: "stays"
    case .step: "a tenth after each third"
    case .multiStep: "a tenth at 1/2 and at 3/4"
    case .exponential: "falls steadily to a hundredth"
    case .inverseTime: "1/(1 + 9 t), a tenth at the end"
    case .linear: "a straight line to 0"
    case .cosine: "half a cosine wave to 0"
    case .cosineRestarts: "three cosine waves, each twice as long as the one before"
    case .oneCycle: "rises from 1/25 in the first 3/10, then falls to nothing, the momentum the other way round"
    case .cyclic: "five triangles between a tenth and the whole"
    }
  }

  /// Over `steps` steps, after `warmup` of them have led up to the beginning.
  func schedule(learningRate rate: Float, steps: Int, warmup: Int) throws -> any Schedule {
    guard warmup < steps else { throw NetError("--warmup \(warmup): the training has only \(steps) steps") }
    let schedule = schedule(rate, steps - warmup)
    return warmup == 0 ? schedule : Warmup(steps: warmup, then: schedule)
  }

  /// steps / parts, rounded up.
  private func ceiling(_ steps: Int, _ parts: Int) -> Int { steps / parts + (steps % parts > 0 ? 1 : 0) }

  private func schedule(_ rate: Float, _ steps: Int) -> any Schedule {
    switch self {
    case .constant: ConstantRate(rate)
    case .step: StepDecay(rate, every: ceiling(steps, 3))
    case .multiStep: MultiStepDecay(rate, at: steps < 4 ? [steps / 2] : [steps / 2, steps / 4 * 3 + steps % 4 * 3 / 4])
    case .exponential: ExponentialDecay(rate, steps: steps, factor: 0.01)
    case .inverseTime: InverseTimeDecay(rate, steps: steps, decay: 9)
    case .linear: PolynomialDecay(rate, steps: steps)
    case .cosine: CosineDecay(rate, steps: steps)
    case .cosineRestarts: CosineDecayRestarts(rate, firstSteps: ceiling(steps, 7))
    case .oneCycle: OneCycle(peak: rate, steps: steps)
    case .cyclic: Cyclic(from: rate / 10, to: rate, stepsUp: max(1, steps / 10))
    }
  }
}
