/// A 3 x 3 convolution of stride 1 by Winograd's F(m x m, 3 x 3), m = 2 or 4, in plain loops: NHWC images, HWIO weights.
/// The gradient of the weights is F(3 x 3, 2 x 2).
///
/// The bits of the package's Winograd convolutions. Each patch is transformed down its columns, then along its rows; so is
/// each filter; the products are sums over channels as in `naiveGemm`; and a tile is transformed along its rows, then down its
/// columns. The points are 0, +-1 and infinity for m = 2, and 0, +-3/4, +-3/2 and infinity for m = 4.
public struct NaiveWinograd {
  public let m, batch, height, width, channels, filters: Int
  public let top, bottom, left, right: Int

  public init(
    m: Int, batch: Int, height: Int, width: Int, channels: Int, filters: Int, top: Int, bottom: Int, left: Int, right: Int
  ) {
    (self.m, self.batch, self.height, self.width) = (m, batch, height, width)
    (self.channels, self.filters) = (channels, filters)
    (self.top, self.bottom, self.left, self.right) = (top, bottom, left, right)
  }

  public var outputHeight: Int { max(0, height + top + bottom - 2) }
  public var outputWidth: Int { max(0, width + left + right - 2) }

  // MARK: One dimension

  /// B^T d: m + 2 inputs.
  public func transformInput(_ d: [Float]) -> [Float] {
    if m == 2 { return [d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]] }
    func end(_ d: ArraySlice<Float>) -> Float {
      let first = d.startIndex
      return d[first + 4].addingProduct(-2.8125, d[first + 2]).addingProduct(1.265625, d[first])
    }
    func pair(_ x: Float, square: Float) -> (Float, Float) {
      let even = d[4].addingProduct(-square, d[2]), odd = d[3].addingProduct(-square, d[1])
      return (even.addingProduct(x, odd), even.addingProduct(-x, odd))
    }
    let (p, minusP) = pair(0.75, square: 2.25), (q, minusQ) = pair(1.5, square: 0.5625)
    return [end(d[0...4]), p, minusP, q, minusQ, end(d[1...5])]
  }

  /// G g: the three weights of a filter.
  public func transformFilter(_ g: [Float]) -> [Float] {
    if m == 2 {
      let even = g[0] + g[2]
      return [g[0], 0.5 * (even + g[1]), 0.5 * (even - g[1]), g[2]]
    }
    func pair(_ x: Float, _ scale: Float) -> [Float] {
      let even = g[0].addingProduct(x * x, g[2])
      return [scale * even.addingProduct(x, g[1]), scale * even.addingProduct(-x, g[1])]
    }
    return [64.0 / 81 * g[0]] + pair(0.75, -128.0 / 243) + pair(1.5, 32.0 / 243) + [g[2]]
  }

  /// A^T s: m + 2 products.
  public func transformOutput(_ s: [Float]) -> [Float] {
    if m == 2 { return [s[0] + s[1] + s[2], s[1] - s[2] - s[3]] }
    let sumP = s[1] + s[2], sumQ = s[3] + s[4], differenceP = s[1] - s[2], differenceQ = s[3] - s[4]
    return [
      s[0] + sumP + sumQ, (1.5 * differenceQ).addingProduct(0.75, differenceP), (2.25 * sumQ).addingProduct(0.5625, sumP),
      s[5].addingProduct(3.375, differenceQ).addingProduct(0.421875, differenceP),
    ]
  }

  // MARK: Two dimensions

  /// A transform down the columns of `rows`, then along the rows of the result.
  private func downThenAcross(_ rows: [[Float]], _ transform: ([Float]) -> [Float]) -> [[Float]] {
    transposed(transposed(rows).map(transform)).map(transform)
  }

  private func transposed(_ rows: [[Float]]) -> [[Float]] { rows[0].indices.map { j in rows.map { $0[j] } } }

  /// V: for each position of a patch a tiles x channels matrix, tiles counted image by image, row by row.
  private func patches(_ x: [Float]) -> [[Float]] {
    var v = [[Float]](repeating: [], count: (m + 2) * (m + 2))
    for b in 0..<batch {
      for i in stride(from: -top, to: outputHeight - top, by: m) {
        for j in stride(from: -left, to: outputWidth - left, by: m) {
          for c in 0..<channels {
            let patch = (i..<i + m + 2).map { row in
              (j..<j + m + 2).map { column in
                row < 0 || row >= height || column < 0 || column >= width
                  ? 0 : x[((b * height + row) * width + column) * channels + c]
              }
            }
            for (p, value) in downThenAcross(patch, transformInput).joined().enumerated() { v[p].append(value) }
          }
        }
      }
    }
    return v
  }

  /// U: for each position of a patch a channels x filters matrix.
  private func filters(_ w: [Float]) -> [[Float]] {
    var u = [[Float]](repeating: [], count: (m + 2) * (m + 2))
    for element in 0..<channels * filters {
      let filter = (0..<3).map { r in (0..<3).map { s in w[(r * 3 + s) * channels * filters + element] } }
      for (p, value) in downThenAcross(filter, transformFilter).joined().enumerated() { u[p].append(value) }
    }
    return u
  }

  /// y = activation(conv(x, w) + bias + residual).
  public func forward(
    _ x: [Float], _ w: [Float], bias: [Float]? = nil, residual: [Float]? = nil, activation: (Float) -> Float = { $0 }
  ) -> [Float] {
    let rows = (outputHeight + m - 1) / m, columns = (outputWidth + m - 1) / m, tiles = batch * rows * columns
    let products = zip(patches(x), filters(w)).map { v, u in
      var product = [Float](repeating: 0, count: tiles * filters)
      naiveGemm(m: tiles, n: filters, k: channels, v, lda: channels, u, ldb: filters, &product, ldc: filters)
      return product
    }
    var y = [Float](repeating: 0, count: batch * outputHeight * outputWidth * filters)
    for tile in 0..<tiles {
      let (b, row, column) = (tile / (rows * columns), tile / columns % rows * m, tile % columns * m)
      for f in 0..<filters {
        let square = (0..<m + 2).map { i in (0..<m + 2).map { j in products[i * (m + 2) + j][tile * filters + f] } }
        let outputs = transposed(transposed(square.map(transformOutput)).map(transformOutput))
        for i in 0..<min(m, outputHeight - row) {
          for j in 0..<min(m, outputWidth - column) {
            let at = ((b * outputHeight + row + i) * outputWidth + column + j) * filters + f
            var t = outputs[i][j]
            if let bias { t += bias[f] }
            if let residual { t += residual[at] }
            y[at] = activation(t)
          }
        }
      }
    }
    return y
  }

  /// dx, of the size of x: the convolution of dy with the filters turned around, channels and filters exchanged.
  public func backwardData(dy: [Float], _ w: [Float]) -> [Float] {
    var turned: [Float] = []
    for r in 0..<3 {
      for s in 0..<3 {
        for f in 0..<filters {
          for c in 0..<channels { turned.append(w[(((2 - r) * 3 + 2 - s) * channels + c) * filters + f]) }
        }
      }
    }
    let reverse = NaiveWinograd(
      m: m, batch: batch, height: outputHeight, width: outputWidth, channels: filters, filters: channels, top: 2 - top,
      bottom: height + 2 - outputHeight - (2 - top), left: 2 - left, right: width + 2 - outputWidth - (2 - left))
    return reverse.forward(dy, turned)
  }

  // MARK: The gradient of the weights

  /// H g: two values of dy as a filter of F(3, 2), but for the halves.
  private func spread(_ g: [Float]) -> [Float] { [g[0], g[0] + g[1], g[0] - g[1], g[1]] }

  /// C^T s: three outputs of F(3, 2), from four sums.
  private func gather(_ s: [Float]) -> [Float] {
    let even = 0.5 * (s[1] + s[2])
    return [s[0] + even, 0.5 * (s[1] - s[2]), even - s[3]]
  }

  /// D: for each position a tiles x filters matrix, from tiles of 2 x 2 values of dy, with zeros where they stick out.
  private func tiles(_ dy: [Float]) -> [[Float]] {
    var d = [[Float]](repeating: [], count: 16)
    for b in 0..<batch {
      for i in stride(from: 0, to: outputHeight, by: 2) {
        for j in stride(from: 0, to: outputWidth, by: 2) {
          for f in 0..<filters {
            let tile = (i..<i + 2).map { row in
              (j..<j + 2).map { column in
                row < outputHeight && column < outputWidth
                  ? dy[((b * outputHeight + row) * outputWidth + column) * filters + f] : 0
              }
            }
            for (p, value) in downThenAcross(tile, spread).joined().enumerated() { d[p].append(value) }
          }
        }
      }
    }
    return d
  }

  /// The spans of 0..<tiles: as many as leave sixteen pieces of at most 128 channels and 128 filters, of at least 128 tiles, cut
  /// at multiples of 64.
  private func spans(of tiles: Int) -> [Range<Int>] {
    let pieces = ((channels + 127) / 128) * ((filters + 127) / 128), units = (tiles + 63) / 64
    let count = max(1, min(16 / pieces, tiles / 128))
    return (0..<count).map { min(tiles, units * $0 / count * 64)..<min(tiles, units * ($0 + 1) / count * 64) }
  }

  /// dw by F(3 x 3, 2 x 2), of the size of the weights (m is 2). The sum over tiles: chains of 64 tiles, added within a span; the
  /// gradients of the spans added in order.
  public func backwardWeights(x: [Float], dy: [Float]) -> [Float] {
    let v = patches(x), d = tiles(dy), tiles = d[0].count / filters
    var dw = [Float](repeating: 0, count: 9 * channels * filters)
    for (number, span) in spans(of: tiles).enumerated() {
      for element in 0..<channels * filters {
        let (c, f) = element.quotientAndRemainder(dividingBy: filters)
        let sums = (0..<16).map { p in
          let chains = stride(from: span.lowerBound, to: span.upperBound, by: 64).map { first in
            (first..<min(first + 64, span.upperBound)).reduce(Float(0)) {
              $0.addingProduct(v[p][$1 * channels + c], d[p][$1 * filters + f])
            }
          }
          return chains.dropFirst().reduce(chains[0], +)
        }
        let square = (0..<4).map { gather(Array(sums[4 * $0..<4 * $0 + 4])) }
        for (tap, value) in transposed(transposed(square).map(gather)).joined().enumerated() {
          let at = tap * channels * filters + element
          dw[at] = number == 0 ? value : dw[at] + value
        }
      }
    }
    return dw
  }
}
