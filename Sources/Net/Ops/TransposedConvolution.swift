import Kernels

/// y = f(W^T x + b), where W is the convolution of `shape` as a matrix: x is like its output, y like its input.
struct TransposedConvolution: Op {
  /// The convolution this one is the transpose of: one example.
  let shape: Conv2DShape
  var hasBias = false
  var activation = Activation.linear

  var name: String {
    "conv2dTranspose" + (hasBias ? "+bias" : "") + (activation == .linear ? "" : "+\(activation.kind)")
  }

  var multiplyAdds: Int { saturatingProduct(shape.outputCount, shape.kernelHeight, shape.kernelWidth, shape.channels) }

  var backwardReads: BackwardReads { activation == .linear ? .inputs : [.inputs, .output] }

  func outputShape(_ inputs: [[Int]]) throws -> [Int] {
    guard inputs[0] == [shape.outputHeight, shape.outputWidth, shape.filters] else {
      throw NetError(
        "expected an image of shape [\(shape.outputHeight), \(shape.outputWidth), \(shape.filters)], got \(inputs[0])")
    }
    return [shape.height, shape.width, shape.channels]
  }

  func forward(_ c: OpContext) {
    var shape = shape
    shape.batch = c.batch
    let epilogue = Epilogue(bias: hasBias ? UnsafePointer(c.parameter(1)) : nil, activation: activation)
    conv2dTranspose(shape, c.input(), weights: c.parameter(0), into: c.output, epilogue: epilogue)
  }

  /// dZ = dY f'(Y), written over dY; db = sums of dZ by channel; dW with the parts of x and dy exchanged; dX = conv(dZ, W).
  func backward(_ c: OpContext) {
    var shape = shape
    shape.batch = c.batch
    let dz = c.outputGradient
    if activation != .linear {
      activationGradient(activation, x: nil, y: c.output, dy: dz, into: dz, count: shape.inputCount)
    }
    if hasBias, let db = c.parameterGradient(1) {
      reduce(.sum, outer: 1, n: c.batch * shape.height * shape.width, inner: shape.channels, dz, into: db)
    }
    if let dw = c.parameterGradient(0) { conv2dBackwardWeights(shape, x: dz, dy: c.input(), into: dw) }
    if let dx = c.inputGradient() { conv2d(shape, dz, weights: c.parameter(0), into: dx) }
  }

  func fused(with next: any Op, for purpose: Plan.Purpose) -> (any Op)? {
    guard activation == .linear else { return nil }
    var fused = self
    switch next {
    case let bias as AddBias where !hasBias && bias.columns == shape.channels:
      fused.hasBias = true
    case let activate as Activate where purpose != .training || !activate.activation.gradientNeedsInput:
      fused.activation = activate.activation
    default:
      return nil
    }
    return fused
  }
}
