// Elementary functions and activations, one element at a time: the same steps as the kernels, in plain arithmetic.
// `a.addingProduct(b, c)` is a + b c with one rounding. The kernels' headers explain the formulas.

private let expTail: [Float] = [
  0x1p-1, 0x1.555466p-3, 0x1.555302p-5, 0x1.1257a4p-7, 0x1.6fe4a2p-10,
]
private let expm1Tail: [Float] = [
  0x1p-1, 0x1.555554p-3, 0x1.5554eap-5, 0x1.1113acp-7, 0x1.6d4cdcp-10, 0x1.9c6424p-13,
]
private let logTail: [Float] = [
  0x1.555506p-2, -0x1.fffefp-3, 0x1.99d024p-3, -0x1.559dc4p-3, 0x1.1ed746p-3, -0x1.f31244p-4, 0x1.1e65f6p-3, -0x1.080302p-3,
]
private let log1pTail: [Float] = [
  -0x1.fffff8p-2, 0x1.5553b6p-2, -0x1.ffc5ap-3, 0x1.978b6ep-3, -0x1.4a733ap-3, 0x1.ff2bc8p-4, -0x1.54f61ap-4, 0x1.5907ecp-5,
  -0x1.c0b35p-7, 0x1.1144b4p-9,
]
private let millsNumerator: [Float] = [0x1.cp-25, 0x1.9ae0ecp-25, 0x1.637a58p-26, 0x1.480a24p-28, 0x1.181b86p-31]
private let millsRest: [Float] = [0x1.9db0c6p-1, 0x1.9e8156p-3, 0x1.5ddd2ap-6]
private let erfSmall: [Float] = [
  0x1.06eba8p-3, -0x1.81273ep-2, 0x1.ce2ce6p-4, -0x1.b7f71ap-6, 0x1.53f224p-8, -0x1.a3515ep-11, 0x1.4771fcp-14,
]
private let tanhSmall: [Float] = [
  -0x1.55553ep-2, 0x1.1109bep-3, -0x1.b89abap-5, 0x1.54c3c2p-6, -0x1.828776p-8,
]

/// c[0] + c[1] x + c[2] x^2 + ... by Horner's rule.
private func polynomial(_ x: Float, _ c: [Float]) -> Float {
  var y = c[c.count - 1]
  for i in stride(from: c.count - 2, through: 0, by: -1) { y = c[i].addingProduct(y, x) }
  return y
}

/// a > b ? a : b, so b when either is NaN; and its mirror.
private func greater(_ a: Float, _ b: Float) -> Float { a > b ? a : b }
private func lesser(_ a: Float, _ b: Float) -> Float { a < b ? a : b }
private func limit(_ x: Float, _ lower: Float, _ upper: Float) -> Float { greater(lower, lesser(upper, x)) }

/// 2^n for -126 <= n <= 127.
private func power2(_ n: Int32) -> Float { Float(bitPattern: UInt32(truncatingIfNeeded: Int(n) + 127) << 23) }

private func scaled(_ x: Float, _ n: Int32) -> Float { x * power2(n >> 1) * power2(n - (n >> 1)) }

/// x * 2^n through the exponent: both normal, or n zero.
private func exponentShifted(_ x: Float, _ n: Int32) -> Float {
  Float(bitPattern: UInt32(bitPattern: Int32(bitPattern: x.bitPattern) &+ n << 23))
}

/// x / ln 2 rounded to an integer.
private func binaryExponent(_ x: Float) -> Float {
  let magic: Float = 0x1.8p23
  return magic.addingProduct(x, 0x1.715476p0) - magic
}

private func integer(_ n: Float) -> Int32 { n.isNaN ? 0 : Int32(n) }

/// x = n ln 2 + r.
private func reduced(_ x: Float) -> (r: Float, n: Int32) {
  let n = binaryExponent(x)
  return (x.addingProduct(-n, 0x1.62e43p-1).addingProduct(n, 0x1.05c61p-29), integer(n))
}

/// e^(n ln 2 + r) = 2^n (1 + m1).
private func expSplit(_ z: (r: Float, n: Int32)) -> (m1: Float, n: Int32) {
  (z.r.addingProduct(z.r * z.r, polynomial(z.r, expTail)), z.n)
}

public func naiveExp(_ x: Float) -> Float {
  let e = expSplit(reduced(limit(x, -104, 89)))
  return scaled(e.m1 + 1, e.n)
}

public func naiveExpm1(_ x: Float) -> Float {
  let z = reduced(limit(x, -18, 44))
  let m1 = z.r.addingProduct(z.r * z.r, polynomial(z.r, expm1Tail))
  return (power2(z.n) - 1).addingProduct(power2(z.n), m1)
}

