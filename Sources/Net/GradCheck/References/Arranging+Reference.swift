extension View {
  func reference(_ c: ReferenceContext) -> [Double]? { c.x }
}

extension Sum {
  func reference(_ c: ReferenceContext) -> [Double]? {
    c.x.indices.map { i in c.inputs.reduce(0) { $0 + $1[i] } }
  }
}

extension Join {
  func reference(_ c: ReferenceContext) -> [Double]? {
    (0..<c.batch * rows).flatMap { row in
      zip(c.inputs, columns).flatMap { input, count in input[row * count..<(row + 1) * count] }
    }
  }
}

extension Pad {
  func reference(_ c: ReferenceContext) -> [Double]? {
    let (outputHeight, outputWidth) = (height + padding.top + padding.bottom, width + padding.left + padding.right)
    var y = [Double](repeating: 0, count: c.batch * outputHeight * outputWidth * channels)
    for n in 0..<c.batch {
      for i in 0..<height {
        for j in 0..<width {
          for k in 0..<channels {
            y[((n * outputHeight + i + padding.top) * outputWidth + j + padding.left) * channels + k] =
              c.x[((n * height + i) * width + j) * channels + k]
          }
        }
      }
    }
    return y
  }
}

extension Shuffle {
  func reference(_ c: ReferenceContext) -> [Double]? {
    let size = channels / groups
    var y = c.x
    for row in 0..<c.batch * rows {
      for channel in 0..<channels {
        let (group, place) = (channel / size, channel % size)
        y[row * channels + place * groups + group] = c.x[row * channels + channel]
      }
    }
    return y
  }
}
