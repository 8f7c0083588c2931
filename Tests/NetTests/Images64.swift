import Kernels

// What layers over images compute, in float64 and plain loops over [batch, height, width, channels].

/// The convolution of `shape` (whose batch is not looked at) over as many images as `x` holds.
func convolution64(_ shape: Conv2DShape, _ x: [Double], _ w: [Double]) -> [Double] {
  var y = [Double](repeating: 0, count: x.count / image(shape) * output(shape))
  forEachProduct(shape, batch: x.count / image(shape)) { xi, wi, yi in y[yi] += x[xi] * w[wi] }
  return y
}

/// Its transpose: from something like its output to something like its input.
func transposedConvolution64(_ shape: Conv2DShape, _ x: [Double], _ w: [Double]) -> [Double] {
  var y = [Double](repeating: 0, count: x.count / output(shape) * image(shape))
  forEachProduct(shape, batch: x.count / output(shape)) { yi, wi, xi in y[yi] += x[xi] * w[wi] }
  return y
}

private func image(_ s: Conv2DShape) -> Int { s.height * s.width * s.channels }
private func output(_ s: Conv2DShape) -> Int { s.outputHeight * s.outputWidth * s.filters }

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

/// y = x + b, one b a column.
func bias64(_ x: [Double], _ b: [Double]) -> [Double] { x.indices.map { x[$0] + b[$0 % b.count] } }

/// The elements that go into each mean of a normalisation get mean 0 (unless `centers` is false) and mean square 1.
///
/// - Parameter group: which mean an element belongs to, by its position.
func normalized64(_ x: [Double], epsilon: Float, centers: Bool = true, group: (Int) -> Int) -> [Double] {
  let groups = x.indices.map(group)
  let count = (groups.max() ?? -1) + 1
  func means(_ values: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: count)
    var sizes = [Double](repeating: 0, count: count)
    for (i, g) in groups.enumerated() {
      sums[g] += values[i]
      sizes[g] += 1
    }
    return zip(sums, sizes).map { $0 / $1 }
  }
  let mean = centers ? means(x) : [Double](repeating: 0, count: count)
  let centred = x.indices.map { x[$0] - mean[groups[$0]] }
  let variance = means(centred.map { $0 * $0 })
  return centred.indices.map { centred[$0] / (variance[groups[$0]] + Double(epsilon)).squareRoot() }
}

/// Batch normalisation with the batch's statistics.
func batchNorm64(_ x: [Double], gamma: [Double], beta: [Double], epsilon: Float = 1e-5) -> [Double] {
  let channels = gamma.count
  return affine64(normalized64(x, epsilon: epsilon) { $0 % channels }, gamma, beta)
}

/// x gamma + beta by column.
func affine64(_ x: [Double], _ gamma: [Double], _ beta: [Double]) -> [Double] {
  x.indices.map { x[$0] * gamma[$0 % gamma.count] + beta[$0 % gamma.count] }
}

/// The largest value or the mean of each window; padding counts in neither, but in the mean where `countsPadding`.
func pool64(_ s: Pool2DShape, _ x: [Double], isMaximum: Bool, countsPadding: Bool = false) -> [Double] {
  var y: [Double] = []
  for n in 0..<x.count / (s.height * s.width * s.channels) {
    for i in 0..<s.outputHeight {
      for j in 0..<s.outputWidth {
        for c in 0..<s.channels {
          var values: [Double] = []
          for row in i * s.strideHeight - s.padding.top..<i * s.strideHeight - s.padding.top + s.poolHeight {
            for column in j * s.strideWidth - s.padding.left..<j * s.strideWidth - s.padding.left + s.poolWidth {
              guard 0..<s.height ~= row, 0..<s.width ~= column else {
                if countsPadding { values.append(0) }
                continue
              }
              values.append(x[((n * s.height + row) * s.width + column) * s.channels + c])
            }
          }
          y.append(isMaximum ? values.max()! : values.reduce(0, +) / Double(values.count))
        }
      }
    }
  }
  return y
}
