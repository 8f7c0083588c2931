extension MeanSquaredError {
  public func reference(_ c: LossReferenceContext) -> [Double]? {
    zip(c.outputs, c.targets!).map { ($0 - $1) * ($0 - $1) }
  }
}

extension SparseCategoricalCrossEntropy {
  public func reference(_ c: LossReferenceContext) -> [Double]? {
    let targets = c.labels!.flatMap { label in (0..<c.outputCount).map { Int32($0) == label ? 1.0 : 0.0 } }
    return crossEntropy(c, targets, labelSmoothing)
  }
}

extension CategoricalCrossEntropy {
  public func reference(_ c: LossReferenceContext) -> [Double]? { crossEntropy(c, c.targets!, labelSmoothing) }
}

/// -sum_j t_j log softmax(y)_j of each row, with t smoothed.
private func crossEntropy(_ c: LossReferenceContext, _ targets: [Double], _ smoothing: Float) -> [Double] {
  let (classes, e) = (c.outputCount, Double(smoothing))
  let p = Reference.softmax(c.outputs, columns: classes)
  return (0..<c.batch).map { row in
    var sum = 0.0
    for i in row * classes..<(row + 1) * classes {
      sum -= (targets[i] * (1 - e) + e / Double(classes)) * Reference.log(p[i])
    }
    return sum
  }
}

extension BinaryCrossEntropy {
  public func reference(_ c: LossReferenceContext) -> [Double]? {
    let e = Double(labelSmoothing)
    return zip(c.outputs, c.targets!).map { y, target in
      let t = target * (1 - e) + e / 2
      return -t * Reference.log(Reference.sigmoid(y)) - (1 - t) * Reference.log(Reference.sigmoid(-y))
    }
  }
}
