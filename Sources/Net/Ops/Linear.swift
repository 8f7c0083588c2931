import Kernels

/// y = f(x W + b): `[rows, fanIn]` by `[fanIn, units]`. Layers add it as a bare product; the plan fuses bias and activation
/// into the product's last store.
struct Linear: Op {
  let fanIn: Int
  let units: Int
  /// Rows of one example: the product of all its dimensions but the last.
  let rows: Int
  var hasBias = false
  var activation = Activation.linear

  var name: String {
    "linear" + (hasBias ? "+bias" : "") + (activation == .linear ? "" : "+\(activation.kind)")
  }

  var multiplyAdds: Int { rows * fanIn * units }

  var backwardReads: BackwardReads { activation == .linear ? .inputs : [.inputs, .output] }

  func outputShape(_ inputs: [[Int]]) throws -> [Int] {
    guard let last = inputs[0].last, last == fanIn else {
      throw NetError("expected an input whose last dimension is \(fanIn), got shape \(inputs[0])")
    }
    return inputs[0].dropLast() + [units]
  }

  func forward(_ c: OpContext) {
    let m = c.batch * rows
    let epilogue = Epilogue(bias: hasBias ? UnsafePointer(c.parameter(1)) : nil, activation: activation)
    if let packed = c.prepared {
      gemm(
        m: m, c.input(), lda: fanIn, unsafeDowncast(packed, to: PackedMatrix.self), c.output, ldc: units,
        epilogue: epilogue)
    } else {
      gemm(
        m: m, n: units, k: fanIn, c.input(), lda: fanIn, c.parameter(0), ldb: units, c.output, ldc: units,
        epilogue: epilogue)
    }
  }

  /// dZ = dY f'(Y), written over dY; db = column sums of dZ; dW = X^T dZ; dX = dZ W^T.
  func backward(_ c: OpContext) {
    let m = c.batch * rows
    let dz = c.outputGradient
    if activation != .linear {
      activationGradient(activation, x: nil, y: c.output, dy: dz, into: dz, count: m * units)
    }
    if hasBias, let db = c.parameterGradient(1) {
      reduce(.sum, outer: 1, n: m, inner: units, dz, into: db)
    }
    if let dw = c.parameterGradient(0) {
      gemm(m: fanIn, n: units, k: m, c.input(), lda: fanIn, transposeA: true, dz, ldb: units, dw, ldc: units)
    }
    if let dx = c.inputGradient() {
      gemm(m: m, n: fanIn, k: units, dz, lda: units, c.parameter(0), ldb: units, transposeB: true, dx, ldc: fanIn)
    }
  }

  func fused(with next: any Op, for purpose: Plan.Purpose) -> (any Op)? {
    guard activation == .linear else { return nil }
    var fused = self
    switch next {
    case let bias as AddBias where !hasBias && bias.columns == units:
      fused.hasBias = true
    case let activate as Activate where purpose != .training || !activate.activation.gradientNeedsInput:
      fused.activation = activate.activation
    default:
      return nil
    }
    return fused
  }

  func prepare(parameters: [UnsafePointer<Float>]) -> AnyObject? {
    PackedMatrix(k: fanIn, n: units, parameters[0], ldb: units)
  }
}
