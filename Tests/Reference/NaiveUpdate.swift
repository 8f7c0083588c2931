// Optimizers, one parameter at a time.

/// What every optimizer step does besides its own rule.
public struct NaiveUpdate: Sendable {
  public var learningRate: Float
  public var weightDecay: Float = 0
  public var l2: Float = 0
  public var gradientScale: Float = 1
  public var gradientLimit: Float = .infinity

  public init(learningRate: Float) { self.learningRate = learningRate }

  /// Scales, limits, adds l2 w; then w <- w * keep - rate * direction, with one rounding of the product's sum.
  ///
  /// - Parameter rate: the learning rate unless the rule changes it.
  func step(_ w: inout [Float], _ gradient: [Float], rate: Float? = nil, _ direction: (_ i: Int, _ g: Float) -> Float) {
    let keep = Float(1 - Double(learningRate) * Double(weightDecay))
    for i in w.indices {
      var g = gradient[i] * gradientScale
      if g < -gradientLimit { g = -gradientLimit }
      if g > gradientLimit { g = gradientLimit }
      g = g.addingProduct(l2, w[i])
      w[i] = (w[i] * keep).addingProduct(-(rate ?? learningRate), direction(i, g))
    }
  }
}

/// beta^step by repeated squaring.
public func naivePower(_ x: Double, _ exponent: Int) -> Double {
  if exponent == 0 { return 1 }
  var result = 1.0
  var square = x
  for bit in 0..<Int.bitWidth where exponent >> bit != 0 {
    if exponent >> bit & 1 == 1 { result *= square }
    square *= square
  }
  return result
}

private func remainder(_ beta: Float, _ step: Int) -> Double { 1 - naivePower(Double(beta), step) }

/// mean <- beta * mean + (1 - beta) * x
private func renew(_ mean: inout Float, _ beta: Float, _ x: Float) {
  mean = (beta * mean).addingProduct(Float(1 - Double(beta)), x)
}

/// square <- beta * square + (1 - beta) * x * x
private func renewSquare(_ square: inout Float, _ beta: Float, _ x: Float) {
  square = (beta * square).addingProduct(Float(1 - Double(beta)) * x, x)
}

extension NaiveUpdate {
  public func sgd(_ w: inout [Float], _ gradient: [Float]) { step(&w, gradient) { _, g in g } }

  public func momentum(
    _ momentum: Float, dampening: Float = 0, nesterov: Bool = false, isFirstStep: Bool, _ w: inout [Float],
    _ gradient: [Float], _ v: inout [Float]
  ) {
    step(&w, gradient) { i, g in
      v[i] = (isFirstStep ? g : (1 - dampening) * g).addingProduct(momentum, isFirstStep ? 0 : v[i])
      return nesterov ? g.addingProduct(momentum, v[i]) : v[i]
    }
  }

  public func adagrad(epsilon: Float, _ w: inout [Float], _ gradient: [Float], _ s: inout [Float]) {
    step(&w, gradient) { i, g in
      s[i] = s[i].addingProduct(g, g)
      return g / (s[i].squareRoot() + epsilon)
    }
  }

  public func rmsprop(
    rho: Float, momentum: Float, centred: Bool, epsilon: Float, _ w: inout [Float], _ gradient: [Float], _ v: inout [Float],
    _ m: inout [Float], _ u: inout [Float]
  ) {
    step(&w, gradient) { i, g in
      renewSquare(&v[i], rho, g)
      var variance = v[i]
      if centred {
        renew(&m[i], rho, g)
        variance = v[i].addingProduct(-m[i], m[i])
        if variance < 0 { variance = 0 }
      }
      let d = g / (variance + epsilon).squareRoot()
      if momentum == 0 { return d }
      u[i] = d.addingProduct(momentum, u[i])
      return u[i]
    }
  }

  public func adadelta(
    rho: Float, epsilon: Float, _ w: inout [Float], _ gradient: [Float], _ v: inout [Float], _ u: inout [Float]
  ) {
    step(&w, gradient) { i, g in
      renewSquare(&v[i], rho, g)
      let d = ((u[i] + epsilon) / (v[i] + epsilon)).squareRoot() * g
      renewSquare(&u[i], rho, d)
      return d
    }
  }

  /// - Parameter largest: of AMSGrad; otherwise left alone.
  public func adam(
    beta1: Float, beta2: Float, epsilon: Float, step t: Int, amsgrad: Bool = false, _ w: inout [Float], _ gradient: [Float],
    _ m: inout [Float], _ v: inout [Float], _ largest: inout [Float]
  ) {
    let correction = Float(1 / remainder(beta2, t).squareRoot())
    step(&w, gradient, rate: Float(Double(learningRate) / remainder(beta1, t))) { i, g in
      renew(&m[i], beta1, g)
      renewSquare(&v[i], beta2, g)
      if amsgrad { largest[i] = largest[i] > v[i] ? largest[i] : v[i] }
      return m[i] / epsilon.addingProduct((amsgrad ? largest : v)[i].squareRoot(), correction)
    }
  }

  public func adamax(
    beta1: Float, beta2: Float, epsilon: Float, step t: Int, _ w: inout [Float], _ gradient: [Float], _ m: inout [Float],
    _ u: inout [Float]
  ) {
    step(&w, gradient, rate: Float(Double(learningRate) / remainder(beta1, t))) { i, g in
      renew(&m[i], beta1, g)
      let (faded, new) = (beta2 * u[i], g.magnitude + epsilon)
      u[i] = faded > new ? faded : new
      return m[i] / u[i]
    }
  }

  /// - Parameter fade: 0.96 to the power of the momentum's decay.
  public func nadam(
    beta1: Float, beta2: Float, epsilon: Float, fade: Double, step t: Int, _ w: inout [Float], _ gradient: [Float],
    _ m: inout [Float], _ v: inout [Float]
  ) {
    let correction = Float(1 / remainder(beta2, t).squareRoot())
    var product = 1.0
    var faded = 1.0
    for _ in 0..<t {
      faded *= fade
      product *= Double(beta1) * (1 - faded / 2)
    }
    let now = Double(beta1) * (1 - naivePower(fade, t) / 2)
    let next = Double(beta1) * (1 - naivePower(fade, t + 1) / 2)
    let (p, q) = (Float((1 - now) / (1 - product)), Float(next / (1 - product * next)))
    step(&w, gradient) { i, g in
      renew(&m[i], beta1, g)
      renewSquare(&v[i], beta2, g)
      return (q * m[i]).addingProduct(p, g) / epsilon.addingProduct(v[i].squareRoot(), correction)
    }
  }

  public func radam(
    beta1: Float, beta2: Float, epsilon: Float, step t: Int, _ w: inout [Float], _ gradient: [Float], _ m: inout [Float],
    _ v: inout [Float]
  ) {
    let left = remainder(beta2, t)
    let limit = 2 / (1 - Double(beta2)) - 1
    let rho = limit - 2 * Double(t) * (1 - left) / left
    var rate = Double(learningRate) / remainder(beta1, t)
    if rho > 5 {
      rate *= ((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho)).squareRoot()
      rate *= left.squareRoot()
    }
    step(&w, gradient, rate: Float(rate)) { i, g in
      renew(&m[i], beta1, g)
      renewSquare(&v[i], beta2, g)
      return m[i] / (rho > 5 ? epsilon : 1).addingProduct(v[i].squareRoot(), rho > 5 ? 1 : 0)
    }
  }
}

public func naiveAverage(momentum: Float, _ w: [Float], _ average: inout [Float]) {
  for i in w.indices { renew(&average[i], momentum, w[i]) }
}
