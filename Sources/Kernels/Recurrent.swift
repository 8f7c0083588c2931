import CKernels

/// The weights of a recurrent layer: as they are, or packed once for many passes.
public struct RecurrentWeights {
  /// W and U as they lie in memory; nil when they are packed.
  fileprivate let plain: (kernel: UnsafePointer<Float>, recurrent: UnsafePointer<Float>)?
  fileprivate let packed: (kernel: PackedMatrix, recurrent: PackedMatrix)?
  let bias: UnsafePointer<Float>?

  /// Weights in the shapes of ``RecurrentShape``. Without a bias it counts as zeros.
  public init(
    @_nonEphemeral kernel: UnsafePointer<Float>, @_nonEphemeral recurrentKernel: UnsafePointer<Float>,
    @_nonEphemeral bias: UnsafePointer<Float>?
  ) {
    plain = (kernel, recurrentKernel)
    packed = nil
    self.bias = bias
  }

  /// The same with both kernels packed.
  public init(kernel: PackedMatrix, recurrentKernel: PackedMatrix, @_nonEphemeral bias: UnsafePointer<Float>?) {
    plain = nil
    packed = (kernel, recurrentKernel)
    self.bias = bias
  }

  func check(_ s: RecurrentShape, _ function: StaticString) {
    guard let (kernel, recurrent) = packed else { return }
    precondition(
      (kernel.k, kernel.n, recurrent.k, recurrent.n) == (s.features, s.width, s.units, s.width),
      "\(function): packed kernels of \(kernel.k) x \(kernel.n) and \(recurrent.k) x \(recurrent.n); expected "
        + "\(s.features) x \(s.width) and \(s.units) x \(s.width)")
  }

  /// W, for one product.
  fileprivate func kernel(_ s: RecurrentShape) -> Product.B {
    packed.map { .packed($0.kernel.panels) } ?? .matrix(Operand(plain!.kernel, ld: s.width, isTransposed: false))
  }

  /// Calls `body` with W packed, for many.
  fileprivate func withKernelPanels(_ s: RecurrentShape, on table: UnsafePointer<lw_table>, _ body: (Panels) -> Void) {
    if let packed { return body(packed.kernel.panels) }
    withPanels(of: Operand(plain!.kernel, ld: s.width, isTransposed: false), k: s.features, n: s.width, on: table, body)
  }

  /// W^T and U^T, for the backward pass.
  func transposed(_ s: RecurrentShape) -> (kernel: Operand, recurrent: Operand) {
    guard let plain else { preconditionFailure("recurrentGradient: packed weights; expected plain ones") }
    return (Operand(plain.kernel, ld: s.width, isTransposed: true), Operand(plain.recurrent, ld: s.width, isTransposed: true))
  }

  /// Calls `body` with U packed.
  fileprivate func withRecurrentPanels(_ s: RecurrentShape, on table: UnsafePointer<lw_table>, _ body: (Panels) -> Void) {
    if let packed { return body(packed.recurrent.panels) }
    withPanels(of: Operand(plain!.recurrent, ld: s.width, isTransposed: false), k: s.units, n: s.width, on: table, body)
  }
}

/// Calls `body` with `b`, k x n, packed in working memory.
func withPanels(of b: Operand, k: Int, n: Int, on table: UnsafePointer<lw_table>, _ body: (Panels) -> Void) {
  withScratch(Panels.count(k: k, n: n)) { memory in
    let panels = Panels(memory, k: k, n: n, width: tileWidth(n: n, table.pointee.gemm_tuning))
    panels.fill(memory, from: b, on: table)
    body(panels)
  }
}

