import Kernels
import Reference
import Testing

private func zeros(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }

extension RecurrentCell {
  fileprivate var naive: NaiveCell {
    switch self {
    case .tanh: .tanh
    case .relu: .relu
    case .lstm: .lstm
    case .gru: .gru
    }
  }
}

/// Everything that goes into a layer, from a seed.
private struct Arguments {
  let shape: RecurrentShape
  let x, kernel, recurrentKernel, dy: [Float]
  let bias, mask, initial: [Float]?

  init(_ s: RecurrentShape, hasBias: Bool = true, hasMask: Bool = false, hasInitial: Bool = false, seed: UInt64) {
    shape = s
    let scale = 1 / Float(max(1, s.units)).squareRoot()
    x = randomValues(s.inputCount, seed: seed)
    kernel = randomValues(s.kernelCount, seed: seed + 1, in: -0.5...0.5)
    recurrentKernel = randomValues(s.recurrentKernelCount, seed: seed + 2, in: -scale...scale)
    dy = randomValues(s.outputCount, seed: seed + 3)
    bias = hasBias ? randomValues(s.biasCount, seed: seed + 4, in: -0.3...0.3) : nil
    mask = hasMask ? randomIntegers(s.batch * s.steps, seed: seed + 5, in: 0...2) : nil
    initial = hasInitial ? randomValues(s.stateCount, seed: seed + 6) : nil
  }

  var naive: NaiveRecurrent {
    NaiveRecurrent(
      shape.cell.naive, steps: shape.steps, features: shape.features, units: shape.units, isReversed: shape.isReversed,
      kernel: kernel, recurrentKernel: recurrentKernel, bias: bias)
  }

  /// Calls `body` with pointers to the weights.
  func withWeights(_ body: (RecurrentWeights) -> Void) {
    kernel.withUnsafeBufferPointer { kernel in
      recurrentKernel.withUnsafeBufferPointer { recurrentKernel in
        func run(_ bias: UnsafePointer<Float>?) {
          let nowhere = UnsafePointer<Float>(bitPattern: 64)!
          body(
            RecurrentWeights(
              kernel: kernel.baseAddress ?? nowhere, recurrentKernel: recurrentKernel.baseAddress ?? nowhere, bias: bias))
        }
        if let bias { bias.withUnsafeBufferPointer { run($0.baseAddress) } } else { run(nil) }
      }
    }
  }
}

extension NaiveRecurrentResults {
  /// What differs from `expected`, and where.
  fileprivate func mismatch(_ expected: Self) -> String? {
    let pairs: [(String, KeyPath<Self, [Float]>)] = [
      ("y", \.y), ("state", \.state), ("dx", \.dx), ("dW", \.kernel), ("dU", \.recurrentKernel), ("db", \.bias),
      ("initial", \.initial),
    ]
    for (name, path) in pairs {
      if let found = bitMismatch(self[keyPath: path], expected[keyPath: path]) { return "\(name): \(found)" }
    }
    return nil
  }
}

private func kernelResults(_ a: Arguments) -> NaiveRecurrentResults {
  let s = a.shape
  var (y, state, dx, dInitial) = (zeros(s.outputCount), zeros(s.stateCount), zeros(s.inputCount), zeros(s.stateCount))
  var (dKernel, dRecurrent, dBias) = (zeros(s.kernelCount), zeros(s.recurrentKernelCount), zeros(s.biasCount))
  var saved = [Float](repeating: .nan, count: s.savedCount)
  a.withWeights { weights in
    func run(_ mask: UnsafePointer<Float>?, _ initial: UnsafePointer<Float>?) {
      recurrent(s, a.x, weights: weights, mask: mask, initialState: initial, into: &y, state: &state, saved: &saved)
      recurrentGradient(
        s, a.x, weights: weights, mask: mask, saved: &saved, dy: a.dy, into: &dx, kernelGradient: &dKernel,
        recurrentKernelGradient: &dRecurrent, biasGradient: &dBias, initialStateGradient: &dInitial)
    }
    switch (a.mask, a.initial) {
    case (let mask?, let initial?): run(mask, initial)
    case (let mask?, nil): run(mask, nil)
    case (nil, let initial?): run(nil, initial)
    default: run(nil, nil)
    }
  }
  return NaiveRecurrentResults(
    y: y, state: state, dx: dx, kernel: dKernel, recurrentKernel: dRecurrent, bias: dBias, initial: dInitial)
}

