extension Plan: CustomStringConvertible {
  /// The list of kernel calls: what runs, where it writes in the arena, and what it reads.
  public var description: String {
    var rows = [["step", "call", "writes", "shape", "at", "reads"]]
    for (time, step) in steps.enumerated() {
      rows.append(["\(time)"] + cells(step))
    }
    let bytes = layout.count * 4
    let title = "\(purpose) plan for batches of up to \(capacity): \(steps.count) steps, arena of \(grouped(bytes)) bytes"
    return ([title] + table(rows, numbers: [0, 4])).joined(separator: "\n")
  }

  private func cells(_ step: Step) -> [String] {
    switch step {
    case .forward(let i):
      let call = calls[i]
      let parameters = call.parameters.map { parameterNames[$0] }
      return [
        call.op.name, name(call.output), shapeText([capacity] + shapes[call.output]), position(layout.values[call.output]),
        (call.inputs.map(name) + parameters).joined(separator: " "),
      ]
    case .loss:
      let writes = purpose == .training ? "d \(name(output))" : "losses"
      let at = purpose == .training ? layout.gradients[output] : layout.losses
      return [loss?.name ?? "loss", writes, shapeText([capacity] + shapes[output]), position(at), name(output)]
    case .backward(let i):
      let call = calls[i]
      var writes: [String] = []
      var first: (value: Int, at: Int?)?
      for (value, target) in zip(call.inputs, layout.targets[i]) {
        switch target {
        case .none: continue
        case .value:
          writes.append("d \(name(value))")
          first = first ?? (value, layout.gradients[value])
        case .part(let part):
          writes.append("part \(part)")
          first = first ?? (value, layout.parts[part])
        }
      }
      writes += call.parameters.map { "d \(parameterNames[$0])" }
      return [
        "\(call.op.name) backward", writes.joined(separator: " "), first.map { shapeText([capacity] + shapes[$0.value]) } ?? "",
        position(first?.at), "d \(name(call.output))",
      ]
    case .accumulate(let value, let part):
      return [
        "add", "d \(name(value))", shapeText([capacity] + shapes[value]), position(layout.gradients[value]), "part \(part)",
      ]
    }
  }

  /// A value is called after the layer that makes it.
  private func name(_ value: Int) -> String {
    if value == input { return "input" }
    guard let maker = calls.first(where: { $0.output == value }) else { return "value \(value)" }
    let siblings = calls.filter { $0.layer.hasBytes(of: maker.layer) }.map(\.output)
    return siblings.last == value ? maker.layer : "\(maker.layer).\(siblings.firstIndex(of: value)!)"
  }

  private func position(_ position: Int?) -> String { position.map { "@\($0)" } ?? "" }
}
