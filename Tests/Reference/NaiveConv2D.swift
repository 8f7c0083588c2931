/// A convolution in plain loops: NHWC images, HWIO weights, groups, any stride, padding and dilation.
///
/// The forward pass and the gradient of the weights are `naiveGemm` over the matrix of patches, written out with its zeros.
/// Depthwise convolutions stand in NaiveDepthwise.swift.
public struct NaiveConv2D {
  public let batch, height, width, channels, filters, kernelHeight, kernelWidth, strideHeight, strideWidth: Int
  public let top, bottom, left, right, dilationHeight, dilationWidth, groups: Int

  public init(
    batch: Int, height: Int, width: Int, channels: Int, filters: Int, kernelHeight: Int, kernelWidth: Int, strideHeight: Int,
    strideWidth: Int, top: Int, bottom: Int, left: Int, right: Int, dilationHeight: Int, dilationWidth: Int, groups: Int
  ) {
    (self.batch, self.height, self.width, self.channels, self.filters) = (batch, height, width, channels, filters)
    (self.kernelHeight, self.kernelWidth) = (kernelHeight, kernelWidth)
    (self.strideHeight, self.strideWidth) = (strideHeight, strideWidth)
    (self.top, self.bottom, self.left, self.right) = (top, bottom, left, right)
    (self.dilationHeight, self.dilationWidth, self.groups) = (dilationHeight, dilationWidth, groups)
  }

  public var outputHeight: Int { NaiveConv2D.outputSize(height + top + bottom, kernelHeight, strideHeight, dilationHeight) }
  public var outputWidth: Int { NaiveConv2D.outputSize(width + left + right, kernelWidth, strideWidth, dilationWidth) }

  /// Positions at which a kernel with its gaps lies inside the padded input, by trying them all.
  private static func outputSize(_ padded: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
    var count = 0
    while count * stride + (kernel - 1) * dilation < padded { count += 1 }
    return count
  }

  private var groupChannels: Int { channels / groups }
  private var groupFilters: Int { filters / groups }
  private var outputRows: Int { batch * outputHeight * outputWidth }
  private var patchLength: Int { kernelHeight * kernelWidth * groupChannels }

  /// The patches of a group: a row for each output pixel, a column for each (r, s, c), 0 outside the image.
  public func patches(_ x: [Float], group: Int) -> [Float] {
    var rows: [Float] = []
    rows.reserveCapacity(outputRows * patchLength)
    for b in 0..<batch {
      for i in 0..<outputHeight {
        for j in 0..<outputWidth {
          for r in 0..<kernelHeight {
            for s in 0..<kernelWidth {
              let row = i * strideHeight + r * dilationHeight - top, column = j * strideWidth + s * dilationWidth - left
              let isInside = row >= 0 && row < height && column >= 0 && column < width
              for c in 0..<groupChannels {
                rows.append(isInside ? x[((b * height + row) * width + column) * channels + group * groupChannels + c] : 0)
              }
            }
          }
        }
      }
    }
    return rows
  }

  /// y = activation(conv(x, w) + bias + residual).
  public func forward(
    _ x: [Float], _ w: [Float], bias: [Float]? = nil, residual: [Float]? = nil, activation: (Float) -> Float = { $0 }
  ) -> [Float] {
    var y = isDepthwise ? depthwiseSums(x, w) : [Float](repeating: 0, count: outputRows * filters)
    for group in 0..<groups where !isDepthwise {
      let first = group * groupFilters
      let a = patches(x, group: group)
      let columns = w.isEmpty ? w : Array(w[min(first, w.count)...])
      y.withUnsafeMutableBufferPointer { y in
        guard let c = y.baseAddress else { return }
        naiveGemm(
          m: outputRows, n: groupFilters, k: patchLength, a, lda: patchLength, columns, ldb: filters, c + first, ldc: filters)
      }
    }
    for i in y.indices {
      if let bias { y[i] += bias[i % filters] }
      if let residual { y[i] += residual[i] }
      y[i] = activation(y[i])
    }
    return y
  }

