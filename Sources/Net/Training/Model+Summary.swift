extension Model {
  /// A table of the layers: output shape, parameters, multiply-adds of one example.
  public func summary() -> String {
    var rows = [["layer", "kind", "output", "parameters", "multiply-adds"]]
    rows.append(["input", "", shapeText(inputShape), "", ""])
    for layer in graph.layers {
      let parameters = layer.parameters.reduce(0) { $0 + graph.parameters[$1].count }
      rows.append([layer.name, layer.kind, shapeText(layer.outputShape), grouped(parameters), grouped(layer.multiplyAdds)])
    }
    let trainable = graph.parameters.filter(\.isTrainable).reduce(0) { $0 + $1.count }
    let total = ["total", "", "", grouped(parameterCount), grouped(Size.sum(graph.layers.map(\.multiplyAdds)) ?? .max)]
    var lines = table(rows + [total], numbers: [3, 4])
    let rule = String(repeating: "-", count: lines.map(\.count).max()!)
    lines.insert(rule, at: lines.count - 1)
    lines.insert(rule, at: 1)
    lines.append("trainable \(grouped(trainable)), not trainable \(grouped(parameterCount - trainable))")
    return lines.joined(separator: "\n")
  }

  /// Multiply-adds of each layer for one example, in the order of the summary.
  package var layerMultiplyAdds: [Int] { graph.layers.map(\.multiplyAdds) }
}

func shapeText(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "x") }

/// 648010 as `648,010`.
func grouped(_ number: Int) -> String {
  let digits = Array(String(number))
  var text = ""
  for (i, digit) in digits.enumerated() {
    if i > 0, (digits.count - i) % 3 == 0, digits[i - 1] != "-" { text.append(",") }
    text.append(digit)
  }
  return text
}

/// Rows with aligned columns; the columns in `numbers` end together, the others begin together.
func table(_ rows: [[String]], numbers: Set<Int>) -> [String] {
  let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
  return rows.map { row in
    let cells = row.enumerated().map { column, cell in
      let space = String(repeating: " ", count: widths[column] - cell.count)
      return numbers.contains(column) ? space + cell : cell + space
    }
    var line = cells.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line
  }
}
