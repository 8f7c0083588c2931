extension Linear {
  func reference(_ c: ReferenceContext) -> [Double]? {
    let (x, w) = (c.x, c.parameters[0])
    var y = [Double](repeating: 0, count: c.batch * rows * units)
    for i in 0..<c.batch * rows {
      for j in 0..<units {
        for k in 0..<fanIn { y[i * units + j] += x[i * fanIn + k] * w[k * units + j] }
      }
    }
    return y
  }
}

extension AddBias {
  func reference(_ c: ReferenceContext) -> [Double]? { c.x.indices.map { c.x[$0] + c.parameters[0][$0 % columns] } }
}
