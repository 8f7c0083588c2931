// Recurrent layers, one example and one unit at a time.

public enum NaiveCell: String, CaseIterable, Sendable {
  case tanh, relu, lstm, gru

  public var gates: Int { self == .lstm ? 4 : self == .gru ? 3 : 1 }
  public var states: Int { self == .lstm ? 2 : 1 }
  public var biases: Int { self == .gru ? 2 : 1 }
}

/// The weights and sizes of a recurrent layer: kernel [features][gates units], recurrent kernel [units][gates units], bias
/// [biases][gates units].
public struct NaiveRecurrent {
  public let cell: NaiveCell
  public let steps, features, units: Int
  public let isReversed: Bool
  public let kernel, recurrentKernel: [Float]
  public let bias: [Float]?

  public init(
    _ cell: NaiveCell, steps: Int, features: Int, units: Int, isReversed: Bool, kernel: [Float], recurrentKernel: [Float],
    bias: [Float]?
  ) {
    self.cell = cell
    (self.steps, self.features, self.units) = (steps, features, units)
    self.isReversed = isReversed
    (self.kernel, self.recurrentKernel, self.bias) = (kernel, recurrentKernel, bias)
  }

  private var width: Int { cell.gates * units }
  private func step(_ k: Int) -> Int { isReversed ? steps - 1 - k : k }

  /// What one example leaves: by step, in the order of the input, the gates, the state before and the last gate's h U + b1; h
  /// after each step; and the state at the end.
  public struct Trace {
    public var gates, before, after, candidate: [[Float]]
    public var y: [[Float]]
    public var final: [Float]
  }

  /// The sums of blocks of k: t, or t + p0 + p1 + ...
  private func addProduct(_ t: Float?, _ k: Int, _ a: (Int) -> Float, _ b: (Int) -> Float) -> Float {
    var t = t
    for start in stride(from: 0, to: k, by: naiveGemmBlock) {
      var p: Float = 0
      for l in start..<min(start + naiveGemmBlock, k) { p.addProduct(a(l), b(l)) }
      t = t.map { $0 + p } ?? p
    }
    return t ?? 0
  }

  /// - Parameters:
  ///   - x: [steps][features].
  ///   - mask: one value a step, 0 to skip it.
  ///   - initial: the first state, h and then c.
  public func forward(_ x: [Float], mask: [Float]?, initial: [Float]?) -> Trace {
    let empty = [[Float]](repeating: [], count: steps)
    var trace = Trace(gates: empty, before: empty, after: empty, candidate: empty, y: empty, final: [])
    var state = initial ?? [Float](repeating: 0, count: cell.states * units)
    for k in 0..<steps {
      let t = step(k)
      trace.before[t] = state
      if mask?[t] ?? 1 != 0 {
        advance(&state, x: Array(x[t * features..<(t + 1) * features]), hasProduct: k > 0 || initial != nil, t, &trace)
      }
      trace.after[t] = state
      trace.y[t] = Array(state[..<units])
    }
    trace.final = state
    return trace
  }

  private func advance(_ state: inout [Float], x: [Float], hasProduct: Bool, _ t: Int, _ trace: inout Trace) {
    let (h, n) = (Array(state[..<units]), units)
    let inner = (0..<width).map { j in
      let sum = addProduct(nil, features, { x[$0] }, { kernel[$0 * width + j] })
      return bias.map { sum + $0[j] } ?? sum
    }
    func outer(_ j: Int) -> Float { addProduct(nil, n, { h[$0] }, { recurrentKernel[$0 * width + j] }) }
    func sum(_ j: Int) -> Float { hasProduct ? inner[j] + outer(j) : inner[j] }
    switch cell {
    case .tanh, .relu:
      state = (0..<n).map { cell == .tanh ? naiveTanh(sum($0)) : naiveReLU(sum($0)) }
      trace.gates[t] = state
    case .lstm:
      let gates = (0..<width).map { $0 / n == 2 ? naiveTanh(sum($0)) : naiveSigmoid(sum($0)) }
      for j in 0..<n {
        let c = (gates[j] * gates[2 * n + j]).addingProduct(gates[n + j], state[n + j])
        state[n + j] = c
        state[j] = gates[3 * n + j] * naiveTanh(c)
      }
      trace.gates[t] = gates
    case .gru:
      let sums = (0..<width).map { j in
        guard hasProduct else { return bias?[width + j] ?? 0 }
        return bias.map { outer(j) + $0[width + j] } ?? outer(j)
      }
      var gates = (0..<2 * n).map { naiveSigmoid(inner[$0] + sums[$0]) }
      for j in 0..<n {
        let new = naiveTanh(inner[2 * n + j].addingProduct(gates[n + j], sums[2 * n + j]))
        gates.append(new)
        state[j] = new.addingProduct(gates[j], h[j] - new)
      }
      trace.gates[t] = gates
      trace.candidate[t] = Array(sums[(2 * n)...])
    }
  }

