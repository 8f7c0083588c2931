#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// What networks compute, in float64 and plain loops: what gradients are checked against.

/// y = x W + b for `rows` rows; W is `[fanIn, units]`.
public func naiveDense64(_ x: [Double], fanIn: Int, _ w: [Double], _ b: [Double]?) -> [Double] {
  let rows = x.count / fanIn
  let units = w.count / fanIn
  var y = [Double](repeating: 0, count: rows * units)
  for i in 0..<rows {
    for j in 0..<units {
      var t = b?[j] ?? 0
      for k in 0..<fanIn { t += x[i * fanIn + k] * w[k * units + j] }
      y[i * units + j] = t
    }
  }
  return y
}

/// An activation by the name of its kind.
public func naiveActivation64(_ kind: String, alpha: Double = 0, _ x: Double) -> Double {
  switch kind {
  case "linear": return x
  case "relu": return max(x, 0)
  case "leakyReLU": return x > 0 ? x : alpha * x
  case "elu": return x > 0 ? x : alpha * (exp(x) - 1)
  case "sigmoid": return 1 / (1 + exp(-x))
  case "tanh": return tanh(x)
  case "softplus": return log(1 + exp(x))
  case "gelu": return 0.5 * x * (1 + erf(x / 2.0.squareRoot()))
  case "geluTanh": return 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
  case "silu": return x / (1 + exp(-x))
  case "selu": return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (exp(x) - 1))
  case "relu6": return min(max(x, 0), 6)
  case "hardSigmoid": return min(max(x + 3, 0), 6) / 6
  case "hardSwish": return x * min(max(x + 3, 0), 6) / 6
  case "mish": return x * tanh(log(1 + exp(x)))
  case "softsign": return x / (1 + abs(x))
  default: preconditionFailure("no activation \(kind)")
  }
}

/// The softmax of each row.
public func naiveSoftmax64(_ x: [Double], columns: Int) -> [Double] {
  var y = x
  for row in stride(from: 0, to: x.count, by: columns) {
    var sum = 0.0
    for j in row..<row + columns { sum += exp(x[j]) }
    for j in row..<row + columns { y[j] = exp(x[j]) / sum }
  }
  return y
}

/// The mean over rows of -sum_j t_j log softmax(x)_j with t smoothed.
public func naiveCrossEntropy64(_ x: [Double], columns: Int, targets: [Double], labelSmoothing: Double = 0) -> Double {
  let p = naiveSoftmax64(x, columns: columns)
  var sum = 0.0
  for i in x.indices { sum -= (targets[i] * (1 - labelSmoothing) + labelSmoothing / Double(columns)) * log(p[i]) }
  return sum / Double(x.count / columns)
}

/// The mean over elements of -t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)) with t smoothed.
public func naiveBinaryCrossEntropy64(_ x: [Double], targets: [Double], labelSmoothing: Double = 0) -> Double {
  var sum = 0.0
  for i in x.indices {
    let t = targets[i] * (1 - labelSmoothing) + labelSmoothing / 2
    let p = 1 / (1 + exp(-x[i]))
    sum -= t * log(p) + (1 - t) * log(1 - p)
  }
  return sum / Double(x.count)
}

/// The mean over elements of (x - t)^2.
public func naiveSquaredError64(_ x: [Double], targets: [Double]) -> Double {
  var sum = 0.0
  for i in x.indices { sum += (x[i] - targets[i]) * (x[i] - targets[i]) }
  return sum / Double(x.count)
}

/// The gradient of `f` at `x` by central differences.
public func naiveGradient64(_ x: [Double], step: Double = 1e-6, _ f: ([Double]) -> Double) -> [Double] {
  var x = x
  return x.indices.map { i in
    let middle = x[i]
    x[i] = middle + step
    let above = f(x)
    x[i] = middle - step
    let below = f(x)
    x[i] = middle
    return (above - below) / (2 * step)
  }
}