/// A recurrent layer over whole sequences: ``RecurrentCell`` says what happens at each step, ``RecurrentShape`` the shapes.
///
/// Each step is two products, with W and with U, both packed once, and one pass for the gates. Of few examples, the products
/// with W of all steps are one beforehand. Examples do not depend on each other, so cores take some examples each through all
/// steps.
///
/// - Parameters:
///   - mask: a step whose value is 0 is skipped: state and output stay what they were before it.
///   - initialState: the state before the first step; zeros when nil, and the first step then has no product with U.
///   - y: the output that `s.output` names.
///   - state: where the state after the last step goes, if anywhere. It may be `initialState`: with one step at a time, that
///     is how a sequence goes on. The bits are those of the whole sequence.
///   - saved: where `s.savedCount` values for ``recurrentGradient(_:_:weights:mask:saved:dy:into:kernelGradient:recurrentKernelGradient:biasGradient:initialStateGradient:)`` go;
///     nil when there is none.
/// - Precondition: sizes are not negative, and `y`, `state` and `saved` overlap neither each other nor the inputs.
public func recurrent(
  _ s: RecurrentShape, _ x: UnsafePointer<Float>, weights: RecurrentWeights, mask: UnsafePointer<Float>? = nil,
  initialState: UnsafePointer<Float>? = nil, into y: UnsafeMutablePointer<Float>,
  state: UnsafeMutablePointer<Float>? = nil, saved: UnsafeMutablePointer<Float>? = nil
) {
  s.check("recurrent")
  weights.check(s, "recurrent")
  func apart(_ a: UnsafePointer<Float>, _ aCount: Int, _ b: UnsafePointer<Float>, _ bCount: Int, _ names: StaticString) {
    checkApart(a, aCount, b, bCount, "recurrent: \(names) overlap (\(aCount) and \(bCount) elements)")
  }
  apart(x, s.inputCount, y, s.outputCount, "x and y")
  if let state { apart(state, s.stateCount, y, s.outputCount, "state and y") }
  if let initialState { apart(initialState, s.stateCount, y, s.outputCount, "initialState and y") }
  if let saved { apart(saved, s.savedCount, y, s.outputCount, "saved and y") }
  guard s.batch > 0, s.units > 0 else { return }

  let table = kernels
  let isStepwise = RecurrentCut.isStepwise(s)
  let sizes = (
    inner: isStepwise ? s.batch * s.width : saved == nil ? s.rows * s.width : 0, outer: s.batch * s.width,
    state: s.batch * s.units, noBias: s.cell == .gru ? s.width : 0
  )
  withScratch(sizes.inner + sizes.outer + 2 * sizes.state + sizes.noBias) { memory in
    var carver = Carver(memory)
    let trace = saved.map { RecurrentTrace($0, s) }
    let room = carver.take(sizes.inner)
    let inner = isStepwise ? room : trace?.gates ?? room
    let outer = carver.take(sizes.outer)
    let now = lw_state(h: carver.take(sizes.state), c: carver.take(sizes.state), ld: s.units)
    let noBias = carver.take(sizes.noBias)
    noBias.update(repeating: 0, count: sizes.noBias)
    func run(_ kernel: Panels?) {
      weights.withRecurrentPanels(s, on: table) { panels in
        RecurrentForward(
          s: s, table: table, kernel: kernel, recurrentKernel: panels, bias: weights.bias,
          outerBias: weights.bias.map { $0 + s.width } ?? UnsafePointer(noBias), x: x, mask: mask,
          initialState: initialState, inner: inner, outer: outer, now: now, trace: trace,
          y: s.output == .sequences ? y : nil
        ).run()
      }
    }
    if isStepwise {
      weights.withKernelPanels(s, on: table, run)
    } else {
      Product(
        m: s.rows, n: s.width, k: s.features, alpha: 1, a: .matrix(Operand(x, ld: s.features, isTransposed: false)),
        b: weights.kernel(s), beta: 0, c: inner, ldc: s.width, epilogue: Epilogue(bias: weights.bias)
      ).run(on: table)
      run(nil)
    }
    if s.output == .last { y.update(from: now.h!, count: sizes.state) }
    if s.output == .state { s.joinState(now, into: y) }
    if let state { s.joinState(now, into: state) }
    if let trace { s.joinState(now, into: trace.final) }
  }
}

extension RecurrentShape {
  /// A state's arrays side by side, `[batch, stateSize]`.
  func joinState(_ state: lw_state, into y: UnsafeMutablePointer<Float>) {
    copyColumns(units, of: state.h!, ld: state.ld, rows: batch, into: y, ld: stateSize)
    if cell == .lstm { copyColumns(units, of: state.c!, ld: state.ld, rows: batch, into: y + units, ld: stateSize) }
  }

  /// Some examples of `[batch, stateSize]` as a state's arrays; zeros of nothing.
  func splitState(_ x: UnsafePointer<Float>?, _ rows: Range<Int>, into state: lw_state) {
    func split(_ part: Int, _ to: UnsafeMutablePointer<Float>) {
      let to = to + rows.lowerBound * units
      guard let x else { return to.update(repeating: 0, count: rows.count * units) }
      let from = x + rows.lowerBound * stateSize + part * units
      copyColumns(units, of: from, ld: stateSize, rows: rows.count, into: to, ld: units)
    }
    split(0, state.h!)
    if cell == .lstm { split(1, state.c!) }
  }
}

/// The first `columns` values of each row, copied.
func copyColumns(
  _ columns: Int, of x: UnsafePointer<Float>, ld ldx: Int, rows: Int, into y: UnsafeMutablePointer<Float>, ld ldy: Int
) {
  for i in 0..<rows { (y + i * ldy).update(from: x + i * ldx, count: columns) }
}

/// How the steps of a recurrent layer are shared out: ranges of examples. Where they are cut changes no bits, as no example
/// depends on another.
enum RecurrentCut {
  /// With fewer examples a core would read the recurrent kernel for too little.
  private static let leastRows = 4
  /// With fewer examples a core the products with W of all steps are one: it reads W once.
  private static let stepwiseRows = 16
  /// Time of the gates of one unit.
  private static let unitNanoseconds = 2.5

  private static func parts(_ s: RecurrentShape) -> Int { min(threadCount, max(1, s.batch / leastRows)) }

  /// Whether each step makes its own products with W or its transpose: what they take and give is then in a near cache.
  static func isStepwise(_ s: RecurrentShape) -> Bool {
    s.steps > 1 && s.features > 0 && s.batch / parts(s) >= stepwiseRows
  }