  /// dw: over output pixels in order, patch value times dy.
  public func backwardWeights(x: [Float], dy: [Float]) -> [Float] {
    guard !isDepthwise else { return depthwiseBackwardWeights(x: x, dy: dy) }
    var dw = [Float](repeating: 0, count: patchLength * filters)
    for group in 0..<groups {
      let first = group * groupFilters
      let a = patches(x, group: group)
      let columns = dy.isEmpty ? dy : Array(dy[first...])
      dw.withUnsafeMutableBufferPointer { dw in
        guard let c = dw.baseAddress else { return }
        naiveGemm(
          m: patchLength, n: groupFilters, k: outputRows, a, lda: patchLength, transposeA: true, columns, ldb: filters,
          c + first, ldc: filters)
      }
    }
    return dw
  }

  /// dx: for each element, over the taps (r, s) that some output pixel, or one that would lie outside the output, has on it,
  /// and the filters of its group: dy times weight, dy being 0 outside. Blocks of 384 as in `naiveGemm`. Or, where that is much
  /// less work, a sum over filters for each tap inside the output, and then the taps' sums in order.
  public func backwardData(dy: [Float], _ w: [Float]) -> [Float] {
    guard !isDepthwise else { return depthwiseBackwardData(dy: dy, w) }
    var dx: [Float] = []
    dx.reserveCapacity(batch * height * width * channels)
    for b in 0..<batch {
      for row in 0..<height {
        for column in 0..<width {
          for c in 0..<channels {
            dx.append(addsTaps ? tapGradients(dy, w, b, row, column, c) : inputGradient(dy, w, b, row, column, c))
          }
        }
      }
    }
    return dx
  }

  /// The rule of NUMERICS.md: the patches of a gradient have at most 65,536 values an image, and making them takes at most half the
  /// multiplications, in vectors of 16, of the other way.
  private var addsTaps: Bool {
    func vectors(_ n: Int) -> Int { (n + 15) / 16 }
    let (pixels, taps) = (outputHeight * outputWidth, kernelHeight * kernelWidth)
    let gathered = height * width * taps * groupFilters * vectors(groupChannels)
    return pixels * patchLength <= 65_536
      && 2 * pixels * groupFilters * vectors(patchLength) * strideHeight * strideWidth <= gathered
  }

  private func tapGradients(_ dy: [Float], _ w: [Float], _ b: Int, _ row: Int, _ column: Int, _ channel: Int) -> Float {
    let (group, c) = channel.quotientAndRemainder(dividingBy: groupChannels)
    var sum: Float = 0
    for r in 0..<kernelHeight {
      for s in 0..<kernelWidth {
        let i = row + top - r * dilationHeight, j = column + left - s * dilationWidth
        guard i >= 0, j >= 0, i % strideHeight == 0, j % strideWidth == 0 else { continue }
        guard i / strideHeight < outputHeight, j / strideWidth < outputWidth else { continue }
        let pixel = ((b * outputHeight + i / strideHeight) * outputWidth + j / strideWidth) * filters
        let weights = ((r * kernelWidth + s) * groupChannels + c) * filters
        let first = group * groupFilters
        var total: Float = 0
        naiveGemm(
          m: 1, n: 1, k: groupFilters, Array(dy[(pixel + first)...].prefix(groupFilters)), lda: groupFilters,
          Array(w[(weights + first)...].prefix(groupFilters)), ldb: 1, &total, ldc: 1)
        sum += total
      }
    }
    return sum
  }

  private func inputGradient(_ dy: [Float], _ w: [Float], _ b: Int, _ row: Int, _ column: Int, _ channel: Int) -> Float {
    let (group, c) = channel.quotientAndRemainder(dividingBy: groupChannels)
    var total: Float = 0, block: Float = 0, count = 0
    for r in 0..<kernelHeight {
      for s in 0..<kernelWidth {
        let i = row + top - r * dilationHeight, j = column + left - s * dilationWidth
        guard i % strideHeight == 0, j % strideWidth == 0 else { continue }
        let y = i / strideHeight, x = j / strideWidth
        let isInside = y >= 0 && y < outputHeight && x >= 0 && x < outputWidth
        for f in group * groupFilters..<(group + 1) * groupFilters {
          let gradient = isInside ? dy[((b * outputHeight + y) * outputWidth + x) * filters + f] : 0
          block.addProduct(gradient, w[((r * kernelWidth + s) * groupChannels + c) * filters + f])
          count += 1
          if count % naiveGemmBlock == 0 {
            total = count == naiveGemmBlock ? block : total + block
            block = 0
          }
        }
      }
    }
    guard count % naiveGemmBlock != 0 else { return total }
    return count < naiveGemmBlock ? block : total + block
  }
}
