import Net

/// A user's own optimizer: it sees what those of the package do.
struct Descent: Optimizer {
  let name = "descent"
  let stateCount = 0
  var learningRate: any Schedule = ConstantRate(1)

  func update(_ c: UpdateContext) {
    for i in 0..<c.count { c.weights[i] -= c.learningRate * c.gradient[i] }
  }
}
