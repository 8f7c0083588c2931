import Kernels

// The noise is the forward pass's: what it makes of ones, or of zeros.

extension SpatialDrop {
  func reference(_ c: ReferenceContext) -> [Double]? {
    var mask = [Float](repeating: 1, count: c.batch * channels)
    mask.withUnsafeMutableBufferPointer { mask in
      stream.dropout(
        rate: rate, scale: 1 / (1 - rate), from: c.examplesSeen &* UInt64(channels), mask.baseAddress!, into: mask.baseAddress!,
        count: mask.count)
    }
    return c.x.indices.map { c.x[$0] * Double(mask[$0 / (positions * channels) * channels + $0 % channels]) }
  }
}

extension Noise {
  func reference(_ c: ReferenceContext) -> [Double]? {
    var noise = [Float](repeating: 0, count: c.x.count)
    noise.withUnsafeMutableBufferPointer {
      stream.normal(
        mean: isFactor ? 1 : 0, standardDeviation: deviation, from: c.examplesSeen &* UInt64(count), into: $0.baseAddress!,
        count: $0.count)
    }
    return zip(c.x, noise).map { isFactor ? $0 * Double($1) : $0 + Double($1) }
  }
}

extension AlphaDrop {
  /// y is a x + b where x = 1 and x = 0 differ, and a value of its own elsewhere.
  func reference(_ c: ReferenceContext) -> [Double]? {
    func result(of x: Float) -> [Float] {
      var y = [Float](repeating: x, count: c.x.count)
      y.withUnsafeMutableBufferPointer { y in
        stream.alphaDropout(
          rate: rate, from: c.examplesSeen &* UInt64(count), y.baseAddress!, into: y.baseAddress!, count: y.count)
      }
      return y
    }
    let (ones, zeros) = (result(of: 1), result(of: 0)), a = Double(RandomStream.alphaDropoutScale(rate: rate))
    return c.x.indices.map { Double(zeros[$0]) + (ones[$0] == zeros[$0] ? 0 : a * c.x[$0]) }
  }
}
