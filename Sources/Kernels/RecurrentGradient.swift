import CKernels

/// The gradients of ``recurrent(_:_:weights:mask:initialState:into:state:saved:)``, backwards through time.
///
/// Each step is one pass for the gates and two products, with U^T and W^T, both packed once; of few examples, the gradient of x
/// is one product over all steps. Those of W and U are one product each, rows in the order (example, step).
///
/// - Parameters:
///   - saved: what the forward pass of the same arguments left. It is used up.
///   - dy: the gradient of the output.
///   - dx, kernelGradient, recurrentKernelGradient, biasGradient, initialStateGradient: where the gradients go, of the shapes of
///     x, W, U, the bias and the state; nil for those nobody wants.
/// - Precondition: sizes are not negative, the weights are not packed, and no result overlaps another array.
public func recurrentGradient(
  _ s: RecurrentShape, _ x: UnsafePointer<Float>, weights: RecurrentWeights, mask: UnsafePointer<Float>? = nil,
  saved: UnsafeMutablePointer<Float>, dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>?,
  kernelGradient: UnsafeMutablePointer<Float>?, recurrentKernelGradient: UnsafeMutablePointer<Float>?,
  biasGradient: UnsafeMutablePointer<Float>?, initialStateGradient: UnsafeMutablePointer<Float>? = nil
) {
  s.check("recurrentGradient")
  if let dx {
    checkApart(x, s.inputCount, dx, s.inputCount, "recurrentGradient: x and dx overlap")
    checkApart(dy, s.outputCount, dx, s.inputCount, "recurrentGradient: dy and dx overlap")
  }
  let table = kernels
  let transposed = weights.transposed(s)
  let trace = RecurrentTrace(saved, s)
  let sizes = (outer: s.cell == .gru ? s.rows * s.width : 0, state: s.batch * s.units, sums: s.batch * s.width)
  withScratch(sizes.outer + 2 * sizes.state + sizes.sums) { memory in
    var carver = Carver(memory)
    // GRU has other gradients for the sums with U than for those with W.
    let outerSums = carver.take(sizes.outer)
    let dnow = lw_state(h: carver.take(sizes.state), c: carver.take(sizes.state), ld: s.units)
    let dsums = carver.take(sizes.sums)
    let isStepwise = s.units > 0 && dx != nil && RecurrentCut.isStepwise(s)
    if s.batch > 0, s.units > 0 {
      func run(_ kernel: Panels?) {
        withPanels(of: transposed.recurrent, k: s.width, n: s.units, on: table) { panels in
          RecurrentBackward(
            s: s, table: table, kernel: kernel, recurrentKernel: panels, mask: mask, trace: trace, dy: dy,
            outer: s.cell == .gru ? outerSums : nil, dsums: dsums, dnow: dnow, wantsInitial: initialStateGradient != nil, dx: dx
          ).run()
        }
      }
      if isStepwise {
        withPanels(of: transposed.kernel, k: s.width, n: s.features, on: table, run)
      } else {
        run(nil)
      }
      if let initialStateGradient { s.joinState(dnow, into: initialStateGradient) }
    }
    func product(_ m: Int, _ k: Int, _ a: Operand, _ b: Product.B, into c: UnsafeMutablePointer<Float>?, columns n: Int) {
      guard let c else { return }
      Product(m: m, n: n, k: k, alpha: 1, a: .matrix(a), b: b, beta: 0, c: c, ldc: n, epilogue: .none).run(on: table)
    }
    func weightGradients(inner: Product.B, outer: Product.B) {
      product(s.features, s.rows, Operand(x, ld: s.features, isTransposed: true), inner, into: kernelGradient, columns: s.width)
      product(
        s.units, s.rows, Operand(trace.states, ld: s.units, isTransposed: true), outer, into: recurrentKernelGradient,
        columns: s.width)
    }
    let inner = Operand(trace.gates, ld: s.width, isTransposed: false)
    if s.cell == .gru {
      weightGradients(inner: .matrix(inner), outer: .matrix(Operand(outerSums, ld: s.width, isTransposed: false)))
    } else if kernelGradient != nil || recurrentKernelGradient != nil {
      withPanels(of: inner, k: s.rows, n: s.width, on: table) { weightGradients(inner: .packed($0), outer: .packed($0)) }
    }
    if !isStepwise { product(s.rows, s.width, inner, .matrix(transposed.kernel), into: dx, columns: s.features) }
    if let biasGradient {
      reduce(.sum, outer: 1, n: s.rows, inner: s.width, trace.gates, into: biasGradient)
      if s.cell == .gru { reduce(.sum, outer: 1, n: s.rows, inner: s.width, outerSums, into: biasGradient + s.width) }
    }
  }
}

