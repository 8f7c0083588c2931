/// exp, log, power and cosine in double precision from + - * / alone: the same bits on every processor and system, which the C
/// library does not promise. For scalars on the way to a weight, such as a learning rate; arrays have kernels of their own.
///
/// The results of `exp`, `log` and `cosPi` are within 2 units in the last place; `power` within |y log x| such units and 2.
public enum PortableMath {
  /// e to the power x.
  ///
  /// x = k log 2 + r with |r| <= log 2 / 2, so that exp x = 2^k exp r, and exp r is its Taylor polynomial of degree 13.
  public static func exp(_ x: Double) -> Double {
    guard !x.isNaN, x < 710 else { return x > 0 ? .infinity : x }
    guard x > -746 else { return 0 }
    let k = (x * inverseLog2).rounded()
    let r = (x - k * log2High) - k * log2Low
    var sum = 1.0
    for divisor in stride(from: 13.0, through: 1, by: -1) { sum = 1 + r / divisor * sum }
    return Double(sign: .plus, exponent: Int(k), significand: sum)
  }

  /// The natural logarithm; NaN below 0.
  ///
  /// x = 2^k m with m within sqrt 2 of 1, and log m = 2 artanh s with s = (m - 1) / (m + 1), |s| < 0.172.
  public static func log(_ x: Double) -> Double {
    guard x > 0, x.isFinite else { return x == 0 ? -.infinity : x > 0 ? x : .nan }
    let isLarge = x.significand > 1.4142135623730951
    let m = isLarge ? x.significand / 2 : x.significand
    let k = Double(x.exponent) + (isLarge ? 1 : 0)
    let s = (m - 1) / (m + 1)
    var sum = 0.0
    for odd in stride(from: 23.0, through: 3, by: -2) { sum = (sum + 1 / odd) * (s * s) }
    return k * log2High + (k * log2Low + 2 * (s + s * sum))
  }

  /// x to the power y. Whole y are exact products in the order of repeated squaring; other y need x >= 0.
  public static func power(_ x: Double, _ y: Double) -> Double {
    if y.rounded() == y, y.magnitude < 1e9 { return y < 0 ? 1 / power(x, Int(-y)) : power(x, Int(y)) }
    if x == 0 { return y > 0 ? 0 : .infinity }
    return exp(y * log(x))
  }

  /// x to a power >= 0 by repeated squaring.
  public static func power(_ x: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, x, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }

  /// The cosine of pi t, exact where t is a multiple of 1/2.
  public static func cosPi(_ t: Double) -> Double {
    guard t.isFinite else { return .nan }
    let distance = (t - 2 * (t / 2).rounded()).magnitude
    if distance > 0.5 { return -cosPi(1 - distance) }
    // Taylor polynomials to degree 16 and 17 for angles up to pi/4.
    let isCosine = distance <= 0.25
    let angle = Double.pi * (isCosine ? distance : 0.5 - distance)
    let first = isCosine ? 0.0 : 1.0
    var sum = 1.0
    for n in stride(from: 16 + first, through: 2 + first, by: -2) { sum = 1 - angle * angle / (n * (n - 1)) * sum }
    return isCosine ? sum : angle * sum
  }

  private static let inverseLog2 = 1.4426950408889634
  /// log 2 in two parts, the first with zeros at its end: k log2High is exact for the k that occur.
  private static let log2High = 6.93147180369123816490e-01
  private static let log2Low = 1.90821492927058770002e-10
}
