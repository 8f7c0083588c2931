extension Regularizer {
  /// l1 sum |x| + l2 sum x^2 + strength sum |x|^p.
  func penalty(_ x: [Double]) -> Double {
    var sum = 0.0
    for x in x {
      sum += Double(l1) * abs(x) + Double(l2) * x * x
      if strength != 0 { sum += Double(strength) * Reference.exp(Double(p) * Reference.log(abs(x))) }
    }
    return sum
  }
}

extension ActivityPenalty {
  func reference(_ c: ReferenceContext) -> [Double]? { c.x }

  func penaltyReference(_ c: ReferenceContext) -> Double { regularizer.penalty(c.x) / Double(c.batch) }
}
