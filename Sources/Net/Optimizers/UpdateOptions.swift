/// What happens around the optimizer's rule, the same for all of them: clipping, accumulation, running means of the weights, which
/// parameters decay, and how fast each learns. For `compile`.
///
/// In the order of a step: gradients are averaged over the accumulated batches, clipped, then the optimizer decays the weights and
/// follows the gradient, then the running mean of the weights follows. None is on by default.
///
/// ```swift
/// try model.compile(
///   loss: .sparseCategoricalCrossEntropy(), optimizer: AdamW(),
///   update: UpdateOptions(
///     globalClipNorm: 1, gradientAccumulationSteps: 4, useEMA: true, excludeFromWeightDecay: ["bias", "gamma", "beta"],
///     groups: [ParameterGroup("conv2d_1", rate: 0.1), ParameterGroup("embedding_1", rate: 0)]))
/// ```
public struct UpdateOptions: Sendable {
  /// Each element of the gradient is clamped to -clipValue...clipValue.
  public var clipValue: Float?
  /// The gradient of each parameter whose norm is above this is scaled down to it.
  public var clipNorm: Float?
  /// All gradients together are scaled down when the norm of them all is above this.
  public var globalClipNorm: Float?
  /// Over how many batches gradients are averaged before a step is taken.
  public var gradientAccumulationSteps: Int
  /// Whether a running mean of the weights that learn is kept: average = emaMomentum average + (1 - emaMomentum) w after each
  /// step; the first step copies. The `val_` metrics of `fit` are those of the averaged weights; see `withAveragedWeights` and
  /// `adoptAveragedWeights`.
  public var useEMA: Bool
  public var emaMomentum: Float
  /// Parameters that no optimizer's decay touches: names of layers (`batchNorm_1`), of parameters (`dense_1/bias`), or the last
  /// parts of parameters' names (`bias`).
  public var excludeFromWeightDecay: [String]
  /// Parameters that learn at another rate. The first group a parameter belongs to counts.
  public var groups: [ParameterGroup]

  public init(
    clipValue: Float? = nil, clipNorm: Float? = nil, globalClipNorm: Float? = nil, gradientAccumulationSteps: Int = 1,
    useEMA: Bool = false, emaMomentum: Float = 0.99, excludeFromWeightDecay: [String] = [], groups: [ParameterGroup] = []
  ) {
    self.clipValue = clipValue
    self.clipNorm = clipNorm
    self.globalClipNorm = globalClipNorm
    self.gradientAccumulationSteps = gradientAccumulationSteps
    self.useEMA = useEMA
    self.emaMomentum = emaMomentum
    self.excludeFromWeightDecay = excludeFromWeightDecay
    self.groups = groups
  }

  func check() throws {
    let clips = [("clipValue", clipValue), ("clipNorm", clipNorm), ("globalClipNorm", globalClipNorm)]
    let given = clips.filter { $0.1 != nil }
    guard given.count <= 1 else {
      throw NetError("update: \(given.map(\.0).joined(separator: " and ")) are given; expected at most one kind of clipping")
    }
    for (name, value) in given {
      guard value! > 0, value!.isFinite else { throw NetError("update: \(name) is \(value!); expected above 0 and finite") }
    }
    try checkSetting(
      gradientAccumulationSteps, "gradientAccumulationSteps", of: "update", atLeast: 1)
    try checkSetting(emaMomentum, "emaMomentum", of: "update", in: 0..<1)
    for group in groups { try checkSetting(group.rate, "rate of group \(group.name)", of: "update", in: 0 ..< .infinity) }
  }
}

/// Parameters whose learning rate is that of the optimizer times `rate`.
///
/// At 0 they are frozen: no step changes a bit of them, be it by decay, a constraint or a running mean, the optimizer remembers
/// nothing of them, and their gradients do not count in the norm of `globalClipNorm`. Their penalty stays part of the loss, which is
/// that of the network whatever learns.
public struct ParameterGroup: Sendable {
  /// As in `UpdateOptions.excludeFromWeightDecay`.
  public let name: String
  public let rate: Float

  public init(_ name: String, rate: Float) {
    self.name = name
    self.rate = rate
  }
}

/// Neighbouring parameters that are updated alike.
struct UpdateSpan {
  var range: Range<Int>
  /// A factor of the learning rate.
  let rate: Float
  let decays: Bool

  var isFrozen: Bool { rate == 0 }
}

extension UpdateOptions {
  /// The trainable parameters in the order of the store: in one span, or as few as the options allow.
  ///
  /// - Throws: when a name means no trainable parameter.
  func spans(_ store: ParameterStore) throws -> [UpdateSpan] {
    let trainable = store.specs.indices.filter { store.specs[$0].isTrainable }
    for name in excludeFromWeightDecay + groups.map(\.name) {
      guard trainable.contains(where: { means(name, store.specs[$0].name) }) else {
        let names = trainable.map { store.specs[$0].name }.joined(separator: ", ")
        throw NetError("update: \(name) names no trainable parameter; there are \(names)")
      }
    }
    var spans: [UpdateSpan] = []
    for i in trainable {
      let name = store.specs[i].name
      let span = UpdateSpan(
        range: store.range(i), rate: groups.first { means($0.name, name) }?.rate ?? 1,
        decays: !excludeFromWeightDecay.contains { means($0, name) })
      if clipNorm == nil, let last = spans.last, last.rate == span.rate, last.decays == span.decays {
        spans[spans.count - 1].range = last.range.lowerBound..<span.range.upperBound
      } else {
        spans.append(span)
      }
    }
    return spans
  }

  /// Whether `name` stands for the parameter: its own name, its layer's, or the last part of its own.
  private func means(_ name: String, _ parameter: String) -> Bool {
    let (name, parameter) = (name.utf8, parameter.utf8)
    guard parameter.count > name.count else { return parameter.elementsEqual(name) }
    let isLayer = parameter.starts(with: name) && parameter.dropFirst(name.count).first == UInt8(ascii: "/")
    let isLast = parameter.suffix(name.count).elementsEqual(name) && parameter.dropLast(name.count).last == UInt8(ascii: "/")
    return isLayer || isLast
  }
}
