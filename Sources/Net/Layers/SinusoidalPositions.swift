import Kernels

/// Adds to each step of `[steps, channels]` a pattern that tells its position (Vaswani et al. 2017):
///
///     y[p, 2i] = x[p, 2i] + sin(p / base^(2i / channels))        y[p, 2i + 1] = x[p, 2i + 1] + cos(p / base^(2i / channels))
///
/// Sines and cosines are the package's own, in double precision, rounded once: the same bits everywhere.
public struct SinusoidalPositions: Layer {
  public let base: Double
  public let kind = "sinusoidalPositions"

  /// - Parameter base: the slowest wave is nearly 2 pi times as long, in steps.
  public init(base: Double = 10_000) { self.base = base }

  public func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
    let x = try onlyInput(inputs)
    guard x.shape.count == 2 else { throw NetError("input of shape \(x.shape); expected a sequence [steps, channels]") }
    guard base > 0, base.isFinite else { throw NetError("base \(base); expected more than 0 and finite") }
    return try graph.add(AddTable(table: table(steps: x.shape[0], channels: x.shape[1])), to: [x])
  }

  private func table(steps: Int, channels: Int) -> [Float] {
    var table = [Float](repeating: 0, count: steps * channels)
    for j in 0..<channels {
      let frequency = PortableMath.power(base, -Double(j / 2 * 2) / Double(channels))
      for p in 0..<steps {
        // In half turns; sin x = cos(x - pi/2).
        let halfTurns = Double(p) * frequency / Double.pi
        table[p * channels + j] = Float(PortableMath.cosPi(j % 2 == 0 ? halfTurns - 0.5 : halfTurns))
      }
    }
    return table
  }
}
