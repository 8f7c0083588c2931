import Kernels

extension Recurrence {
  func reference(_ c: ReferenceContext) -> [Double]? {
    let mask = hasMask ? c.inputs[hasState ? 2 : 1] : nil
    var output: [Double] = []
    for b in 0..<c.batch {
      var state = [Double](repeating: 0, count: shape.stateSize)
      if hasState { state = Array(c.inputs[1][b * shape.stateSize..<(b + 1) * shape.stateSize]) }
      var sequence = [[Double]](repeating: [], count: shape.steps)
      for k in 0..<shape.steps {
        let t = shape.isReversed ? shape.steps - 1 - k : k
        let row = b * shape.steps + t
        if mask?[row] ?? 1 != 0 {
          advance(&state, Array(c.x[row * shape.features..<(row + 1) * shape.features]), c.parameters)
        }
        sequence[t] = Array(state[..<shape.units])
      }
      switch shape.output {
      case .sequences: output += sequence.flatMap { $0 }
      case .last: output += state[..<shape.units]
      case .state: output += state
      }
    }
    return output
  }

  /// The state after a step with features `x`.
  private func advance(_ state: inout [Double], _ x: [Double], _ parameters: [[Double]]) {
    let (n, width) = (shape.units, shape.width)
    let (before, bias) = (state, hasBias ? parameters[2] : [Double](repeating: 0, count: shape.biasCount))
    func product(_ x: ArraySlice<Double>, _ w: [Double], _ j: Int) -> Double {
      x.enumerated().reduce(0) { $0 + $1.element * w[$1.offset * width + j] }
    }
    func inner(_ j: Int) -> Double { product(x[...], parameters[0], j) + bias[j] }
    func outer(_ j: Int) -> Double { product(before[..<n], parameters[1], j) }
    func tanh(_ x: Double) -> Double { Reference.activation(.tanh, x) }
    for j in 0..<n {
      switch shape.cell {
      case .tanh: state[j] = tanh(inner(j) + outer(j))
      case .relu: state[j] = max(0, inner(j) + outer(j))
      case .lstm:
        let sums = (0..<4).map { inner($0 * n + j) + outer($0 * n + j) }
        state[n + j] = Reference.sigmoid(sums[1]) * before[n + j] + Reference.sigmoid(sums[0]) * tanh(sums[2])
        state[j] = Reference.sigmoid(sums[3]) * tanh(state[n + j])
      case .gru:
        let own = (0..<3).map { outer($0 * n + j) + bias[width + $0 * n + j] }
        let (z, r) = (Reference.sigmoid(inner(j) + own[0]), Reference.sigmoid(inner(n + j) + own[1]))
        state[j] = z * before[j] + (1 - z) * tanh(inner(2 * n + j) + r * own[2])
      }
    }
  }
}

extension StepMask {
  func reference(_ c: ReferenceContext) -> [Double]? {
    (0..<c.batch * steps).map { row in
      c.x[row * features..<(row + 1) * features].contains { Float($0) != value } ? 1 : 0
    }
  }
}

extension Multiply {
  func reference(_ c: ReferenceContext) -> [Double]? { zip(c.inputs[0], c.inputs[1]).map { $0 * $1 } }
}

extension Scale {
  func reference(_ c: ReferenceContext) -> [Double]? { c.x.map { Double(factor) * $0 } }
}
