import Kernels

/// The answer to one workload line.
struct Answer {
  enum Outcome {
    case measured(Timing, Cost, Limits.Bound)
    /// The result differs from the reference.
    case wrong(String)
    /// Not a workload, or one that cannot run here.
    case refused(String)
  }

  let workload: String
  let outcome: Outcome
  let tier = Tier.current
  let threads = threadCount

  var json: String {
    var object = JSONObject()
    object.add("workload", workload)
    switch outcome {
    case .measured(let timing, let cost, let bound):
      object.add("min", timing.min)
      object.add("median", timing.median)
      if cost.flops > 0 {
        object.add("gflops", cost.flops / timing.min * 1e-9)
      } else {
        object.add("gbps", cost.bytes / timing.min * 1e-9)
      }
      object.add("limit", bound.name)
      object.add("percent", 100 * bound.seconds / timing.min)
    case .wrong(let difference): object.add("wrong", difference)
    case .refused(let reason):
      object.add("error", reason)
      return object.text
    }
    object.add("isa", tier.rawValue)
    object.add("threads", threads)
    if case .wrong = outcome { object.add("ok", false) } else { object.add("ok", true) }
    return object.text
  }

  var text: String {
    let label = "  " + padded(workload, to: 46)
    switch outcome {
    case .measured(let timing, let cost, let bound):
      let rate =
        cost.flops > 0
        ? "\(rounded(cost.flops / timing.min * 1e-9, to: 1)) GFLOPS" : "\(rounded(cost.bytes / timing.min * 1e-9, to: 1)) GB/s"
      let percent = "\(rounded(100 * bound.seconds / timing.min, to: 0)) % of \(bound.name)"
      return label + padded(duration(timing.min), to: 12) + padded("median \(duration(timing.median))", to: 20)
        + padded(rate, to: 16) + percent
    case .wrong(let difference): return label + "WRONG: \(difference)"
    case .refused(let reason): return label + "error: \(reason)"
    }
  }
}

/// Checks and measures the workload that `line` describes.
func answer(_ line: String, _ machine: Machine, seconds: Double) -> Answer {
  do {
    let workload = try parse(line)
    if let difference = try workload.check() { return Answer(workload: line, outcome: .wrong(difference)) }
    let cost = workload.cost
    try machine.requireMemory(cost.bytes)
    let timing = measure(seconds: seconds, try workload.prepare())
    return Answer(workload: line, outcome: .measured(timing, cost, machine.limits.bound(cost)))
  } catch {
    return Answer(workload: line, outcome: .refused("\(error)"))
  }
}

private func parse(_ line: String) throws -> any Family {
  let words = line.split(whereSeparator: \.isWhitespace)
  let known = families.map { $0.name }.joined(separator: " ")
  guard let name = words.first else { throw BenchmarkError("empty workload; expected a name of \(known)") }
  guard let family = families.first(where: { $0.name == name }) else {
    throw BenchmarkError("unknown workload '\(name)'; expected \(known)")
  }
  return try family.init(Values(Array(words.dropFirst()), of: family))
}
