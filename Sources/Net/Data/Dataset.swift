/// Examples with their targets: the first dimension of `inputs` counts the examples.
public struct Dataset: Sendable {
  /// What the network should answer.
  public enum Targets: Sendable {
    /// One class index in `0..<count` an example.
    case classes([Int32], count: Int)
    /// One row of values an example (regression, one-hot or several binary targets): `[examples, ...]`.
    case values(Tensor)
  }

  public let inputs: Tensor
  public let targets: Targets

  /// The number of examples.
  public var count: Int { inputs.shape[0] }

  /// Pairs inputs with targets, and refuses what does not fit: no example dimension, different counts, labels outside
  /// the classes.
  public init(inputs: Tensor, targets: Targets) throws(NetError) {
    guard let examples = inputs.shape.first else {
      throw NetError("dataset: inputs of shape [] have no dimension that counts examples")
    }
    switch targets {
    case .classes(let labels, let classes):
      guard labels.count == examples else {
        throw NetError("dataset: \(examples) inputs but \(labels.count) labels")
      }
      if let at = labels.firstIndex(where: { $0 < 0 || $0 >= classes }) {
        throw NetError("dataset: label \(labels[at]) of example \(at) is outside the classes 0..<\(classes)")
      }
    case .values(let values):
      guard values.shape.first == examples else {
        throw NetError("dataset: \(examples) inputs but targets of shape \(values.shape)")
      }
    }
    self.inputs = inputs
    self.targets = targets
  }
}
