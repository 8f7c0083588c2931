import Kernels

extension MaxPooling {
  func reference(_ c: ReferenceContext) -> [Double]? {
    windows(shape, c.x, batch: c.batch) { values, _ in values.max()! }
  }
}

extension AveragePooling {
  func reference(_ c: ReferenceContext) -> [Double]? {
    windows(shape, c.x, batch: c.batch) { values, padding in
      values.reduce(0, +) / Double(values.count + (countsPadding ? padding : 0))
    }
  }
}

extension GlobalAveragePooling {
  func reference(_ c: ReferenceContext) -> [Double]? {
    var y = [Double](repeating: 0, count: c.batch * channels)
    for i in c.x.indices { y[i / (positions * channels) * channels + i % channels] += c.x[i] / Double(positions) }
    return y
  }
}

/// What `pool` makes of each window: of its elements, and of how many belong to the padding.
private func windows(
  _ s: Pool2DShape, _ x: [Double], batch: Int, _ pool: (_ values: [Double], _ padding: Int) -> Double
) -> [Double] {
  var y: [Double] = []
  for n in 0..<batch {
    for i in 0..<s.outputHeight {
      for j in 0..<s.outputWidth {
        for c in 0..<s.channels {
          var values: [Double] = []
          var padding = 0
          for row in i * s.strideHeight - s.padding.top..<i * s.strideHeight - s.padding.top + s.poolHeight {
            for column in j * s.strideWidth - s.padding.left..<j * s.strideWidth - s.padding.left + s.poolWidth {
              if 0..<s.height ~= row, 0..<s.width ~= column {
                values.append(x[((n * s.height + row) * s.width + column) * s.channels + c])
              } else {
                padding += 1
              }
            }
          }
          y.append(pool(values, padding))
        }
      }
    }
  }
  return y
}