public func naiveLog(_ x: Float) -> Float {
  if x < 0 { return .nan }
  if x == 0 { return -.infinity }
  if !(x < .infinity) { return x }
  let isSmall = x < 0x1p-126
  let bits = Int32(bitPattern: (isSmall ? x * 0x1p25 : x).bitPattern)
  let k = (bits - 0x3f2a_aaab) >> 23
  let f = Float(bitPattern: UInt32(bitPattern: bits - k << 23)) - 1
  let exponent = Float(k) - (isSmall ? 25 : 0)
  let cubic = f * f * f * polynomial(f, logTail)
  let low = cubic.addingProduct(exponent, -0x1.bd0106p-13)
  return (f + low.addingProduct(f * f, -0.5)).addingProduct(exponent, 0x1.63p-1)
}

/// ln(1 + u) for 0 <= u <= 1.
public func naiveLog1p(_ u: Float) -> Float { u.addingProduct(u * u, polynomial(u, log1pTail)) }

/// exp(-a^2/2), not yet scaled.
private func gauss(_ a: Float) -> (m1: Float, n: Int32) {
  let half = a * -0.5, n = binaryExponent(half * a)
  let r = (n * -0x1.62e4p-1).addingProduct(half, a).addingProduct(-n, 0x1.7f7d1cp-20)
  return expSplit((r, integer(n)))
}

/// 2^-24 Q(a) exp(a^2/2), Q the upper tail of the normal distribution.
private func mills(_ a: Float) -> Float {
  let numerator = polynomial(a, millsNumerator)
  let slope = polynomial(a, millsRest).addingProduct(numerator, 0x1.40d96p25)
  return numerator / Float(1.75).addingProduct(a, slope)
}

public func naiveErf(_ x: Float) -> Float {
  guard x.magnitude > 1 else { return x.addingProduct(x, polynomial(x * x, erfSmall)) }
  let a = lesser(8, x.magnitude * 0x1.6a09e6p0), ratio = mills(a), e = gauss(a)
  let large = Float(1).addingProduct(-exponentShifted(ratio.addingProduct(ratio, e.m1), e.n), 0x1p25)
  return Float(signOf: x, magnitudeOf: large)
}

public func naiveReLU(_ x: Float) -> Float { greater(0, x) }
public func naiveLeakyReLU(_ x: Float, slope: Float) -> Float { x > 0 ? x : slope * x }
public func naiveELU(_ x: Float, alpha: Float) -> Float { x > 0 ? x : alpha * naiveExpm1(lesser(0, x)) }

/// 2^-shift (1 + e^x).
private func onePlus(_ e: (m1: Float, n: Int32), _ shift: Int32) -> Float {
  let unit = power2(-shift), scale = power2(e.n - shift)
  return scale > unit ? scale + unit.addingProduct(scale, e.m1) : (scale + unit) + Float(0).addingProduct(scale, e.m1)
}

public func naiveSigmoid(_ x: Float) -> Float { 0x1p-64 / onePlus(expSplit(reduced(limit(-x, -40, 105))), 64) }

public func naiveTanh(_ x: Float) -> Float {
  guard x.magnitude > 0.6 else { return x.addingProduct(x * x * x, polynomial(x * x, tanhSmall)) }
  let magnitude = lesser(10, x.magnitude)
  let e = expSplit(reduced(magnitude + magnitude))
  let large = 1 - 2 / (power2(e.n) + 1).addingProduct(power2(e.n), e.m1)
  return Float(signOf: x, magnitudeOf: large)
}

public func naiveSoftplus(_ x: Float) -> Float { naiveReLU(x) + naiveLog1p(naiveExp(-x.magnitude)) }

/// w / (1 + e^x).
private func gated(_ w: Float, _ e: (m1: Float, n: Int32)) -> Float {
  w.magnitude < 0x1p-60 ? w * 0.5 : w * 0x1p-32 / onePlus(e, 32)
}

public func naiveSiLU(_ x: Float) -> Float { gated(greater(-110, x), expSplit(reduced(limit(-x, -40, 110)))) }

public func naiveGELU(_ x: Float) -> Float {
  let a = lesser(14.5, x.magnitude), ratio = mills(a), e = gauss(a)
  return naiveReLU(x).addingProduct(-ratio.addingProduct(ratio, e.m1), exponentShifted(a * 0x1p24, e.n))
}

/// 2 sqrt(2/pi) (a + 0.044715 a^3) as a sum of two floats.
private func geluArgument(_ a: Float) -> (high: Float, low: Float) {
  let c1: Float = 0x1.988454p0, c1Low: Float = -0x1.857936p-25
  let c3: Float = 0x1.2444f2p-4, c3Low: Float = 0x1.49b16ap-29
  let square = a * a, squareLow = (-square).addingProduct(a, a)
  let product = c3 * square
  let productLow = (-product).addingProduct(c3, square).addingProduct(c3Low, square).addingProduct(c3, squareLow)
  let sum = c1 + product, part = sum - c1
  let sumError = (c1 - (sum - part)) + (product - part)
  let sumLow = sumError + (c1Low + productLow)
  let high = sum * a
  return (high, (-high).addingProduct(sum, a).addingProduct(sumLow, a))
}