  /// The gradients of one example's sums with W and with U, by step, and of its first state.
  public struct Gradients {
    public var inner, outer: [[Float]]
    public var initial: [Float]
  }

  /// - Parameters:
  ///   - dy: the gradient of h after each step, or nil.
  ///   - dstate: the gradient of the last state.
  public func backward(_ trace: Trace, mask: [Float]?, dy: [[Float]]?, dstate: [Float]) -> Gradients {
    let n = units
    let none = [[Float]](repeating: [Float](repeating: 0, count: width), count: steps)
    var result = Gradients(inner: none, outer: none, initial: [])
    var d = dstate
    for k in (0..<steps).reversed() {
      let t = step(k)
      if let dy { for j in 0..<n { d[j] += dy[t][j] } }
      let isPadded = mask?[t] ?? 1 == 0
      if !isPadded {
        let (inner, outer) = gradients(&d, trace, t)
        (result.inner[t], result.outer[t]) = (inner, outer)
      }
      let passesBeside = cell == .gru || mask != nil
      let beside = isPadded || cell == .gru ? Array(d[..<n]) : [Float](repeating: 0, count: n)
      for j in 0..<n {
        d[j] = addProduct(
          passesBeside ? beside[j] : nil, width, { result.outer[t][$0] }, { recurrentKernel[j * width + $0] })
      }
    }
    result.initial = d
    return result
  }

  /// The gradients of the sums of step t; `d` becomes what passes to the state before beside the product.
  private func gradients(_ d: inout [Float], _ trace: Trace, _ t: Int) -> (inner: [Float], outer: [Float]) {
    let (n, gates) = (units, trace.gates[t])
    var (inner, outer) = ([Float](repeating: 0, count: width), [Float](repeating: 0, count: width))
    for j in 0..<n {
      let dh = d[j]
      switch cell {
      case .tanh: inner[j] = naiveTanhGradient(y: gates[j], dy: dh)
      case .relu: inner[j] = naiveReLUGradient(y: gates[j], dy: dh)
      case .lstm:
        let (i, f, g, o) = (gates[j], gates[n + j], gates[2 * n + j], gates[3 * n + j])
        let c = naiveTanh(trace.after[t][n + j])
        let dc = d[n + j].addingProduct(dh * o, Float(1).addingProduct(-c, c))
        inner[j] = naiveSigmoidGradient(y: i, dy: dc * g)
        inner[n + j] = naiveSigmoidGradient(y: f, dy: dc * trace.before[t][n + j])
        inner[2 * n + j] = naiveTanhGradient(y: g, dy: dc * i)
        inner[3 * n + j] = naiveSigmoidGradient(y: o, dy: dh * c)
        d[n + j] = dc * f
      case .gru:
        let (z, r, new) = (gates[j], gates[n + j], gates[2 * n + j])
        let kept = dh * z
        let dn = naiveTanhGradient(y: new, dy: dh - kept)
        inner[n + j] = naiveSigmoidGradient(y: r, dy: dn * trace.candidate[t][j])
        inner[j] = naiveSigmoidGradient(y: z, dy: dh * (trace.before[t][j] - new))
        inner[2 * n + j] = dn
        (outer[j], outer[n + j], outer[2 * n + j]) = (inner[j], inner[n + j], dn * r)
        d[j] = kept
      }
    }
    return (inner, cell == .gru ? outer : inner)
  }
}

/// All results of a layer over a batch, and its gradients.
public struct NaiveRecurrentResults {
  public var y, state, dx, kernel, recurrentKernel, bias, initial: [Float]

  public init(
    y: [Float] = [], state: [Float] = [], dx: [Float] = [], kernel: [Float] = [], recurrentKernel: [Float] = [],
    bias: [Float] = [], initial: [Float] = []
  ) {
    (self.y, self.state, self.dx, self.kernel) = (y, state, dx, kernel)
    (self.recurrentKernel, self.bias, self.initial) = (recurrentKernel, bias, initial)
  }
}

