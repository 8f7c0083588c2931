import Kernels
import Net
import Reference
import Testing

/// An optimizer step of a model is one call of its kernel over all parameters: the bits are those of the kernel.
@Suite struct OptimizerTests {
  typealias Pointer = UnsafeMutablePointer<Float>

  private func check(
    _ optimizer: any Optimizer, _ kernel: (_ step: Int, _ w: Pointer, _ g: Pointer, _ a: Pointer, _ b: Pointer) -> Void
  ) throws {
    let model = try Model(
      Sequential([Dense(5, activation: .tanh), Dense(3)]), input: [4], seed: 1)
    try model.compile(loss: .meanSquaredError, optimizer: optimizer)
    let data = try Dataset(inputs: randomTensor([6, 4], seed: 1), targets: .values(randomTensor([6, 3], seed: 2)))
    var weights = try model.parameters.map { try model.parameter($0.name).values }
    var first = weights.map { [Float](repeating: 0, count: $0.count) }
    var second = first
    for step in 1...5 {
      let gradients = try model.gradients(data).parameters
      try model.trainOnBatch(data)
      for i in weights.indices {
        var gradient = gradients[i].gradient.values
        kernel(step, &weights[i], &gradient, &first[i], &second[i])
        #expect(
          bitMismatch(try model.parameter(gradients[i].name).values, weights[i]) == nil, "step \(step), \(gradients[i].name)")
      }
    }
  }

  private let counts = [20, 5, 15, 3]

  @Test func sgd() throws {
    var call = 0
    try check(SGD(learningRate: 0.1, weightDecay: 0.01)) { _, w, g, _, _ in
      sgdUpdate(count: counts[call % 4], learningRate: 0.1, weightDecay: 0.01, w, gradient: g)
      call += 1
    }
  }

  @Test(arguments: [false, true]) func momentum(_ nesterov: Bool) throws {
    var call = 0
    try check(SGD(learningRate: 0.1, momentum: 0.9, nesterov: nesterov)) { step, w, g, v, _ in
      momentumUpdate(
        count: counts[call % 4], learningRate: 0.1, momentum: 0.9, nesterov: nesterov, weightDecay: 0, isFirstStep: step == 1, w,
        gradient: g, velocity: v)
      call += 1
    }
  }

  @Test func adam() throws {
    var call = 0
    try check(Adam(learningRate: 0.01, beta1: 0.8, beta2: 0.99, epsilon: 1e-6, l2: 0.02)) { step, w, g, m, v in
      adamUpdate(
        count: counts[call % 4], learningRate: 0.01, beta1: 0.8, beta2: 0.99, epsilon: 1e-6, step: step, l2: 0.02, weightDecay: 0,
        w, gradient: g, m: m, v: v)
      call += 1
    }
  }

  @Test func adamW() throws {
    var call = 0
    try check(AdamW(learningRate: 0.01)) { step, w, g, m, v in
      adamUpdate(
        count: counts[call % 4], learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: step, l2: 0,
        weightDecay: 0.01,
        w, gradient: g, m: m, v: v)
      call += 1
    }
  }

  /// A user's own schedule.
  @Test func schedule() throws {
    struct Halving: Schedule {
      func rate(step: Int) -> Float { step < 2 ? 0.1 : 0.05 }
    }
    var call = 0
    try check(SGD(schedule: Halving())) { step, w, g, _, _ in
      sgdUpdate(count: counts[call % 4], learningRate: step <= 2 ? 0.1 : 0.05, weightDecay: 0, w, gradient: g)
      call += 1
    }
  }
}
