import Kernels

extension ElementwiseLoss {
  public func reference(_ c: LossReferenceContext) -> [Double]? { zip(c.outputs, c.targets!).map { of($0, $1) } }

  private func of(_ y: Double, _ t: Double) -> Double {
    let d = abs(y - t), margin = max(0, 1 - t * y)
    switch element {
    case .squaredError: return d * d
    case .absoluteError: return d
    case .huber(let delta): return d <= Double(delta) ? d * d / 2 : Double(delta) * (d - Double(delta) / 2)
    case .hinge: return margin
    case .squaredHinge: return margin * margin
    }
  }
}

extension KullbackLeibler {
  public func reference(_ c: LossReferenceContext) -> [Double]? { divergence(c, c.targets!) }
}

/// sum_j t_j (log t_j - log softmax(y)_j) of each row.
private func divergence(_ c: LossReferenceContext, _ targets: [Double], temperature: Double = 1) -> [Double] {
  let entropies = crossEntropy(c, targets, 0, temperature: temperature)
  return entropies.enumerated().map { row, entropy in
    let t = targets[row * c.outputCount..<(row + 1) * c.outputCount]
    return entropy + t.reduce(0) { $0 + ($1 == 0 ? 0 : $1 * Reference.log($1)) }
  }
}

extension Distillation {
  public func reference(_ c: LossReferenceContext) -> [Double]? {
    let (temperature, share) = (Double(temperature), Double(studentWeight))
    let q = Reference.softmax(c.teacher!.map { $0 / temperature }, columns: c.outputCount)
    let soft = divergence(c, q, temperature: temperature)
    return zip(SparseCategoricalCrossEntropy().reference(c)!, soft).map {
      share * $0 + (1 - share) * temperature * temperature * $1
    }
  }
}

extension CosineSimilarity {
  public func reference(_ c: LossReferenceContext) -> [Double]? {
    (0..<c.batch).map { row in
      let range = row * c.outputCount..<(row + 1) * c.outputCount
      func product(_ x: [Double], _ y: [Double]) -> Double { range.reduce(0) { $0 + x[$1] * y[$1] } }
      let lengths = product(c.outputs, c.outputs) * product(c.targets!, c.targets!)
      return -product(c.outputs, c.targets!) / lengths.squareRoot()
    }
  }
}

extension ContentLoss {
  public func reference(_ c: LossReferenceContext) -> [Double]? {
    zip(c.outputs, c.targets!).map { ($0 - $1) * ($0 - $1) / 2 * Double(c.outputCount) }
  }
}

extension GramLoss {
  public func reference(_ c: LossReferenceContext) -> [Double]? {
    let (m, n) = (c.outputCount / channels, channels)
    func gram(_ x: [Double], _ example: Int, _ a: Int, _ b: Int) -> Double {
      (0..<m).reduce(0) { $0 + x[(example * m + $1) * n + a] * x[(example * m + $1) * n + b] }
    }
    return (0..<c.batch).map { i in
      var sum = 0.0
      for a in 0..<n {
        for b in 0..<n {
          let d = gram(c.outputs, i, a, b) - gram(c.targets!, i, a, b)
          sum += d * d
        }
      }
      return sum / Double(4 * n * n * m * m)
    }
  }
}

extension SparseCategoricalCrossEntropy {
  public func reference(_ c: LossReferenceContext) -> [Double]? {
    let targets = c.labels!.flatMap { label in (0..<c.outputCount).map { Int32($0) == label ? 1.0 : 0.0 } }
    guard let classWeights else { return crossEntropy(c, targets, labelSmoothing) }
    let sum = c.labels!.reduce(0) { $0 + Double(classWeights[Int($1)]) }
    let weights = classWeights.map { Double($0) * Double(c.batch) / sum }
    return crossEntropy(c, targets, labelSmoothing, weights: weights)
  }
}

extension CategoricalCrossEntropy {
  public func reference(_ c: LossReferenceContext) -> [Double]? { crossEntropy(c, c.targets!, labelSmoothing) }
}

/// -sum_j w_j t_j log softmax(y / temperature)_j of each row, with t smoothed.
private func crossEntropy(
  _ c: LossReferenceContext, _ targets: [Double], _ smoothing: Float, weights: [Double]? = nil, temperature: Double = 1
) -> [Double] {
  let (classes, e) = (c.outputCount, Double(smoothing))
  let p = Reference.softmax(c.outputs.map { $0 / temperature }, columns: classes)
  return (0..<c.batch).map { row in
    var sum = 0.0
    for i in row * classes..<(row + 1) * classes {
      let weight = weights?[i % classes] ?? 1
      sum -= weight * (targets[i] * (1 - e) + e / Double(classes)) * Reference.log(p[i])
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
