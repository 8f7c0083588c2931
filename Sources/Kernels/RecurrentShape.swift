/// What a recurrent layer does at each step with its input x and its state h. Kernels W, U and bias b have the gates side by
/// side, in the order of the names.
public enum RecurrentCell: Hashable, Sendable, CaseIterable {
  /// h = tanh(x W + b + h U) (Elman 1990).
  case tanh
  /// h = max(0, x W + b + h U).
  case relu
  /// Long short-term memory (Hochreiter, Schmidhuber 1997; forget gate: Gers et al. 2000), with a second state c:
  ///
  ///     i, f, o = sigmoid, g = tanh of x W + b + h U        c = f c + i g        h = o tanh(c)
  ///
  /// Gates in the order i, f, g, o, which is that of PyTorch and Keras. One bias: the sum of PyTorch's two.
  case lstm
  /// The gated recurrent unit (Cho et al. 2014) in the form whose reset gate comes after the product, as in PyTorch and Keras:
  ///
  ///     z, r = sigmoid(x W + b0 + h U + b1)        n = tanh(x W + b0 + r (h U + b1))        h = z h + (1 - z) n
  ///
  /// Gates in the order z, r, n, Keras's; PyTorch has r, z, n. Two biases, b0 and b1.
  case gru

  public static let allCases: [RecurrentCell] = [.tanh, .relu, .lstm, .gru]

  /// The gates side by side in the kernels.
  public var gates: Int {
    switch self {
    case .tanh, .relu: 1
    case .lstm: 4
    case .gru: 3
    }
  }

  /// The arrays a state consists of: h, and c of LSTM.
  public var states: Int { self == .lstm ? 2 : 1 }
  /// The rows of the bias.
  public var biases: Int { self == .gru ? 2 : 1 }
}

/// What a recurrent layer answers with.
public enum RecurrentOutput: Hashable, Sendable, CaseIterable {
  /// h after every step: `[batch, steps, units]`.
  case sequences
  /// h after the last step: `[batch, units]`.
  case last
  /// The state after the last step, `[batch, stateSize]`: h, followed by c in LSTM.
  case state
}

/// The sizes of a recurrent layer.
///
/// | array | shape |
/// |---|---|
/// | x | `[batch, steps, features]` |
/// | kernel W | `[features, gates units]` |
/// | recurrent kernel U | `[units, gates units]` |
/// | bias | `[gates units]`, of GRU `[2, gates units]` |
/// | state | `[batch, stateSize]`: h, then c of LSTM |
/// | mask | `[batch, steps]` |
public struct RecurrentShape: Hashable, Sendable {
  public var cell: RecurrentCell
  public var batch, steps, features, units: Int
  public var output: RecurrentOutput
  /// From the last step to the first: the "last" state is that of step 0. Sequences stay in the order of the input.
  public var isReversed: Bool

  public init(
    _ cell: RecurrentCell, batch: Int, steps: Int, features: Int, units: Int, output: RecurrentOutput = .sequences,
    isReversed: Bool = false
  ) {
    self.cell = cell
    (self.batch, self.steps, self.features, self.units) = (batch, steps, features, units)
    self.output = output
    self.isReversed = isReversed
  }

  /// The columns of both kernels.
  public var width: Int { cell.gates * units }
  /// The values of one example's state.
  public var stateSize: Int { cell.states * units }
  public var kernelCount: Int { features * width }
  public var recurrentKernelCount: Int { units * width }
  public var biasCount: Int { cell.biases * width }
  public var stateCount: Int { batch * stateSize }
  public var inputCount: Int { batch * steps * features }
  public var outputCount: Int {
    switch output {
    case .sequences: batch * steps * units
    case .last: batch * units
    case .state: stateCount
    }
  }
  /// What a forward pass keeps for the backward one: the gates, the states before each step (of GRU also what the reset gate
  /// multiplies), and the last state.
  public var savedCount: Int { batch * steps * (width + savedStates * units) + stateCount }
  /// Multiplications by elements of the kernels.
  public var multiplyAdds: Int { batch * steps * (features + units) * width }

  private var savedStates: Int { cell == .lstm || cell == .gru ? 2 : 1 }
  var rows: Int { batch * steps }

  /// The step that is the k-th to be computed.
  func step(_ k: Int) -> Int { isReversed ? steps - 1 - k : k }

  func check(_ function: StaticString) {
    precondition(
      batch >= 0 && steps >= 0 && features >= 0 && units >= 0,
      "\(function): batch \(batch), \(steps) steps, \(features) features, \(units) units; expected none negative")
  }
}

/// The parts of what a forward pass keeps.
struct RecurrentTrace {
  /// `[batch, steps, width]`
  let gates: UnsafeMutablePointer<Float>
  /// h before each step, `[batch, steps, units]`.
  let states: UnsafeMutablePointer<Float>
  /// LSTM: c before each step. GRU: the last gate's h U + b1.
  let extra: UnsafeMutablePointer<Float>?
  /// `[batch, stateSize]`
  let final: UnsafeMutablePointer<Float>

  init(_ memory: UnsafeMutablePointer<Float>, _ s: RecurrentShape) {
    var carver = Carver(memory)
    gates = carver.take(s.rows * s.width)
    states = carver.take(s.rows * s.units)
    extra = s.cell == .lstm || s.cell == .gru ? carver.take(s.rows * s.units) : nil
    final = carver.take(s.stateCount)
  }
}