extension NaiveRecurrent {
  /// - Parameters:
  ///   - dy: the gradient of h after every step, [batch][steps][units]; zeros when nil.
  ///   - dstate: that of the last state; zeros when nil.
  public func layer(
    batch: Int, _ x: [Float], dy: [Float]? = nil, dstate: [Float]? = nil, mask: [Float]? = nil, initial: [Float]? = nil
  ) -> NaiveRecurrentResults {
    let (width, size, rows) = (cell.gates * units, cell.states * units, batch * steps)
    var r = NaiveRecurrentResults()
    var inner: [Float] = [], outer: [Float] = [], before: [Float] = []
    for b in 0..<batch {
      func part(_ x: [Float], _ size: Int) -> [Float] { Array(x[b * size..<(b + 1) * size]) }
      let mask = mask.map { part($0, steps) }
      let trace = forward(part(x, steps * features), mask: mask, initial: initial.map { part($0, size) })
      r.y += trace.y.flatMap { $0 }
      r.state += trace.final
      let dy = dy.map { part($0, steps * units) }
      let gradients = backward(
        trace, mask: mask, dy: dy.map { dy in (0..<steps).map { Array(dy[$0 * units..<($0 + 1) * units]) } },
        dstate: dstate.map { part($0, size) } ?? [Float](repeating: 0, count: size))
      inner += gradients.inner.flatMap { $0 }
      outer += gradients.outer.flatMap { $0 }
      before += trace.before.flatMap { $0.prefix(units) }
      r.initial += gradients.initial
    }
    func product(_ m: Int, _ n: Int, _ k: Int, _ a: [Float], transposeA: Bool, _ b: [Float], transposeB: Bool) -> [Float] {
      var c = [Float](repeating: 0, count: m * n)
      naiveGemm(
        m: m, n: n, k: k, a, lda: transposeA ? m : k, transposeA: transposeA, b, ldb: transposeB ? k : n,
        transposeB: transposeB, &c, ldc: n)
      return c
    }
    r.kernel = product(features, width, rows, x, transposeA: true, inner, transposeB: false)
    r.recurrentKernel = product(units, width, rows, before, transposeA: true, outer, transposeB: false)
    r.dx = product(rows, features, width, inner, transposeA: false, kernel, transposeB: true)
    // A single column lies in one piece, and is summed as such.
    func columnSums(_ x: [Float]) -> [Float] {
      width == 1 ? [naiveSum(x)] : (0..<width).map { j in naiveStridedSum((0..<rows).map { x[$0 * width + j] }) }
    }
    r.bias = columnSums(inner) + (cell == .gru ? columnSums(outer) : [])
    return r
  }
}

/// A recurrent layer in double precision, [batch][steps][features] to h after every step and the last states: the same formulas,
/// any order.
public func recurrent64(
  _ cell: NaiveCell, steps: Int, features: Int, units n: Int, isReversed: Bool = false, _ x: [Double], _ kernel: [Double],
  _ recurrentKernel: [Double], _ bias: [Double]?, mask: [Double]? = nil, initial: [Double]? = nil
) -> (y: [Double], state: [Double]) {
  let width = cell.gates * n, size = cell.states * n, batch = x.count / (steps * features)
  var y = [Double](repeating: 0, count: batch * steps * n), states: [Double] = []
  func sigmoid(_ x: Double) -> Double { naiveActivation64("sigmoid", x) }
  func tanh(_ x: Double) -> Double { naiveActivation64("tanh", x) }
  for b in 0..<batch {
    var state = initial.map { Array($0[b * size..<(b + 1) * size]) } ?? [Double](repeating: 0, count: size)
    for k in 0..<steps {
      let t = isReversed ? steps - 1 - k : k, row = b * steps + t
      if mask?[row] ?? 1 != 0 {
        let h = Array(state[..<n])
        func inner(_ j: Int) -> Double {
          (0..<features).reduce(bias?[j] ?? 0) { $0 + x[row * features + $1] * kernel[$1 * width + j] }
        }
        func outer(_ j: Int) -> Double { (0..<n).reduce(0) { $0 + h[$1] * recurrentKernel[$1 * width + j] } }
        for j in 0..<n {
          switch cell {
          case .tanh: state[j] = tanh(inner(j) + outer(j))
          case .relu: state[j] = max(0, inner(j) + outer(j))
          case .lstm:
            let gates = (0..<4).map { inner($0 * n + j) + outer($0 * n + j) }
            state[n + j] = sigmoid(gates[1]) * state[n + j] + sigmoid(gates[0]) * tanh(gates[2])
            state[j] = sigmoid(gates[3]) * tanh(state[n + j])
          case .gru:
            let own = (0..<3).map { outer($0 * n + j) + (bias?[width + $0 * n + j] ?? 0) }
            let z = sigmoid(inner(j) + own[0]), r = sigmoid(inner(n + j) + own[1])
            state[j] = z * h[j] + (1 - z) * tanh(inner(2 * n + j) + r * own[2])
          }
        }
      }
      for j in 0..<n { y[row * n + j] = state[j] }
    }
    states += state
  }
  return (y, states)
}
