import Kernels

/// Gives a new parameter its first values.
///
/// The values follow from `random` alone, which follows from the model's seed and the parameter's place in the model: the
/// same seed gives the same network everywhere.
public protocol Initializer: Sendable {
  /// Fills `values`, row-major of `shape`.
  ///
  /// - Parameters:
  ///   - fanIn: how many inputs each output of the layer sums over.
  ///   - fanOut: how many outputs each input of the layer reaches.
  func fill(_ values: UnsafeMutableBufferPointer<Float>, shape: [Int], fanIn: Int, fanOut: Int, random: RandomStream)

  /// Throws when a setting is out of its range, or `shape` is none it can fill.
  func check(shape: [Int]) throws

  /// The initializer to use for the weights of a layer that ends in `activation`: most are it themselves.
  func suited(to activation: Activation) -> any Initializer
}

extension Initializer {
  public func check(shape: [Int]) throws {}
  public func suited(to activation: Activation) -> any Initializer { self }
}

/// Every value the same.
public struct ConstantInitializer: Initializer {
  public let value: Float

  public init(_ value: Float) { self.value = value }

  public func fill(_ values: UnsafeMutableBufferPointer<Float>, shape: [Int], fanIn: Int, fanOut: Int, random: RandomStream) {
    values.update(repeating: value)
  }
}

/// Values uniform in `low..<high`.
public struct UniformInitializer: Initializer {
  public let low: Float
  public let high: Float

  public init(low: Float, high: Float) {
    self.low = low
    self.high = high
  }

  public func fill(_ values: UnsafeMutableBufferPointer<Float>, shape: [Int], fanIn: Int, fanOut: Int, random: RandomStream) {
    guard let start = values.baseAddress else { return }
    random.uniform(low: low, high: high, into: start, count: values.count)
  }

  public func check(shape: [Int]) throws {
    guard low <= high, low.isFinite, high.isFinite else {
      throw NetError("uniform: low \(low) and high \(high); expected finite numbers, low <= high")
    }
  }
}

/// Normally distributed values; `isTruncated` draws again what lies more than two standard deviations from the mean, which
/// makes the real standard deviation 0.8796 times the one given.
public struct NormalInitializer: Initializer {
  public let mean: Float
  public let standardDeviation: Float
  public let isTruncated: Bool

  public init(mean: Float = 0, standardDeviation: Float, isTruncated: Bool = false) {
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.isTruncated = isTruncated
  }

  public func fill(_ values: UnsafeMutableBufferPointer<Float>, shape: [Int], fanIn: Int, fanOut: Int, random: RandomStream) {
    guard let start = values.baseAddress else { return }
    if isTruncated {
      random.truncatedNormal(mean: mean, standardDeviation: standardDeviation, into: start, count: values.count)
    } else {
      random.normal(mean: mean, standardDeviation: standardDeviation, into: start, count: values.count)
    }
  }

  public func check(shape: [Int]) throws {
    guard mean.isFinite, standardDeviation >= 0, standardDeviation.isFinite else {
      throw NetError(
        "normal: mean \(mean) and standard deviation \(standardDeviation); expected finite numbers, the deviation at least 0")
    }
  }
}

/// Values of mean 0 and variance `scale / fan`, so that signals keep their size from layer to layer.
///
/// - Glorot, Bengio 2010 (tanh, sigmoid, linear): scale 1, the average of fan in and fan out: variance 2 / (fanIn + fanOut).
/// - He et al. 2015 (ReLU): scale 2, fan in: variance 2 / fanIn.
/// - LeCun et al. 1998 (SELU): scale 1, fan in: variance 1 / fanIn.
public struct VarianceScaling: Initializer {
  public enum Fan: Sendable { case fanIn, fanOut, average }
  public enum Distribution: Sendable {
    /// Uniform in ±sqrt(3 scale / fan).
    case uniform
    /// Normal with standard deviation sqrt(scale / fan).
    case normal
    /// Normal, truncated at two standard deviations and widened so that the variance is still scale / fan.
    case truncatedNormal
  }

  public let scale: Float
  public let fan: Fan
  public let distribution: Distribution

  public init(scale: Float, fan: Fan, distribution: Distribution) {
    self.scale = scale
    self.fan = fan
    self.distribution = distribution
  }

  /// The standard deviation of a standard normal distribution truncated to ±2.
  static let truncatedDeviation: Float = 0.879_625_66

