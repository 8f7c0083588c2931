import Kernels

/// y = f(conv(x, W) + b + residual), NHWC. Layers add it as a bare convolution; the plan fuses what follows into its last store: a
/// bias, a sum with another value, an activation, and outside training a batch normalisation, which becomes part of W and b.
struct Convolution: Op {
  /// One example.
  let shape: Conv2DShape
  var accuracy = ConvAccuracy.standard
  var hasBias = false
  /// The batch normalisation that `prepare` folds into the weights.
  var folded: BatchNormalization?
  var hasResidual = false
  var activation = Activation.linear

  var name: String {
    let kind = shape.groups == 1 ? "conv2d" : shape.groups == shape.channels ? "depthwise" : "groupConv2d"
    return kind + (hasBias ? "+bias" : "") + (folded == nil ? "" : "+batchNorm") + (hasResidual ? "+add" : "")
      + (activation == .linear ? "" : "+\(activation.kind)")
  }

  var multiplyAdds: Int {
    saturatingProduct(shape.outputCount, shape.kernelHeight, shape.kernelWidth, shape.channels / shape.groups)
  }

  var backwardReads: BackwardReads { activation == .linear ? .inputs : [.inputs, .output] }

  func outputShape(_ inputs: [[Int]]) throws -> [Int] {
    guard inputs[0] == [shape.height, shape.width, shape.channels] else {
      throw NetError("expected an image of shape [\(shape.height), \(shape.width), \(shape.channels)], got \(inputs[0])")
    }
    return [shape.outputHeight, shape.outputWidth, shape.filters]
  }

  func forward(_ c: OpContext) {
    var shape = shape
    shape.batch = c.batch
    var epilogue = Epilogue(
      bias: hasBias ? UnsafePointer(c.parameter(1)) : nil, residual: hasResidual ? c.input(1) : nil, ldr: shape.filters,
      activation: activation)
    guard let prepared = c.prepared else {
      precondition(folded == nil, "\(name): folded weights are made by prepare")
      return conv2d(shape, c.input(), weights: c.parameter(0), into: c.output, accuracy: accuracy, epilogue: epilogue)
    }
    let weights = unsafeDowncast(prepared, to: PreparedConvolution.self)
    if let bias = weights.bias { epilogue.bias = UnsafePointer(bias) }
    conv2d(shape, c.input(), filters: weights.filters, into: c.output, epilogue: epilogue)
  }

  /// dZ = dY f'(Y), written over dY; db = sums of dZ by filter; dW, dX the convolution's; d residual = dZ.
  func backward(_ c: OpContext) {
    var shape = shape
    shape.batch = c.batch
    let dz = c.outputGradient
    let rows = c.batch * shape.outputHeight * shape.outputWidth
    if activation != .linear {
      activationGradient(activation, x: nil, y: c.output, dy: dz, into: dz, count: rows * shape.filters)
    }
    if hasBias, let db = c.parameterGradient(1) {
      reduce(.sum, outer: 1, n: rows, inner: shape.filters, dz, into: db)
    }
    if let dw = c.parameterGradient(0) { conv2dBackwardWeights(shape, x: c.input(), dy: dz, into: dw, accuracy: accuracy) }
    if let dx = c.inputGradient() { conv2dBackwardData(shape, dz, weights: c.parameter(0), into: dx, accuracy: accuracy) }
    if hasResidual, let dr = c.inputGradient(1) { dr.update(from: dz, count: rows * shape.filters) }
  }

  func fused(with next: any Op, for purpose: Plan.Purpose) -> (any Op)? {
    guard activation == .linear else { return nil }
    var fused = self
    switch next {
    case let bias as AddBias where !hasBias && folded == nil && !hasResidual && bias.columns == shape.filters:
      fused.hasBias = true
    case let norm as BatchNormalization where purpose != .training && folded == nil && !hasResidual && norm.isPlain:
      fused.folded = norm
    case let sum as Sum where sum.inputs == 2 && !hasResidual:
      fused.hasResidual = true
    case let activate as Activate where purpose != .training || !activate.activation.gradientNeedsInput:
      fused.activation = activate.activation
    default:
      return nil
    }
    return fused
  }

  func prepare(parameters: [UnsafePointer<Float>]) -> AnyObject? {
    PreparedConvolution(self, parameters: parameters)
  }
}

/// The weights of a convolution packed, with the batch normalisation after it folded in:
///
///     conv(x, W) + b, normalised = conv(x, W s) + ((b - mean) s + beta)        s = gamma / sqrt(variance + epsilon)
private final class PreparedConvolution {
  let filters: PackedFilters
  /// One value a filter, where folding makes a bias.
  let bias: UnsafeMutablePointer<Float>?

  init(_ op: Convolution, parameters: [UnsafePointer<Float>]) {
    let (shape, weights) = (op.shape, parameters[0])
    guard let norm = op.folded else {
      filters = PackedFilters(shape, weights, accuracy: op.accuracy)
      bias = nil
      return
    }
    let count = shape.filters
    let scales = UnsafeMutablePointer<Float>.allocateZeros(count)
    let shifts = UnsafeMutablePointer<Float>.allocateZeros(count)
    let scaled = UnsafeMutablePointer<Float>.allocateZeros(shape.weightCount)
    defer {
      scales.deallocate()
      scaled.deallocate()
    }
    let first = op.hasBias ? 2 : 1
    let (gamma, beta) = (parameters[first], parameters[first + 1])
    let (mean, variance) = (parameters[first + 2], parameters[first + 3])
    for f in 0..<count {
      scales[f] = gamma[f] / (variance[f] + norm.epsilon).squareRoot()
      shifts[f] = beta[f].addingProduct((op.hasBias ? parameters[1][f] : 0) - mean[f], scales[f])
    }
    multiplyRow(
      rows: shape.weightCount / count, columns: count, weights, ldx: count, row: scales, into: scaled, ldy: count)
    filters = PackedFilters(shape, scaled, accuracy: op.accuracy)
    bias = shifts
  }

  deinit { bias?.deallocate() }
}
