/// Examples with their targets: the first dimension of `inputs` counts the examples.
public struct Dataset: Sendable {
  /// What the network should answer.
  public enum Targets: Sendable {
    /// One class index in `0..<count` an example; or as many as its output has rows, as one for each step of a sequence: example
    /// after example.
    case classes([Int32], count: Int)
    /// One row of values an example (regression, one-hot or several binary targets): `[examples, ...]`.
    case values(Tensor)
  }

  public let inputs: Tensor
  public let targets: Targets
  /// How much each example counts in the loss, nil for 1 each.
  public let sampleWeights: [Float]?
  /// What another network answered: logits of the network's output shape, for the loss `Distillation`.
  public let teacher: Tensor?

  /// The number of examples.
  public var count: Int { inputs.shape[0] }

  /// Pairs inputs with targets, and refuses what does not fit: no example dimension, different counts, labels outside
  /// the classes, weights that are negative or not finite.
  ///
  /// - Parameter sampleWeights: how much each example counts: losses and gradients of an example are multiplied by it, and their
  ///   mean is still over the number of examples, as in Keras.
  public init(inputs: Tensor, targets: Targets, sampleWeights: [Float]? = nil, teacher: Tensor? = nil) throws(NetError) {
    guard let examples = inputs.shape.first else {
      throw NetError("dataset: inputs of shape [] have no dimension that counts examples")
    }
    switch targets {
    case .classes(let labels, let classes):
      guard examples == 0 ? labels.isEmpty : labels.count >= examples && labels.count % examples == 0 else {
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
    if let sampleWeights {
      guard sampleWeights.count == examples else {
        throw NetError("dataset: \(examples) inputs but \(sampleWeights.count) sample weights")
      }
      if let at = sampleWeights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
        throw NetError("dataset: sample weight \(at) is \(plain(sampleWeights[at])); expected a finite number of at least 0")
      }
    }
    if let teacher, teacher.shape.first != examples {
      throw NetError("dataset: \(examples) inputs but a teacher's answers of shape \(teacher.shape)")
    }
    self.inputs = inputs
    self.targets = targets
    self.sampleWeights = sampleWeights
    self.teacher = teacher
  }
}

extension Dataset {
  /// These examples with the answers of `model`, which should be logits: what `Distillation` trains a smaller network on.
  public func taught(by model: Model) throws -> Dataset {
    try Dataset(inputs: inputs, targets: targets, sampleWeights: sampleWeights, teacher: model.predict(inputs))
  }
}

extension Dataset: CustomStringConvertible {
  /// `4000 examples of shape [28, 28, 1], 10 classes`.
  public var description: String {
    let answers =
      switch targets {
      case .classes(_, let classes): "\(classes) classes"
      case .values(let values): "targets of shape \(Array(values.shape.dropFirst()))"
      }
    return "\(count) examples of shape \(Array(inputs.shape.dropFirst())), \(answers)"
  }
}