  public func fill(_ values: UnsafeMutableBufferPointer<Float>, shape: [Int], fanIn: Int, fanOut: Int, random: RandomStream) {
    let n: Float =
      switch fan {
      case .fanIn: Float(fanIn)
      case .fanOut: Float(fanOut)
      case .average: Float(fanIn + fanOut) / 2
      }
    let variance = scale / max(n, 1)
    let initializer: any Initializer =
      switch distribution {
      case .uniform:
        UniformInitializer(low: -(3 * variance).squareRoot(), high: (3 * variance).squareRoot())
      case .normal:
        NormalInitializer(standardDeviation: variance.squareRoot())
      case .truncatedNormal:
        NormalInitializer(
          standardDeviation: variance.squareRoot() / VarianceScaling.truncatedDeviation, isTruncated: true)
      }
    initializer.fill(values, shape: shape, fanIn: fanIn, fanOut: fanOut, random: random)
  }

  public func check(shape: [Int]) throws {
    guard scale > 0, scale.isFinite else { throw NetError("variance scaling: scale \(scale); expected a finite number above 0") }
  }
}

extension Initializer where Self == ConstantInitializer {
  public static var zeros: ConstantInitializer { ConstantInitializer(0) }
  public static var ones: ConstantInitializer { ConstantInitializer(1) }
  public static func constant(_ value: Float) -> ConstantInitializer { ConstantInitializer(value) }
}

extension Initializer where Self == UniformInitializer {
  /// Uniform in `low..<high`, ±0.05 by default.
  public static func uniform(low: Float = -0.05, high: Float = 0.05) -> UniformInitializer {
    UniformInitializer(low: low, high: high)
  }

  /// Uniform in `0..<high`: a bias that lets most ReLU units of a new network answer, each a little different.
  public static func smallPositive(_ high: Float = 0.1) -> UniformInitializer { UniformInitializer(low: 0, high: high) }
}

extension Initializer where Self == NormalInitializer {
  /// Normal, standard deviation 0.05 by default.
  public static func normal(mean: Float = 0, standardDeviation: Float = 0.05) -> NormalInitializer {
    NormalInitializer(mean: mean, standardDeviation: standardDeviation)
  }

  /// Normal, values beyond two standard deviations drawn again.
  public static func truncatedNormal(mean: Float = 0, standardDeviation: Float = 0.05) -> NormalInitializer {
    NormalInitializer(mean: mean, standardDeviation: standardDeviation, isTruncated: true)
  }
}

extension Initializer where Self == VarianceScaling {
  /// Uniform in ±sqrt(6 / (fanIn + fanOut)): the default of layers.
  public static var glorotUniform: VarianceScaling { VarianceScaling(scale: 1, fan: .average, distribution: .uniform) }
  /// Another name of `glorotUniform`.
  public static var xavierUniform: VarianceScaling { glorotUniform }
  /// Standard deviation sqrt(2 / (fanIn + fanOut)), truncated at two deviations unless told otherwise.
  public static func glorotNormal(truncated: Bool = true) -> VarianceScaling {
    VarianceScaling(scale: 1, fan: .average, distribution: truncated ? .truncatedNormal : .normal)
  }
  /// Another name of `glorotNormal`.
  public static func xavierNormal(truncated: Bool = true) -> VarianceScaling { glorotNormal(truncated: truncated) }
  /// Uniform in ±sqrt(6 / fanIn), for ReLU.
  public static var heUniform: VarianceScaling { VarianceScaling(scale: 2, fan: .fanIn, distribution: .uniform) }
  /// Another name of `heUniform`.
  public static var kaimingUniform: VarianceScaling { heUniform }
  /// Standard deviation sqrt(2 / fanIn), for ReLU, truncated at two deviations unless told otherwise.
  public static func heNormal(truncated: Bool = true) -> VarianceScaling {
    VarianceScaling(scale: 2, fan: .fanIn, distribution: truncated ? .truncatedNormal : .normal)
  }
  /// Another name of `heNormal`.
  public static func kaimingNormal(truncated: Bool = true) -> VarianceScaling { heNormal(truncated: truncated) }
  /// Uniform in ±sqrt(3 / fanIn), for SELU.
  public static var lecunUniform: VarianceScaling { VarianceScaling(scale: 1, fan: .fanIn, distribution: .uniform) }
  /// Standard deviation sqrt(1 / fanIn), for SELU, truncated at two deviations unless told otherwise.
  public static func lecunNormal(truncated: Bool = true) -> VarianceScaling {
    VarianceScaling(scale: 1, fan: .fanIn, distribution: truncated ? .truncatedNormal : .normal)
  }
  /// Mean 0 and variance scale / fan: the rule all of these follow.
  public static func varianceScaling(
    scale: Float = 1, fan: VarianceScaling.Fan = .fanIn, distribution: VarianceScaling.Distribution = .truncatedNormal
  ) -> VarianceScaling {
    VarianceScaling(scale: scale, fan: fan, distribution: distribution)
  }
}
