import Kernels

extension Activate {
  func reference(_ c: ReferenceContext) -> [Double]? { c.x.map { Reference.activation(activation, $0) } }
}

extension SoftmaxRows {
  func reference(_ c: ReferenceContext) -> [Double]? {
    let y = Reference.softmax(c.x, columns: columns)
    return isLogarithm ? y.map(Reference.log) : y
  }
}

extension LearnedSlope {
  func reference(_ c: ReferenceContext) -> [Double]? {
    c.x.indices.map { c.x[$0] > 0 ? c.x[$0] : c.parameters[0][$0 % columns] * c.x[$0] }
  }
}

extension Drop {
  /// The mask is the forward pass's: what it makes of ones.
  func reference(_ c: ReferenceContext) -> [Double]? {
    var mask = [Float](repeating: 1, count: c.x.count)
    mask.withUnsafeMutableBufferPointer { mask in
      let start = mask.baseAddress!
      stream.dropout(
        rate: rate, scale: trainingScale, from: c.examplesSeen &* UInt64(count), start, into: start, count: mask.count)
    }
    return zip(c.x, mask).map { $0 * Double($1) }
  }
}
