import Kernels

/// The parameters of a model and their gradients, in two arrays of one layout: first all trainable parameters, then the
/// others, each on a cache-line boundary. The gaps are zeros and stay zeros, so an optimizer can run over everything at
/// once.
final class ParameterStore {
  let specs: [ParameterSpec]
  /// The trainable parameters with a penalty, and those with a constraint.
  let regularized: [Int]
  let constrained: [Int]
  private let positions: [Int]
  /// The length of the trainable part, gaps included.
  let trainableCount: Int
  /// The length of the whole array.
  let count: Int
  let weights: UnsafeMutablePointer<Float>
  private var gradientMemory: UnsafeMutablePointer<Float>?

  init(_ specs: [ParameterSpec]) {
    self.specs = specs
    regularized = specs.indices.filter { specs[$0].isTrainable && specs[$0].regularizer != nil }
    constrained = specs.indices.filter { specs[$0].isTrainable && specs[$0].constraint != nil }
    var positions = [Int](repeating: 0, count: specs.count)
    var end = 0
    func place(_ isTrainable: Bool) {
      for (i, spec) in specs.enumerated() where spec.isTrainable == isTrainable {
        positions[i] = end
        end += ParameterStore.room(spec.count)
      }
    }
    place(true)
    trainableCount = end
    place(false)
    count = end
    self.positions = positions
    weights = .allocateZeros(count)
  }

  deinit {
    weights.deallocate()
    gradientMemory?.deallocate()
  }

  /// Draws every parameter anew, parameter i from stream i of the seed.
  func initialize(seed: UInt64) {
    for (i, spec) in specs.enumerated() {
      spec.initializer.fill(
        values(i), shape: spec.shape, fanIn: spec.fanIn, fanOut: spec.fanOut,
        random: RandomStream(seed: seed, stream: StreamPurpose.parameter.base + UInt64(i)))
    }
  }

  /// Made when training first asks for it: a network that only answers does without.
  var gradients: UnsafeMutablePointer<Float> {
    if let gradientMemory { return gradientMemory }
    let memory = UnsafeMutablePointer<Float>.allocateZeros(trainableCount)
    gradientMemory = memory
    return memory
  }

  /// Where parameter `i` lies, with the gap behind it.
  func range(_ i: Int) -> Range<Int> { positions[i]..<positions[i] + ParameterStore.room(specs[i].count) }

  /// `count` elements and the gap up to a cache-line boundary.
  private static func room(_ count: Int) -> Int { (count + Layout.alignment - 1) / Layout.alignment * Layout.alignment }

  func weights(_ i: Int) -> UnsafeMutablePointer<Float> { weights + positions[i] }

  /// The gradient of parameter `i`, nil when it is not trainable.
  func gradient(_ i: Int) -> UnsafeMutablePointer<Float>? { specs[i].isTrainable ? gradients + positions[i] : nil }

  func values(_ i: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: weights(i), count: specs[i].count)
  }

  func tensor(_ i: Int) -> Tensor { Tensor(copying: weights(i), shape: specs[i].shape) }

  /// FNV-1a, 64 bits, over the bytes of all parameters in the order the layers declared them.
  var hash: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for i in specs.indices {
      for value in values(i) {
        var bits = value.bitPattern
        for _ in 0..<4 {
          hash = (hash ^ UInt64(bits & 0xff)) &* 0x100_0000_01b3
          bits >>= 8
        }
      }
    }
    return hash
  }

  /// The first parameter that holds a NaN or an infinity.
  var firstNotFinite: ParameterSpec? {
    specs.indices.first { !isFinite(weights($0), count: specs[$0].count) }.map { specs[$0] }
  }
}