public func naiveGELUTanh(_ x: Float) -> Float {
  let v = geluArgument(limit(x, -10.9, 6))
  let z = reduced(-v.high)
  return gated(greater(-10.9, x), expSplit((z.r - v.low, z.n)))
}

// Derivatives: from the output y, or from the input x.

public func naiveSELU(_ x: Float) -> Float { x > 0 ? 0x1.0cfabep0 * x : 0x1.c212ccp0 * naiveExpm1(lesser(0, x)) }
public func naiveReLU6(_ x: Float) -> Float { lesser(6, naiveReLU(x)) }
public func naiveHardSigmoid(_ x: Float) -> Float { naiveReLU6(x + 3) * 0x1.555556p-3 }
public func naiveHardSwish(_ x: Float) -> Float { greater(-3, x) * naiveHardSigmoid(x) }

public func naiveMish(_ x: Float) -> Float {
  guard !(x > 20) else { return x }
  let e = expSplit(reduced(limit(x, -110, 20)))
  let t = scaled(e.m1 + 1, e.n), sum = t + 2
  let w = greater(-110, x) * (sum / Float(2).addingProduct(t, sum))
  return scaled(w.addingProduct(w, e.m1), e.n)
}

public func naiveSoftsign(_ x: Float) -> Float {
  let near = limit(x, -0x1p100, 0x1p100)
  return near / (1 + near.magnitude)
}

public func naiveSELUGradient(y: Float, dy: Float) -> Float { (y <= 0 ? y + 0x1.c212ccp0 : 0x1.0cfabep0) * dy }
public func naiveReLU6Gradient(y: Float, dy: Float) -> Float { y <= 0 || y >= 6 ? 0 : dy }
public func naiveHardSigmoidGradient(y: Float, dy: Float) -> Float { y <= 0 || y >= 1 ? 0 : 0x1.555556p-3 * dy }
public func naiveSoftsignGradient(y: Float, dy: Float) -> Float { (1 - y.magnitude) * (1 - y.magnitude) * dy }

public func naiveHardSwishGradient(x: Float, dy: Float) -> Float {
  (x <= -3 ? 0 : x >= 3 ? 1 : Float(0.5).addingProduct(x, 0x1.555556p-2)) * dy
}

public func naiveMishGradient(x: Float, dy: Float) -> Float {
  let near = limit(x, -110, 20), t = naiveExp(near), n = t * (t + 2), r = 1 / (n + 2)
  return (n * r).addingProduct(near * (4 * (t * (t + 1)) * r), r) * dy
}

public func naiveReLUGradient(y: Float, dy: Float) -> Float { y <= 0 ? 0 : dy }
public func naiveLeakyReLUGradient(y: Float, dy: Float, slope: Float) -> Float { y <= 0 ? slope * dy : dy }
public func naiveELUGradient(y: Float, dy: Float, alpha: Float) -> Float { y <= 0 ? (y + alpha) * dy : dy }
public func naiveSigmoidGradient(y: Float, dy: Float) -> Float { y.addingProduct(-y, y) * dy }
public func naiveTanhGradient(y: Float, dy: Float) -> Float { Float(1).addingProduct(-y, y) * dy }
public func naiveSoftplusGradient(y: Float, dy: Float) -> Float { -naiveExpm1(-y) * dy }

public func naiveGELUGradient(x: Float, dy: Float) -> Float {
  let near = limit(x, -15, 15), a = near.magnitude, e = gauss(a)
  let difference = mills(a).addingProduct(-a, 0x1.988454p-26)
  let h = difference.addingProduct(difference, e.m1) * power2(e.n + 100)
  return (near < 0 ? h * 0x1p-76 : Float(1).addingProduct(-h, 0x1p-76)) * dy
}

/// s + slope s (1 - s) with s = sigmoid(v).
private func gateDerivative(_ v: Float, slope: Float) -> Float {
  let u = naiveExp(-v.magnitude)
  let r = 1 / (1 + u)
  let s = v < 0 ? u * r : r, c = v < 0 ? r : u * r
  return s.addingProduct(slope * s, c)
}

public func naiveSiLUGradient(x: Float, dy: Float) -> Float {
  let near = limit(x, -110, 110)
  return gateDerivative(near, slope: near) * dy
}

public func naiveGELUTanhGradient(x: Float, dy: Float) -> Float {
  let near = limit(x, -10.9, 10.9), square = near * near
  let c1: Float = 0x1.988454p0, c3: Float = 0x1.2444f2p-4
  return gateDerivative(near * c1.addingProduct(c3, square), slope: near * c1.addingProduct(3 * c3, square)) * dy
}
