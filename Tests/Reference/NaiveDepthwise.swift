/// Convolutions with as many groups as channels, more than one. Taps outside the image are left out.
extension NaiveConv2D {
  var isDepthwise: Bool { groups == channels && channels > 1 && filters > 0 }

  private var multiplier: Int { filters / channels }

  /// The place in x under tap (r, s) of output pixel (i, j), or nil outside the image.
  private func source(_ b: Int, _ i: Int, _ j: Int, _ r: Int, _ s: Int, _ channel: Int) -> Int? {
    let row = i * strideHeight + r * dilationHeight - top, column = j * strideWidth + s * dilationWidth - left
    guard 0..<height ~= row, 0..<width ~= column else { return nil }
    return ((b * height + row) * width + column) * channels + channel
  }

  private func output(_ b: Int, _ i: Int, _ j: Int, _ filter: Int) -> Int {
    ((b * outputHeight + i) * outputWidth + j) * filters + filter
  }

  private func weight(_ r: Int, _ s: Int, _ filter: Int) -> Int { (r * kernelWidth + s) * filters + filter }

  /// Each output: one chain over ascending r and s.
  func depthwiseSums(_ x: [Float], _ w: [Float]) -> [Float] {
    var y = [Float](repeating: 0, count: batch * outputHeight * outputWidth * filters)
    for b in 0..<batch {
      for i in 0..<outputHeight {
        for j in 0..<outputWidth {
          for f in 0..<filters {
            var sum: Float = 0
            for r in 0..<kernelHeight {
              for s in 0..<kernelWidth {
                if let from = source(b, i, j, r, s, f / multiplier) { sum.addProduct(x[from], w[weight(r, s, f)]) }
              }
            }
            y[output(b, i, j, f)] = sum
          }
        }
      }
    }
    return y
  }

  /// Each element of dx: one chain over a channel's filters, and for each over the output pixels that use it, ascending.
  func depthwiseBackwardData(dy: [Float], _ w: [Float]) -> [Float] {
    var dx = [Float](repeating: 0, count: batch * height * width * channels)
    for q in 0..<multiplier {
      for b in 0..<batch {
        for i in 0..<outputHeight {
          for j in 0..<outputWidth {
            for r in 0..<kernelHeight {
              for s in 0..<kernelWidth {
                for c in 0..<channels {
                  guard let to = source(b, i, j, r, s, c) else { continue }
                  let f = c * multiplier + q
                  dx[to].addProduct(dy[output(b, i, j, f)], w[weight(r, s, f)])
                }
              }
            }
          }
        }
      }
    }
    return dx
  }

  /// Each weight: a chain over the pixels of each block of output rows, the blocks' sums added in order.
  func depthwiseBackwardWeights(x: [Float], dy: [Float]) -> [Float] {
    var dw = [Float](repeating: 0, count: kernelHeight * kernelWidth * filters)
    guard outputHeight > 0, outputWidth > 0 else { return dw }
    let rows = max(1, 256 / outputWidth)
    for r in 0..<kernelHeight {
      for s in 0..<kernelWidth {
        for f in 0..<filters {
          for b in 0..<batch {
            for block in stride(from: 0, to: outputHeight, by: rows) {
              var sum: Float = 0
              for i in block..<min(block + rows, outputHeight) {
                for j in 0..<outputWidth {
                  if let from = source(b, i, j, r, s, f / multiplier) { sum.addProduct(x[from], dy[output(b, i, j, f)]) }
                }
              }
              dw[weight(r, s, f)] = b == 0 && block == 0 ? sum : dw[weight(r, s, f)] + sum
            }
          }
        }
      }
    }
    return dw
  }
}