  static func run(_ s: RecurrentShape, on table: UnsafePointer<lw_table>, _ body: (Range<Int>) -> Void) {
    let parts = parts(s)
    guard parts > 1 else { return body(0..<s.batch) }
    // Equal numbers of examples: a tile with a row less takes less time.
    let cut = Cut(s.batch, unit: 1, into: parts)
    let time = Double(s.rows) * Double(s.units) * (2 * Double(s.width) / table.pointee.gemm_tuning.gflops + unitNanoseconds)
    parallelFor(cut.count, nanoseconds: time) { body(cut.range($0)) }
  }
}

/// The steps of a forward pass. The state on its way and a step's products lie by themselves, small and without gaps: they stay
/// in the nearest caches, where rows of whole sequences, often multiples of pages apart, would push each other out.
private struct RecurrentForward: @unchecked Sendable {
  let s: RecurrentShape
  let table: UnsafePointer<lw_table>
  /// nil: the products with W have been made.
  let kernel: Panels?
  let recurrentKernel: Panels
  let bias: UnsafePointer<Float>?
  /// Of the products with U: GRU's second.
  let outerBias: UnsafePointer<Float>
  let x: UnsafePointer<Float>
  let mask: UnsafePointer<Float>?
  let initialState: UnsafePointer<Float>?
  /// x W + b of one step, `[batch, width]`, or of all, `[batch, steps, width]`.
  let inner: UnsafeMutablePointer<Float>
  /// h U of one step.
  let outer: UnsafeMutablePointer<Float>
  let now: lw_state
  let trace: RecurrentTrace?
  let y: UnsafeMutablePointer<Float>?

  func run() {
    RecurrentCut.run(s, on: table) { rows in
      s.splitState(initialState, rows, into: now)
      for k in 0..<s.steps { step(k, rows) }
    }
  }

  private func step(_ k: Int, _ rows: Range<Int>) {
    let first = rows.lowerBound
    let (row, ld) = (first * s.steps + s.step(k), s.steps * s.units)
    let hasProduct = k > 0 || initialState != nil
    if let kernel {
      multiply(
        rows, x + row * s.features, ld: s.steps * s.features, k: s.features, by: kernel, bias: bias, into: inner)
    }
    if hasProduct {
      multiply(
        rows, now.h! + first * s.units, ld: s.units, k: s.units, by: recurrentKernel,
        bias: s.cell == .gru ? outerBias : nil, into: outer)
    }
    let (place, ldi) = kernel == nil ? (row, s.steps * s.width) : (first, s.width)
    var step = lw_recurrent(
      rows: rows.count, units: s.units, inner: inner + place * s.width, ldi: ldi,
      outer: hasProduct ? UnsafePointer(outer + first * s.width) : nil, ldo: s.width,
      gates: trace.map { $0.gates + row * s.width }, ldg: s.steps * s.width, candidate: nil, ldk: ld,
      mask: mask.map { $0 + row }, ldm: s.steps,
      state: lw_state(h: now.h! + first * s.units, c: s.cell == .lstm ? now.c! + first * s.units : nil, ld: s.units),
      trace: lw_state(
        h: trace.map { $0.states + row * s.units }, c: s.cell == .lstm ? trace.map { $0.extra! + row * s.units } : nil, ld: ld),
      y: y.map { $0 + row * s.units }, ldy: ld)
    switch s.cell {
    case .tanh: table.pointee.simple_step(&step, LW_TANH)
    case .relu: table.pointee.simple_step(&step, LW_RELU)
    case .lstm: table.pointee.lstm_step(&step)
    case .gru:
      if !hasProduct { (step.outer, step.ldo) = (outerBias, 0) }
      step.candidate = trace.map { $0.extra! + row * s.units }
      table.pointee.gru_step(&step)
    }
  }

  /// a b + bias for these examples, of which `a` is the first's: rows of one step.
  private func multiply(
    _ rows: Range<Int>, _ a: UnsafePointer<Float>, ld: Int, k: Int, by b: Panels, bias: UnsafePointer<Float>?,
    into c: UnsafeMutablePointer<Float>
  ) {
    Product(
      m: rows.count, n: s.width, k: k, alpha: 1, a: .matrix(Operand(a, ld: ld, isTransposed: false)), b: .packed(b), beta: 0,
      c: c + rows.lowerBound * s.width, ldc: s.width, epilogue: Epilogue(bias: bias)
    ).run(on: table)
  }
}

/// y[i] = 1 when an element of row i of x, rows x columns, is other than `value`, else 0: the mask of steps padded with `value`.
///
/// - Precondition: sizes are not negative, and the two do not overlap.
public func rowsDiffer(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, from value: Float, into y: UnsafeMutablePointer<Float>
) {
  precondition(rows >= 0 && columns >= 0, "rowsDiffer: \(rows) rows, \(columns) columns; expected neither negative")
  checkApart(x, rows * columns, y, rows, "rowsDiffer: x and y overlap")
  let kernel = kernels.pointee.rows_differ
  guard columns > 0 else { return y.update(repeating: 0, count: rows) }
  nonisolated(unsafe) let (x, y) = (x, y)
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: 0.1) { row, count in
    kernel(count, columns, x + row * columns, columns, value, y + row)
  }
}
