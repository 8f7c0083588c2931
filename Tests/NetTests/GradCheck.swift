import Kernels
import Net
import Reference

/// Compares a model's gradients, by its inputs and by every trainable parameter, with central differences of `loss` in
/// float64.
///
/// - Parameter loss: the model's loss in naive float64 loops, from the inputs and the parameters in order.
/// - Returns: nil when all agree, or what differs the most, and where.
func gradCheck(_ model: Model, _ data: Dataset, loss: ([Double], [[Double]]) -> Double) throws -> String? {
  let gradients = try model.gradients(data)
  let x = data.inputs.values.map(Double.init)
  let parameters = try model.parameters.map { try model.parameter($0.name).values.map(Double.init) }

  let expectedLoss = loss(x, parameters)
  guard abs(Double(gradients.loss) - expectedLoss) <= 1e-5 * max(1, abs(expectedLoss)) else {
    return "loss \(gradients.loss), expected \(expectedLoss)"
  }
  if let found = mismatch(gradients.inputs.values, naiveGradient64(x) { loss($0, parameters) }) {
    return "inputs\(found)"
  }
  for parameter in gradients.parameters {
    let i = model.parameters.firstIndex { $0.name == parameter.name }!
    let expected = naiveGradient64(parameters[i]) { values in
      var changed = parameters
      changed[i] = values
      return loss(x, changed)
    }
    if let found = mismatch(parameter.gradient.values, expected) { return "\(parameter.name)\(found)" }
  }
  return nil
}

/// Float32 gradients of small networks: a few roundings of numbers of order one.
private func mismatch(_ actual: [Float], _ expected: [Double]) -> String? {
  boundMismatch(actual, expected, bound: expected.map { 2e-6 + 2e-5 * abs($0) })
}

/// Activations of x by their kind.
func activation64(_ f: Activation, _ x: [Double]) -> [Double] {
  x.map { naiveActivation64(f.kind.rawValue, alpha: Double(f.alpha), $0) }
}

/// A tensor of seeded values in -1...1.
func randomTensor(_ shape: [Int], seed: UInt64) -> Tensor {
  try! Tensor(shape: shape, randomValues(shape.reduce(1, *), seed: seed))
}
