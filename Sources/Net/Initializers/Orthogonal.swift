import Kernels

/// A matrix with orthonormal rows or columns, whichever are fewer, times `gain` (Saxe, McClelland, Ganguli 2014): it keeps
/// the length of every vector, so signals neither grow nor fade however often they pass. Uniformly distributed over all such
/// matrices.
///
/// The shape is read as a matrix of all dimensions but the last by the last, as Keras does.
public struct OrthogonalInitializer: Initializer {
  public let gain: Float

  public init(gain: Float = 1) { self.gain = gain }

  public func check(shape: [Int]) throws {
    guard gain.isFinite else { throw NetError("orthogonal: gain \(gain); expected a finite number") }
    guard shape.count >= 2 else { throw NetError("orthogonal: shape \(shape); expected at least two dimensions") }
  }

  public func fill(_ values: UnsafeMutableBufferPointer<Float>, shape: [Int], fanIn: Int, fanOut: Int, random: RandomStream) {
    guard let start = values.baseAddress, let columns = shape.last else { return }
    let rows = values.count / columns
    let (vectors, length) = (min(rows, columns), max(rows, columns))
    random.normal(into: start, count: values.count)
    var basis = values.map { Double($0) }
    basis.withUnsafeMutableBufferPointer { orthonormalize($0, vectors: vectors, length: length) }
    for v in 0..<vectors {
      for e in 0..<length {
        start[rows >= columns ? e * columns + v : v * columns + e] = Float(Double(gain) * basis[v * length + e])
      }
    }
  }
}

extension Initializer where Self == OrthogonalInitializer {
  /// Orthonormal rows or columns times `gain`: the default of recurrent kernels.
  public static func orthogonal(gain: Float = 1) -> OrthogonalInitializer { OrthogonalInitializer(gain: gain) }
}

/// Gram-Schmidt's method in its modified form: each of `vectors` rows is made a unit vector orthogonal to all before it.
///
/// It is the Q of a QR decomposition whose R has a positive diagonal. Random vectors are far enough from dependent that
/// double precision leaves nothing to see of the rounding in single.
private func orthonormalize(_ basis: UnsafeMutableBufferPointer<Double>, vectors: Int, length: Int) {
  let base = basis.baseAddress!
  for v in 0..<vectors {
    let q = base + v * length
    let norm = dot(q, q, length).squareRoot()
    for e in 0..<length { q[e] /= norm }
    for later in v + 1..<max(v + 1, vectors) {
      let u = base + later * length
      let share = dot(q, u, length)
      for e in 0..<length { u[e] -= share * q[e] }
    }
  }
}

/// The sum of products, in eight running sums joined in order, so that it takes no longer than memory does.
private func dot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
  var lanes = SIMD8<Double>(repeating: 0)
  var i = 0
  while i + 8 <= count {
    let a = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Double>.self)
    lanes += a * UnsafeRawPointer(y + i).loadUnaligned(as: SIMD8<Double>.self)
    i += 8
  }
  var sum = 0.0
  for l in 0..<8 { sum += lanes[l] }
  for i in i..<count { sum += x[i] * y[i] }
  return sum
}