/// The steps of a backward pass.
private struct RecurrentBackward: @unchecked Sendable {
  let s: RecurrentShape
  let table: UnsafePointer<lw_table>
  /// W^T; nil when the gradient of x is not made here.
  let kernel: Panels?
  /// U^T.
  let recurrentKernel: Panels
  let mask: UnsafePointer<Float>?
  let trace: RecurrentTrace
  let dy: UnsafePointer<Float>
  /// GRU: where the gradients of the sums with U go.
  let outer: UnsafeMutablePointer<Float>?
  /// Those of the present step, without gaps.
  let dsums: UnsafeMutablePointer<Float>
  /// The gradient of the state.
  let dnow: lw_state
  let wantsInitial: Bool
  let dx: UnsafeMutablePointer<Float>?

  func run() {
    RecurrentCut.run(s, on: table) { rows in
      begin(rows)
      for k in (0..<s.steps).reversed() {
        step(k, rows)
        if k > 0 || wantsInitial { multiply(rows) }
        if let kernel { multiplyInner(k, rows, by: kernel) }
      }
    }
  }

  /// The gradient of the last state.
  private func begin(_ rows: Range<Int>) {
    s.splitState(s.output == .state ? dy : nil, rows, into: dnow)
    guard s.output == .last else { return }
    let first = rows.lowerBound * s.units
    (dnow.h! + first).update(from: dy + first, count: rows.count * s.units)
  }

  private func step(_ k: Int, _ rows: Range<Int>) {
    let (first, ld) = (rows.lowerBound, s.steps * s.units)
    let row = first * s.steps + s.step(k)
    var step = lw_recurrent_gradient(
      rows: rows.count, units: s.units, gates: trace.gates + row * s.width, ldg: s.steps * s.width, h_before: nil,
      c_before: nil, ldb: ld, c_after: nil, lda: 0, candidate: nil, ldk: ld, mask: mask.map { $0 + row }, ldm: s.steps,
      dy: s.output == .sequences ? dy + row * s.units : nil, ldy: ld, dh: dnow.h! + first * s.units, dc: nil, ldd: s.units,
      outer: outer.map { $0 + row * s.width }, ldo: s.steps * s.width, dsums: dsums + first * s.width, lds: s.width)
    switch s.cell {
    case .tanh: table.pointee.simple_gradient(&step, LW_TANH)
    case .relu: table.pointee.simple_gradient(&step, LW_RELU)
    case .lstm:
      let cells = trace.extra!
      step.c_before = UnsafePointer(cells + row * s.units)
      if k + 1 < s.steps {
        step.c_after = UnsafePointer(cells + (first * s.steps + s.step(k + 1)) * s.units)
        step.lda = ld
      } else {
        step.c_after = UnsafePointer(trace.final + first * s.stateSize + s.units)
        step.lda = s.stateSize
      }
      step.dc = dnow.c! + first * s.units
      table.pointee.lstm_gradient(&step)
    case .gru:
      step.h_before = UnsafePointer(trace.states + row * s.units)
      step.candidate = UnsafePointer(trace.extra! + row * s.units)
      table.pointee.gru_gradient(&step)
    }
  }

  /// The gradient of the state before the step: what passes through the product with U, added to what passes beside it.
  private func multiply(_ rows: Range<Int>) {
    let first = rows.lowerBound
    let passesBeside = s.cell == .gru || mask != nil
    Product(
      m: rows.count, n: s.units, k: s.width, alpha: 1,
      a: .matrix(Operand(dsums + first * s.width, ld: s.width, isTransposed: false)), b: .packed(recurrentKernel),
      beta: passesBeside ? 1 : 0, c: dnow.h! + first * s.units, ldc: s.units, epilogue: .none
    ).run(on: table)
  }

  /// The gradient of the step's x.
  private func multiplyInner(_ k: Int, _ rows: Range<Int>, by kernel: Panels) {
    let row = rows.lowerBound * s.steps + s.step(k)
    let inner =
      s.cell == .gru
      ? Operand(trace.gates + row * s.width, ld: s.steps * s.width, isTransposed: false)
      : Operand(dsums + rows.lowerBound * s.width, ld: s.width, isTransposed: false)
    Product(
      m: rows.count, n: s.features, k: s.width, alpha: 1, a: .matrix(inner), b: .packed(kernel), beta: 0,
      c: dx! + row * s.features, ldc: s.steps * s.features, epilogue: .none
    ).run(on: table)
  }
}
