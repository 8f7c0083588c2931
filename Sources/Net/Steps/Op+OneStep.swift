// The ops that treat every step of a sequence by itself, for one step of it.

/// The share of one step in `count`, when it is a whole number.
private func share(_ count: Int, _ steps: Int) -> Int? { count % steps == 0 ? count / steps : nil }

extension Recurrence {
  /// From a state that goes on; not backwards, which would begin at the end.
  func oneStep(of steps: Int) -> (any Op)? {
    guard shape.steps == steps, !shape.isReversed, !hasState else { return nil }
    var op = self
    op.shape.steps = 1
    return op
  }
}

extension StepMask {
  func oneStep(of steps: Int) -> (any Op)? { self.steps == steps ? StepMask(steps: 1, features: features, value: value) : nil }
}

extension Linear {
  func oneStep(of steps: Int) -> (any Op)? {
    share(rows, steps).map { Linear(fanIn: fanIn, units: units, rows: $0, hasBias: hasBias, activation: activation) }
  }
}

extension AddBias {
  func oneStep(of steps: Int) -> (any Op)? { share(rows, steps).map { AddBias(rows: $0, columns: columns) } }
}

extension Activate {
  func oneStep(of steps: Int) -> (any Op)? { share(count, steps).map { Activate(activation: activation, count: $0) } }
}

extension LearnedSlope {
  func oneStep(of steps: Int) -> (any Op)? { share(rows, steps).map { LearnedSlope(rows: $0, columns: columns) } }
}

extension SoftmaxRows {
  func oneStep(of steps: Int) -> (any Op)? {
    share(rows, steps).map { SoftmaxRows(rows: $0, columns: columns, isLogarithm: isLogarithm) }
  }
}

extension LayerNormalization {
  func oneStep(of steps: Int) -> (any Op)? {
    share(rows, steps).map { LayerNormalization(rows: $0, columns: columns, epsilon: epsilon) }
  }
}

extension RMSNormalization {
  func oneStep(of steps: Int) -> (any Op)? {
    share(rows, steps).map { RMSNormalization(rows: $0, columns: columns, epsilon: epsilon) }
  }
}

extension Sum {
  func oneStep(of steps: Int) -> (any Op)? { share(count, steps).map { Sum(inputs: inputs, count: $0) } }
}

extension Multiply {
  func oneStep(of steps: Int) -> (any Op)? { share(count, steps).map { Multiply(count: $0) } }
}

extension Scale {
  func oneStep(of steps: Int) -> (any Op)? { share(count, steps).map { Scale(factor: factor, count: $0) } }
}

extension Join {
  func oneStep(of steps: Int) -> (any Op)? { share(rows, steps).map { Join(rows: $0, columns: columns) } }
}
