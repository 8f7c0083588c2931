/// Where every buffer of a plan lies in one arena. Buffers that are never alive at the same time share memory.
struct Layout: Sendable {
  /// A buffer and the steps at whose time it is alive.
  private struct Request {
    let count: Int
    var first: Int
    var last: Int
  }

  /// Buffers start at multiples of this many floats: one cache line, one AVX-512 register.
  static let alignment = 16

  /// Positions in floats, nil where there is no buffer.
  private(set) var values: [Int?]
  private(set) var gradients: [Int?]
  private(set) var parts: [Int]
  private(set) var saved: [Int?]
  private(set) var forwardWorkspaces: [Int?]
  private(set) var backwardWorkspaces: [Int?]
  /// The loss of each example (or element), with room for the largest batch.
  private(set) var losses: Int?
  /// The size of the arena.
  private(set) var count = 0
  /// Where the gradient by each input of each call goes.
  let targets: [[BackwardPass.Target]]

  init(
    calls: [Graph.Call], steps: [Plan.Step], backward: BackwardPass, shapes: [[Int]], external: Set<Int>, output: Int,
    purpose: Plan.Purpose, capacity: Int, loss: (any Loss)?
  ) {
    let times = Times(calls, steps: steps, output: output)
    var requests: [Request] = []
    func request(_ count: Int, _ first: Int, _ last: Int) -> Int? {
      guard count > 0 else { return nil }
      requests.append(
        Request(count: (count + Layout.alignment - 1) / Layout.alignment * Layout.alignment, first: first, last: last))
      return requests.count - 1
    }
    func elements(_ value: Int) -> Int { capacity * shapes[value].reduce(1, *) }

    // Values, in the order they are made; an op in place takes over the buffer of an input that nobody reads again.
    var valueRequests = [Int?](repeating: nil, count: shapes.count)
    for (i, call) in calls.enumerated() {
      let end = times.lastRead[call.output] ?? i
      let source = call.inputs.first
      if call.op.isInPlace, let source, let buffer = valueRequests[source], requests[buffer].last == i,
        !call.inputs.dropFirst().contains(source), elements(source) == elements(call.output)
      {
        requests[buffer].last = end
        valueRequests[call.output] = buffer
      } else {
        valueRequests[call.output] = request(elements(call.output), i, end)
      }
    }

    // Gradients, from the first write to the backward pass of the value's maker.
    var gradientRequests = [Int?](repeating: nil, count: shapes.count)
    if purpose == .training { gradientRequests[output] = request(elements(output), times.loss, times.gradientEnd(output)) }
    for case .backward(let i) in steps {
      let call = calls[i]
      for (j, value) in call.inputs.enumerated() where backward.targets[i][j] == .value {
        let end = times.gradientEnd(value)
        if j == 0, call.op.isInPlace, let buffer = gradientRequests[call.output], elements(value) == elements(call.output) {
          requests[buffer].last = end
          gradientRequests[value] = buffer
        } else {
          gradientRequests[value] = request(elements(value), times.backward[i]!, end)
        }
      }
    }
    var partRequests: [Int?] = []
    for (time, step) in steps.enumerated() {
      if case .accumulate(let value, _) = step { partRequests.append(request(elements(value), times.maker(of: time), time)) }
    }

    let saved = calls.enumerated().map { i, call in
      let end = call.op.finishesStep && purpose == .training ? times.end : times.backward[i] ?? i
      return request(call.op.savedCount(batch: capacity), i, end)
    }
    let forwardWorkspaces = calls.enumerated().map { i, call in request(call.op.workspaceCount(batch: capacity), i, i) }
    let backwardWorkspaces = calls.enumerated().map { i, call in
      times.backward[i].flatMap { request(call.op.workspaceCount(batch: capacity), $0, $0) }
    }
    let losses = loss.flatMap { request(capacity * $0.lossesPerExample(shapes[output]), times.loss, times.end) }

    let positions = Layout.place(requests, &count)
    values = valueRequests.map { $0.map { positions[$0] } }
    gradients = gradientRequests.map { $0.map { positions[$0] } }
    parts = partRequests.map { positions[$0!] }
    self.saved = saved.map { $0.map { positions[$0] } }
    self.forwardWorkspaces = forwardWorkspaces.map { $0.map { positions[$0] } }
    self.backwardWorkspaces = backwardWorkspaces.map { $0.map { positions[$0] } }
    self.losses = losses.map { positions[$0] }
    targets = backward.targets
  }

  /// Largest first, each at the lowest position where it meets no buffer alive at the same time.
  private static func place(_ requests: [Request], _ size: inout Int) -> [Int] {
    var positions = [Int](repeating: 0, count: requests.count)
    var placed: [Int] = []
    let order = requests.indices.sorted { (-requests[$0].count, $0) < (-requests[$1].count, $1) }
    for i in order {
      let rivals = placed.filter { requests[$0].first <= requests[i].last && requests[i].first <= requests[$0].last }
      var position = 0
      for rival in rivals.sorted(by: { positions[$0] < positions[$1] }) {
        if position + requests[i].count <= positions[rival] { break }
        position = max(position, positions[rival] + requests[rival].count)
      }
      positions[i] = position
      placed.append(i)
      size = max(size, position + requests[i].count)
    }
    return positions
  }
}

/// When things happen: the time of a step is its index in the plan.
private struct Times {
  /// When each value is read for the last time.
  private(set) var lastRead: [Int: Int] = [:]
  /// When the backward pass of each call runs, where it has one.
  private(set) var backward: [Int?]
  private let makers: [Int: Int]
  private let steps: [Plan.Step]

  /// The time of the loss; the end of a plan without one.
  let loss: Int
  var end: Int { steps.count }

  init(_ calls: [Graph.Call], steps: [Plan.Step], output: Int) {
    self.steps = steps
    loss = calls.count
    makers = Dictionary(uniqueKeysWithValues: calls.enumerated().map { ($1.output, $0) })
    backward = calls.map { _ in nil }
    for (i, call) in calls.enumerated() {
      for value in call.inputs { lastRead[value] = i }
    }
    // Metrics and callers look at the output after the last step.
    lastRead[output] = steps.count
    for (time, step) in steps.enumerated() {
      guard case .backward(let i) = step else { continue }
      backward[i] = time
      let call = calls[i]
      if call.op.backwardReads.contains(.inputs) {
        for value in call.inputs { lastRead[value] = max(lastRead[value]!, time) }
      }
      if call.op.backwardReads.contains(.output) {
        lastRead[call.output] = max(lastRead[call.output] ?? 0, time)
      }
    }
  }

  /// A gradient is read by the backward pass of the call that made the value; that of an input stays to the end.
  func gradientEnd(_ value: Int) -> Int {
    makers[value].flatMap { backward[$0] } ?? end
  }

  /// The time of the backward step an accumulate step belongs to.
  func maker(of time: Int) -> Int {
    steps[..<time].lastIndex { if case .backward = $0 { true } else { false } }!
  }
}
