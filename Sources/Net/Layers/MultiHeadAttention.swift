import Kernels

/// Attention of several heads (Vaswani et al. 2017): `[queries, n]` to `[queries, outputDim]`.
///
///     y = concat(head_1, ... head_h) outputKernel + outputBias
///     head_i = softmax(q_i k_i^T / sqrt(keyDim)) v_i        q = x queryKernel + queryBias, k and v likewise, cut into heads
///
/// Of one input it is self-attention: queries, keys and values come from the same sequence. A second input, `[keys, m]`, is what it
/// attends to; a third, `[keys]`, is a mask: keys where it is 0 are padding, which nobody sees.
///
/// ```swift
/// MultiHeadAttention(heads: 4, keyDim: 16, isCausal: true)          // in a Sequential: self-attention
/// try MultiHeadAttention(heads: 4, keyDim: 16)(x, memory)           // in Model { graph in ... }: cross-attention
/// ```
/// The scores of all heads are computed with scale, mask and softmax in one pass; in training they are kept: batch x heads x
/// queries x keys numbers.
///
/// Parameters: `queryKernel` `[n, heads * keyDim]`, `keyKernel` `[m, heads * keyDim]`, `valueKernel` `[m, heads * valueDim]`,
/// `outputKernel` `[heads * valueDim, outputDim]`, and a `...Bias` for each.
///
/// Equivalents: `nn.MultiheadAttention(n, heads)`, whose `in_proj_weight` holds the three kernels transposed, one below the other, and
/// Keras `MultiHeadAttention(heads, key_dim)`.
public struct MultiHeadAttention: Layer {
  public let heads: Int
  public let keyDim: Int
  public let valueDim: Int
  public let outputDim: Int?
  public let isCausal: Bool
  public let useBias: Bool
  public let kernelInitializer: any Initializer
  public let biasInitializer: any Initializer
  public let rules: LayerRules
  public let kind = "multiHeadAttention"

  /// - Parameters:
  ///   - heads: at least 1.
  ///   - keyDim: the size of a query and a key of each head; n / heads makes it PyTorch's.
  ///   - valueDim: the size of a value of each head; keyDim unless given.
  ///   - outputDim: the size of the output; n unless given.
  ///   - isCausal: whether query i sees keys 0...i only, so that no output knows what comes later.
  ///   - kernelRegularizer: what the four kernels add to the loss; likewise the biases, and y.
  ///   - kernelConstraint: what the four kernels have to obey after each step; likewise the biases.
  public init(
    heads: Int, keyDim: Int, valueDim: Int? = nil, outputDim: Int? = nil, isCausal: Bool = false, useBias: Bool = true,
    kernelInitializer: any Initializer = .glorotUniform, biasInitializer: any Initializer = .zeros,
    kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil,
    kernelConstraint: Constraint? = nil, biasConstraint: Constraint? = nil
  ) {
    self.heads = heads
    self.keyDim = keyDim
    self.valueDim = valueDim ?? keyDim
    self.outputDim = outputDim
    self.isCausal = isCausal
    self.useBias = useBias
    self.kernelInitializer = kernelInitializer
    self.biasInitializer = biasInitializer
    rules = LayerRules(
      kernelRegularizer: kernelRegularizer, biasRegularizer: biasRegularizer, activityRegularizer: activityRegularizer,
      kernelConstraint: kernelConstraint, biasConstraint: biasConstraint)
  }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    guard 1...3 ~= inputs.count else {
      throw NetError("got \(inputs.count) inputs; expected the queries, and if wanted what to attend to, and a mask of it")
    }
    for (name, size) in [("heads", heads), ("keyDim", keyDim), ("valueDim", valueDim), ("outputDim", outputDim ?? 1)]
    where !(1...1 << 20 ~= size) {
      throw NetError("\(name) \(size); expected 1 to 2^20")
    }
    let x = try sequence(inputs[0]), memory = inputs.count > 1 ? try sequence(inputs[1]) : x
    let (queries, keys) = (x.shape[0], memory.shape[0])
    if inputs.count == 3, inputs[2].shape != [keys] {
      throw NetError("a mask of shape \(inputs[2].shape) for \(keys) keys; expected [\(keys)]")
    }
    try Size.check([heads, queries, keys], "attention")
    let q = try project(x, "query", heads * keyDim, in: graph)
    let k = try project(memory, "key", heads * keyDim, in: graph)
    let v = try project(memory, "value", heads * valueDim, in: graph)
    let shape = AttentionShape(
      batch: 1, heads: heads, queries: queries, keys: keys, keySize: keyDim, valueSize: valueDim, isCausal: isCausal)
    let y = try graph.add(Attend(shape: shape, isMasked: inputs.count == 3), to: [q, k, v] + inputs.dropFirst(2))
    return try graph.penalize(project(y, "output", outputDim ?? x.shape[1], in: graph), rules.activityRegularizer)
  }

  private func sequence(_ x: Node) throws -> Node {
    guard x.shape.count == 2 else { throw NetError("input of shape \(x.shape); expected a sequence [steps, channels]") }
    return x
  }

  /// x W + b.
  private func project(_ x: Node, _ name: String, _ units: Int, in graph: GraphBuilder) throws -> Node {
    let (rows, fanIn) = (x.shape[0], x.shape[1])
    let kernel = graph.parameter(
      "\(name)Kernel", shape: [fanIn, units], initializer: kernelInitializer, fanIn: fanIn, fanOut: units,
      regularizer: rules.kernelRegularizer, constraint: rules.kernelConstraint)
    let y = try graph.add(Linear(fanIn: fanIn, units: units, rows: rows), to: [x], parameters: [kernel])
    guard useBias else { return y }
    let bias = graph.parameter(
      "\(name)Bias", shape: [units], initializer: biasInitializer, fanIn: fanIn, fanOut: units,
      regularizer: rules.biasRegularizer, constraint: rules.biasConstraint)
    return try graph.add(AddBias(rows: rows, columns: units), to: [y], parameters: [bias])
  }
}
