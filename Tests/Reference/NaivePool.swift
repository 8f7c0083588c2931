/// Pooling in plain loops: NHWC images and, along each axis, the windows.
public struct NaivePool {
  /// What a window covers of an axis, and by how many elements an average divides.
  public typealias Window = (covered: Range<Int>, counted: Int)

  public let batch, channels: Int
  public let rows, columns: [Window]
  let height, width: Int

  public init(batch: Int, height: Int, width: Int, channels: Int, rows: [Window], columns: [Window]) {
    (self.batch, self.height, self.width, self.channels) = (batch, height, width, channels)
    (self.rows, self.columns) = (rows, columns)
  }

  /// Windows of `size`, `stride` apart. Those that fit the padded axis; with `roundsUp` also one that begins in the axis or
  /// the padding before it, if the one before it left something over.
  public static func windows(
    _ n: Int, size: Int, stride: Int, before: Int, after: Int, roundsUp: Bool, countsPadding: Bool
  ) -> [Window] {
    var windows: [Window] = []
    while n > 0 {
      let start = windows.count * stride - before, end = start + size
      let isWhole = end <= n + after
      guard isWhole || (roundsUp && start < n && end - stride < n + after) else { break }
      let covered = max(start, 0)..<min(end, n)
      windows.append((covered, countsPadding ? min(end, n + after) - start : covered.count))
    }
    return windows
  }

  /// `count` windows that divide the axis as evenly as can be.
  public static func adaptiveWindows(_ n: Int, count: Int) -> [Window] {
    (0..<count).map {
      let covered = $0 * n / count..<(($0 + 1) * n + count - 1) / count
      return (covered, covered.count)
    }
  }

  /// Calls `body(output, inputs, count)` for each window and channel in the order of outputs.
  private func forEachWindow(_ body: (_ output: Int, _ inputs: [Int], _ count: Int) -> Void) {
    var output = 0
    for b in 0..<batch {
      for row in rows {
        for column in columns {
          for c in 0..<channels {
            let inputs = row.covered.flatMap { h in
              column.covered.map { w in ((b * height + h) * width + w) * channels + c }
            }
            body(output, inputs, row.counted * column.counted)
            output += 1
          }
        }
      }
    }
  }

  private var outputCount: Int { batch * rows.count * columns.count * channels }
  private var inputCount: Int { batch * height * width * channels }

  /// The first largest element; a later NaN takes its place.
  public func maximum(_ x: [Float]) -> (y: [Float], indices: [Int32]) {
    var y: [Float] = [], indices: [Int32] = []
    forEachWindow { _, inputs, _ in
      var best = inputs[0]
      for i in inputs.dropFirst() where x[i] > x[best] || x[i].isNaN { best = i }
      y.append(x[best])
      indices.append(Int32(best / channels % (height * width)))
    }
    return (y, indices)
  }

  public func maximumGradient(dy: [Float], indices: [Int32]) -> [Float] {
    var dx = [Float](repeating: 0, count: inputCount)
    forEachWindow { output, inputs, _ in
      for i in inputs where i / channels % (height * width) == Int(indices[output]) { dx[i] += dy[output] }
    }
    return dx
  }

  public func average(_ x: [Float]) -> [Float] {
    var y: [Float] = []
    forEachWindow { _, inputs, count in y.append(inputs.reduce(0) { $0 + x[$1] } / Float(count)) }
    return y
  }

  public func averageGradient(dy: [Float]) -> [Float] {
    var dx = [Float](repeating: 0, count: inputCount)
    forEachWindow { output, inputs, count in
      for i in inputs { dx[i] += dy[output] / Float(count) }
    }
    return dx
  }
}
