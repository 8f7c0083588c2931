import Reference

/// Dense layers with ReLU between them, and Adam, in plain loops.
struct NaiveMLP {
  /// Weights and bias of each layer in turn.
  private(set) var parameters: [[Float]]
  private let fanIns: [Int]
  private var m, v: [[Float]]

  init(_ parameters: [[Float]], fanIns: [Int]) {
    (self.parameters, self.fanIns) = (parameters, fanIns)
    m = parameters.map { $0.map { _ in 0 } }
    v = m
  }

  /// The input and the output of each layer.
  func outputs(_ x: [Float]) -> [[Float]] {
    fanIns.indices.reduce(into: [x]) { values, i in
      let isLast = i == fanIns.count - 1
      values.append(
        naiveDense(
          values[i], fanIn: fanIns[i], parameters[2 * i], parameters[2 * i + 1], activation: isLast ? { $0 } : naiveReLU))
    }
  }

  /// One step; returns the loss before it.
  mutating func train(_ x: [Float], labels: [Int32], learningRate: Float, step: Int) -> Float {
    let values = outputs(x)
    let classes = values.last!.count / labels.count
    let each = labels.indices.map {
      naiveCrossEntropy(
        Array(values.last![$0 * classes..<($0 + 1) * classes]), label: Int(labels[$0]), smoothing: 0,
        gradientScale: 1 / Float(labels.count))
    }
    var dy = each.flatMap(\.gradient)
    var gradients = parameters
    for i in fanIns.indices.reversed() {
      if i < fanIns.count - 1 { dy = zip(values[i + 1], dy).map(naiveReLUGradient) }
      let g = naiveDenseGradient(x: values[i], fanIn: fanIns[i], parameters[2 * i], dy: dy)
      (gradients[2 * i], gradients[2 * i + 1], dy) = (g.weights, g.bias, g.input)
    }
    var largest: [Float] = []  // of AMSGrad only
    for i in parameters.indices {
      NaiveUpdate(learningRate: learningRate).adam(
        beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: step, &parameters[i], gradients[i], &m[i], &v[i], &largest)
    }
    return naiveReduce(.mean, each.map(\.loss), isContiguous: true)
  }
}