private func naiveResults(_ a: Arguments) -> NaiveRecurrentResults {
  let s = a.shape
  func run(dy: [Float]? = nil, dstate: [Float]? = nil) -> NaiveRecurrentResults {
    a.naive.layer(batch: s.batch, a.x, dy: dy, dstate: dstate, mask: a.mask, initial: a.initial)
  }
  /// h of every example.
  func heads(_ state: [Float]) -> [Float] { (0..<s.batch).flatMap { state[$0 * s.stateSize..<$0 * s.stateSize + s.units] } }
  switch s.output {
  case .sequences: return run(dy: a.dy)
  case .last:
    let rest = zeros(s.stateSize - s.units)
    var r = run(dstate: (0..<s.batch).flatMap { a.dy[$0 * s.units..<($0 + 1) * s.units] + rest })
    r.y = heads(r.state)
    return r
  case .state:
    var r = run(dstate: a.dy)
    r.y = r.state
    return r
  }
}

@Suite struct RecurrentTests {
  /// batch, steps, features, units: around vectors and tiles, and nothing.
  private static let sizes = [
    (1, 1, 1, 1), (2, 3, 4, 5), (7, 4, 3, 16), (1, 5, 2, 17), (17, 3, 15, 33), (33, 2, 17, 16), (3, 2, 400, 130),
    (0, 3, 2, 4), (2, 0, 3, 4), (2, 3, 0, 4), (2, 3, 4, 0), (10, 3, 25, 1),
  ]

  @Test(arguments: RecurrentCell.allCases) func equalsTheReferenceEverywhere(_ cell: RecurrentCell) {
    for (i, (batch, steps, features, units)) in Self.sizes.enumerated() {
      for (j, output) in RecurrentOutput.allCases.enumerated() {
        let variant = i * 3 + j
        let shape = RecurrentShape(
          cell, batch: batch, steps: steps, features: features, units: units, output: output, isReversed: variant % 2 == 1)
        let a = Arguments(
          shape, hasBias: variant % 5 != 4, hasMask: variant % 3 == 1, hasInitial: variant % 4 >= 2, seed: UInt64(variant))
        let expected = naiveResults(a)
        everywhere { place in
          let found = kernelResults(a).mismatch(expected)
          #expect(found == nil, "\(place), \(shape)")
        }
      }
    }
  }

  /// Sums over more than a block of k, and of rows.
  @Test func longSumsEqualTheReference() {
    let shape = RecurrentShape(.gru, batch: 40, steps: 11, features: 3, units: 140, output: .last)
    let a = Arguments(shape, hasMask: true, seed: 50)
    let expected = naiveResults(a)
    for threads in [1, 2, 7] {
      let found = withThreads(threads) { kernelResults(a).mismatch(expected) }
      #expect(found == nil, "\(threads) threads")
    }
  }

  @Test(arguments: RecurrentCell.allCases) func oneStepAtATimeGivesTheSameBits(_ cell: RecurrentCell) {
    let whole = RecurrentShape(cell, batch: 3, steps: 6, features: 5, units: 19)
    let a = Arguments(whole, seed: 60)
    let expected = naiveResults(a)
    let packed = (
      PackedMatrix(k: 5, n: whole.width, a.kernel, ldb: whole.width),
      PackedMatrix(k: 19, n: whole.width, a.recurrentKernel, ldb: whole.width)
    )
    var one = whole
    one.steps = 1
    everywhere { place in
      var state = zeros(whole.stateCount), found = zeros(whole.outputCount)
      for t in 0..<6 {
        let x = (0..<3).flatMap { (b: Int) -> [Float] in Array(a.x[(b * 6 + t) * 5..<(b * 6 + t + 1) * 5]) }
        var y = zeros(3 * 19)
        a.bias!.withUnsafeBufferPointer { bias in
          let weights = RecurrentWeights(kernel: packed.0, recurrentKernel: packed.1, bias: bias.baseAddress)
          state.withUnsafeMutableBufferPointer {
            recurrent(
              one, x, weights: weights, initialState: t == 0 ? nil : UnsafePointer($0.baseAddress), into: &y,
              state: $0.baseAddress)
          }
        }
        for b in 0..<3 {
          let place = (b * 6 + t) * 19
          found.replaceSubrange(place..<place + 19, with: y[b * 19..<(b + 1) * 19])
        }
      }
      #expect(bitMismatch(found, expected.y) == nil, "\(place)")
      #expect(bitMismatch(state, expected.state) == nil, "\(place)")
    }
  }

