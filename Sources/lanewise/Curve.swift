/// Values over steps as a picture: in characters and as SVG. The vertical axis begins at 0.
struct Curve {
  /// Of all steps, or of some at equal distances.
  let values: [Float]
  let steps: Int
  let title: String
  /// The end of the vertical axis: the largest value.
  private let top: Double

  /// - Parameters:
  ///   - values: at least one, none below 0; the last is that of the last step.
  ///   - steps: how many there are, as many as values if nothing else is said.
  init(_ values: [Float], steps: Int? = nil, title: String) {
    self.values = values
    self.steps = steps ?? values.count
    self.title = title
    top = Double(values.max()!)
  }

  // MARK: Characters

  private static let (columns, rows) = (64, 16)

  /// A line of title, the curve with its axes, and what it begins and ends with.
  var text: String {
    let grid = Self.grid(self)
    let labels = [0: number(top), Self.rows / 2: number(top / 2), Self.rows: "0"]
    let width = labels.values.map(\.count).max()!
    var lines = ["\(title): \(steps) steps"]
    for row in 0...Self.rows {
      let label = labels[row] ?? ""
      let line = String(repeating: " ", count: width - label.count) + label + " |" + String(grid[row])
      lines.append(line.trimmingEnd)
    }
    lines.append(String(repeating: " ", count: width + 1) + "+" + String(repeating: "-", count: Self.columns))
    let last = "\(steps - 1)"
    lines.append(
      String(repeating: " ", count: width + 2) + "0" + String(repeating: " ", count: max(1, Self.columns - 1 - last.count)) + last
    )
    lines.append("first \(number(Double(values[0]))), largest \(number(top)), last \(number(Double(values.last!)))")
    return lines.joined(separator: "\n")
  }

  /// Rows from the top; a column shows all the values of its steps, joined to the column before.
  private static func grid(_ curve: Curve) -> [[Character]] {
    var grid = [[Character]](repeating: [Character](repeating: " ", count: columns), count: rows + 1)
    var before: Int?
    for column in 0..<columns {
      let first = column * curve.values.count / columns
      let end = max(first + 1, (column + 1) * curve.values.count / columns)
      let levels = curve.values[first..<end].map { curve.level($0) }
      var (high, low) = (levels.min()!, levels.max()!)
      if let before {
        // What lies between the columns, without the end of the one before.
        if before < high { high = before + 1 } else if before > low { low = before - 1 }
      }
      for row in min(high, low)...max(high, low) { grid[row][column] = "*" }
      before = levels.last!
    }
    return grid
  }

  /// The row of a value, from the top.
  private func level(_ value: Float) -> Int {
    top > 0 ? Self.rows - Int((Double(value) / top * Double(Self.rows)).rounded()) : Self.rows
  }

  // MARK: SVG

  /// Units of the picture: the whole, and where the axes lie.
  private static let (width, height) = (640.0, 360.0)
  private static let (left, right, above, below) = (80.0, 620.0, 40.0, 320.0)

  /// The curve as a stand-alone picture of 640 x 360.
  var svg: String {
    let marks = (0...4).map { Double($0) / 4 }
    let horizontal = marks.map { share in
      let y = decimal(Self.below - share * (Self.below - Self.above), 1)
      return """
        <line x1="\(decimal(Self.left, 1))" y1="\(y)" x2="\(decimal(Self.right, 1))" y2="\(y)" stroke="#ddd"/>
        <text x="\(decimal(Self.left - 8, 1))" y="\(y)" text-anchor="end" dominant-baseline="middle">\(number(share * top))</text>
        """
    }
    let vertical = marks.map { share in
      let x = decimal(Self.left + share * (Self.right - Self.left), 1)
      let step = share == 1 ? steps - 1 : Int((share * Double(steps - 1)).rounded())
      return "<text x=\"\(x)\" y=\"\(decimal(Self.below + 20, 1))\" text-anchor=\"middle\">\(step)</text>"
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(decimal(Self.width, 0)) \(decimal(Self.height, 0))" \
      width="\(decimal(Self.width, 0))" height="\(decimal(Self.height, 0))" font-family="sans-serif" font-size="12" fill="#333">
      <rect width="100%" height="100%" fill="white"/>
      <text x="\(decimal(Self.left, 1))" y="24" font-size="14">learning rate: \(title)</text>
      \((horizontal + vertical).joined(separator: "\n"))
      <polyline points="\(points)" fill="none" stroke="#0a58ca" stroke-width="2" stroke-linejoin="round"/>
      <text x="\(decimal((Self.left + Self.right) / 2, 1))" y="\(decimal(Self.below + 36, 1))" text-anchor="middle">step</text>
      </svg>

      """
  }

  /// At most some two thousand points: where there are more steps, the least and the largest of each group, in order.
  private var points: String {
    let group = (values.count + 999) / 1000
    var chosen: [Int] = []
    for first in stride(from: 0, to: values.count, by: group) {
      let steps = first..<min(first + group, values.count)
      let low = steps.min { values[$0] < values[$1] }!
      let high = steps.max { values[$0] < values[$1] }!
      chosen += low == high ? [low] : [min(low, high), max(low, high)]
    }
    if chosen.last != values.count - 1 { chosen.append(values.count - 1) }
    return chosen.map { step in
      let x = Self.left + (Self.right - Self.left) * Double(step) / Double(max(1, values.count - 1))
      let y = Self.below - (Self.below - Self.above) * (top > 0 ? Double(values[step]) / top : 0)
      return "\(decimal(x, 2)),\(decimal(y, 2))"
    }.joined(separator: " ")
  }

  /// Four digits that count: `0.001`, `2.5e-05`.
  private func number(_ value: Double) -> String { significant(value, 4) }
}

extension String {
  fileprivate var trimmingEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
