import Kernels

extension Attend {
  func reference(_ c: ReferenceContext) -> [Double]? {
    let s = shape
    let (q, k, v) = (c.inputs[0], c.inputs[1], c.inputs[2])
    var y = [Double](repeating: 0, count: c.batch * s.queries * s.heads * s.valueSize)
    for b in 0..<c.batch {
      for h in 0..<s.heads {
        // Where the query, key, value or result of a step begins.
        func place(_ step: Int, of steps: Int, _ size: Int) -> Int { ((b * steps + step) * s.heads + h) * size }
        for i in 0..<s.queries {
          let seen = (0..<s.keys).filter { j in (!s.isCausal || j <= i) && (!isMasked || c.inputs[3][b * s.keys + j] != 0) }
          let scores = seen.map { j in
            var dot = 0.0
            for d in 0..<s.keySize { dot += q[place(i, of: s.queries, s.keySize) + d] * k[place(j, of: s.keys, s.keySize) + d] }
            return dot * Double(s.scale)
          }
          let probabilities = seen.isEmpty ? [] : Reference.softmax(scores, columns: scores.count)
          for (j, p) in zip(seen, probabilities) {
            for d in 0..<s.valueSize {
              y[place(i, of: s.queries, s.valueSize) + d] += p * v[place(j, of: s.keys, s.valueSize) + d]
            }
          }
        }
      }
    }
    return y
  }
}

extension Lookup {
  /// A token stays the same token when it is moved a little.
  func reference(_ c: ReferenceContext) -> [Double]? {
    c.x.flatMap { token in
      let row = Int(token.rounded())
      return c.parameters[0][row * columns..<(row + 1) * columns]
    }
  }
}

extension AddTable {
  func reference(_ c: ReferenceContext) -> [Double]? { c.x.indices.map { c.x[$0] + Double(table[$0 % table.count]) } }
}