  @Test(arguments: RecurrentCell.allCases) func staysInsideItsBuffers(_ cell: RecurrentCell) {
    for tier in Tier.available {
      for (side, units) in [(GuardedBuffer<Float>.Side.start, 17), (.end, 17), (.end, 16)] {
        let s = RecurrentShape(cell, batch: 3, steps: 2, features: 7, units: units, output: .sequences)
        let a = Arguments(s, hasMask: true, hasInitial: true, seed: 70)
        func guarded(_ values: [Float]) -> GuardedBuffer<Float> { GuardedBuffer(values, side: side) }
        let inputs = [a.x, a.kernel, a.recurrentKernel, a.bias!, a.mask!, a.initial!, a.dy].map(guarded)
        let counts = [
          s.outputCount, s.stateCount, s.savedCount, s.inputCount, s.kernelCount, s.recurrentKernelCount, s.biasCount,
          s.stateCount,
        ]
        let outputs = counts.map { guarded(zeros($0)) }
        withTier(tier) {
          let weights = RecurrentWeights(kernel: inputs[1].pointer, recurrentKernel: inputs[2].pointer, bias: inputs[3].pointer)
          recurrent(
            s, inputs[0].pointer, weights: weights, mask: inputs[4].pointer, initialState: inputs[5].pointer,
            into: outputs[0].pointer, state: outputs[1].pointer, saved: outputs[2].pointer)
          recurrentGradient(
            s, inputs[0].pointer, weights: weights, mask: inputs[4].pointer, saved: outputs[2].pointer, dy: inputs[6].pointer,
            into: outputs[3].pointer, kernelGradient: outputs[4].pointer, recurrentKernelGradient: outputs[5].pointer,
            biasGradient: outputs[6].pointer, initialStateGradient: outputs[7].pointer)
        }
        let expected = naiveResults(a)
        #expect(bitMismatch(outputs[0].values, expected.y) == nil)
        #expect(bitMismatch(outputs[7].values, expected.initial) == nil)
      }
    }
  }

  @Test(arguments: RecurrentCell.allCases) func isWithinItsBoundOfTheTruth(_ cell: RecurrentCell) {
    let s = RecurrentShape(cell, batch: 2, steps: 20, features: 10, units: 24, isReversed: true)
    let a = Arguments(s, hasMask: true, hasInitial: true, seed: 80)
    let found = kernelResults(a)
    func double(_ x: [Float]) -> [Double] { x.map(Double.init) }
    let truth = recurrent64(
      cell.naive, steps: 20, features: 10, units: 24, isReversed: true, double(a.x), double(a.kernel),
      double(a.recurrentKernel), a.bias.map(double), mask: a.mask.map(double), initial: a.initial.map(double))
    #expect(boundMismatch(found.y, truth.y, bound: truth.y.map { 3e-6 * max(1, abs($0)) }) == nil)
    #expect(boundMismatch(found.state, truth.state, bound: truth.state.map { 3e-6 * max(1, abs($0)) }) == nil)
  }

  /// Random sizes and settings; the seed is printed.
  @Test func randomCasesEqualTheReference() {
    let seed = freshSeed("RecurrentTests.randomCasesEqualTheReference")
    var random = SplitMix64(seed: seed)
    for _ in 0..<20 {
      let shape = RecurrentShape(
        random.pick(RecurrentCell.allCases), batch: random.index(in: 0...20), steps: random.index(in: 0...6),
        features: random.index(in: 0...40), units: random.index(in: 0...40), output: random.pick(RecurrentOutput.allCases),
        isReversed: random.pick([false, true]))
      let a = Arguments(
        shape, hasBias: random.pick([false, true]), hasMask: random.pick([false, true]), hasInitial: random.pick([false, true]),
        seed: random.next() % 1000)
      let found = withThreads(random.index(in: 1...4)) { kernelResults(a).mismatch(naiveResults(a)) }
      #expect(found == nil, "seed \(seed), \(shape)")
    }
  }

