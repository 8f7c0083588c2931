import Kernels

extension Convolution {
  func reference(_ c: ReferenceContext) -> [Double]? {
    var y = [Double](repeating: 0, count: c.batch * shape.outputHeight * shape.outputWidth * shape.filters)
    forEachProduct(shape, batch: c.batch) { xi, wi, yi in y[yi] += c.x[xi] * c.parameters[0][wi] }
    return y
  }
}

extension TransposedConvolution {
  /// From something like the convolution's output to something like its input.
  func reference(_ c: ReferenceContext) -> [Double]? {
    var y = [Double](repeating: 0, count: c.batch * shape.height * shape.width * shape.channels)
    forEachProduct(shape, batch: c.batch) { yi, wi, xi in y[yi] += c.x[xi] * c.parameters[0][wi] }
    return y
  }
}

/// Every input element, weight and output element that meet, as positions.
private func forEachProduct(_ s: Conv2DShape, batch: Int, _ body: (_ x: Int, _ w: Int, _ y: Int) -> Void) {
  let (groupChannels, groupFilters) = (s.channels / s.groups, s.filters / s.groups)
  for n in 0..<batch {
    for i in 0..<s.outputHeight {
      for j in 0..<s.outputWidth {
        for f in 0..<s.filters {
          for r in 0..<s.kernelHeight {
            for q in 0..<s.kernelWidth {
              let row = i * s.strideHeight + r * s.dilationHeight - s.padding.top
              let column = j * s.strideWidth + q * s.dilationWidth - s.padding.left
              guard 0..<s.height ~= row, 0..<s.width ~= column else { continue }
              for c in 0..<groupChannels {
                let channel = f / groupFilters * groupChannels + c
                body(
                  ((n * s.height + row) * s.width + column) * s.channels + channel,
                  ((r * s.kernelWidth + q) * groupChannels + c) * s.filters + f,
                  ((n * s.outputHeight + i) * s.outputWidth + j) * s.filters + f)
              }
            }
          }
        }
      }
    }
  }
}
