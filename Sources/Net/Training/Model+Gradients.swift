/// A loss and its gradients.
public struct Gradients: Sendable {
  public let loss: Float
  /// By the inputs: `[examples, ...]`.
  public let inputs: Tensor
  /// By each trainable parameter, in the order of `Model.parameters`.
  public let parameters: [(name: String, gradient: Tensor)]
}

extension Model {
  /// The loss of a training pass over `data` and its gradients, without a step: to check a layer of your own against
  /// differences, or to see how fast each layer learns.
  ///
  /// - Throws: `NetError` when the model is not compiled, the data do not fit or are not finite.
  public func gradients(_ data: Dataset) throws -> Gradients { try gradients(data, fuses: true) }

  /// - Parameter fuses: false runs every op on its own: the same bits.
  package func gradients(_ data: Dataset, fuses: Bool) throws -> Gradients {
    try changing("gradients") {
      let training = try compiled("gradients")
      let checked = try CheckedData(data, for: self, training, "gradients")
      try checkTraining("gradients", batch: checked.count)
      return try checked.withExamples { try gradients($0, batch: checked.count, loss: training.loss, fuses: fuses) }
    }
  }

  /// The gradients of a training pass with any loss, of examples that were checked.
  func gradients(_ examples: Examples, batch: Int, loss: any Loss, fuses: Bool) throws -> Gradients {
    let plan = try Plan(checked: graph, for: .training, capacity: batch, loss: loss, fuses: fuses, wantsInputGradient: true)
    let execution = Execution(plan, parameters: store)
    let loss = execution.run(examples, batch: batch, examplesSeen: examplesSeen).value
    let parameters = store.specs.indices.compactMap { i in
      store.gradient(i).map { (name: store.specs[i].name, gradient: Tensor(copying: $0, shape: store.specs[i].shape)) }
    }
    let inputs = execution.inputGradient.map { Tensor(copying: $0, shape: [batch] + inputShape) }
    return Gradients(loss: loss, inputs: inputs ?? Tensor(zeros: [batch] + inputShape), parameters: parameters)
  }

  /// Outputs by a plan whose ops are fused and weights prepared, or neither.
  package func outputs(_ inputs: Tensor, fuses: Bool) throws -> Tensor {
    try checkInput(inputs, "outputs")
    let plan = try Plan(checked: graph, for: .inference, capacity: max(1, inputs.shape[0]), fuses: fuses)
    let execution = Execution(plan, parameters: store)
    let prepared = fuses ? PreparedWeights(plan, parameters: store) : nil
    if let prepared { execution.use(prepared) }
    return inputs.withUnsafeBufferPointer { x in
      execution.run(x.baseAddress!, batch: inputs.shape[0])
      return Tensor(copying: execution.output, shape: [inputs.shape[0]] + outputShape)
    }
  }
}

extension Tensor {
  /// A tensor of the values from `start` on.
  init(copying start: UnsafePointer<Float>, shape: [Int]) {
    self.init(zeros: shape)
    withUnsafeMutableBufferPointer { $0.baseAddress?.update(from: start, count: $0.count) }
  }
}