  @Test func rowsDifferFindsPadding() {
    for columns in [0, 1, 15, 16, 17, 40] {
      let rows = 5
      var x = [Float](repeating: 2, count: rows * columns)
      if columns > 0 {
        x[columns + columns - 1] = 3
        x[3 * columns] = .nan
      }
      everywhere { place in
        var y = [Float](repeating: 7, count: rows)
        rowsDiffer(rows: rows, columns: columns, x, from: 2, into: &y)
        #expect(y == (columns > 0 ? [0, 1, 0, 1, 0] : [0, 0, 0, 0, 0]), "\(place), \(columns) columns")
      }
    }
  }

  #if compiler(>=6.2)
    @Test func spansGiveTheSame() {
      let s = RecurrentShape(.lstm, batch: 2, steps: 3, features: 4, units: 5, output: .last)
      let a = Arguments(s, hasMask: true, hasInitial: true, seed: 90)
      let expected = naiveResults(a)
      var y = zeros(s.outputCount), again = y, saved = zeros(s.savedCount), dx = zeros(s.inputCount)
      var (kernel, recurrentKernel, bias) = (zeros(s.kernelCount), zeros(s.recurrentKernelCount), zeros(s.biasCount))
      var ySpan = y.mutableSpan
      var againSpan = again.mutableSpan
      var savedSpan = saved.mutableSpan
      var dxSpan = dx.mutableSpan
      recurrent(
        s, a.x.span, kernel: a.kernel.span, recurrentKernel: a.recurrentKernel.span, bias: a.bias!.span, mask: a.mask!.span,
        initialState: a.initial!.span, into: &ySpan)
      recurrent(
        s, a.x.span, kernel: a.kernel.span, recurrentKernel: a.recurrentKernel.span, bias: a.bias!.span, mask: a.mask!.span,
        initialState: a.initial!.span, into: &againSpan, saved: &savedSpan)
      var kernelSpan = kernel.mutableSpan
      var recurrentSpan = recurrentKernel.mutableSpan
      var biasSpan = bias.mutableSpan
      recurrentGradient(
        s, a.x.span, kernel: a.kernel.span, recurrentKernel: a.recurrentKernel.span, mask: a.mask!.span, saved: &savedSpan,
        dy: a.dy.span, into: &dxSpan, kernelGradient: &kernelSpan, recurrentKernelGradient: &recurrentSpan,
        biasGradient: &biasSpan)
      #expect(y == expected.y && again == expected.y && dx == expected.dx)
      #expect(kernel == expected.kernel && recurrentKernel == expected.recurrentKernel && bias == expected.bias)
    }
  #endif

  @Test func wrongShapesStopTheProgram() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let memory = UnsafeMutablePointer<Float>.allocate(capacity: 4)
      let weights = RecurrentWeights(kernel: memory, recurrentKernel: memory, bias: nil)
      recurrent(
        RecurrentShape(.tanh, batch: 1, steps: -1, features: 1, units: 1), memory, weights: weights, into: memory + 1)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("batch 1, -1 steps"))
    await #expect(processExitsWith: .failure) {
      let memory = UnsafeMutablePointer<Float>.allocate(capacity: 4)
      let packed = PackedMatrix(k: 1, n: 2, memory, ldb: 2)
      let weights = RecurrentWeights(kernel: packed, recurrentKernel: packed, bias: nil)
      recurrent(RecurrentShape(.tanh, batch: 1, steps: 1, features: 1, units: 1), memory, weights: weights, into: memory + 1)
    }
    await #expect(processExitsWith: .failure) {
      let memory = UnsafeMutablePointer<Float>.allocate(capacity: 4)
      let weights = RecurrentWeights(kernel: memory + 1, recurrentKernel: memory + 2, bias: nil)
      recurrent(RecurrentShape(.tanh, batch: 1, steps: 1, features: 1, units: 1), memory, weights: weights, into: memory)
    }
  }
}
