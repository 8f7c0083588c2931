/// y = x, or slope[j] x where x is not positive.
public func naivePReLU(columns: Int, _ x: [Float], slope: [Float]) -> [Float] {
  x.indices.map { x[$0] > 0 ? x[$0] : slope[$0 % columns] * x[$0] }
}

/// Chains of 256 rows from 0, added in order.
public func naivePReLUGradient(
  rows: Int, columns: Int, x: [Float], slope: [Float], dy: [Float]
) -> (dx: [Float], slope: [Float]) {
  let dx = x.indices.map { x[$0] > 0 ? dy[$0] : slope[$0 % columns] * dy[$0] }
  var total = [Float](repeating: 0, count: columns)
  for j in 0..<columns {
    for chunk in stride(from: 0, to: rows, by: 256) {
      var sum: Float = 0
      for i in chunk..<min(chunk + 256, rows) where !(x[i * columns + j] > 0) {
        sum = sum.addingProduct(x[i * columns + j], dy[i * columns + j])
      }
      total[j] += sum
    }
  }
  return (dx, total)
}
