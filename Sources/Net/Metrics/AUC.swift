/// The area under the receiver operating characteristic: how probable it is that a yes gets a larger output than a no, equals half
/// counted. Exact, over all yes-no outputs of all examples, which it remembers until the end of the epoch; 0 while there are only yeses or only noes.
public struct AUC: Metric {
  public let name = "auc"

  public init() {}

  public func check(_ targets: Dataset.Targets, output shape: [Int]) throws {
    if case .classes = targets, shape != [1] {
      throw NetError("auc: class labels need one output, the network has shape \(shape)")
    }
  }

  public func makeAccumulator() -> any MetricAccumulator { Accumulator() }

  private final class Accumulator: MetricAccumulator {
    private var yes: [Float] = []
    private var no: [Float] = []

    func reset() {
      yes.removeAll(keepingCapacity: true)
      no.removeAll(keepingCapacity: true)
    }

    func update(_ b: MetricBatch) {
      for i in 0..<b.batch * b.outputCount {
        let isYes = b.targets.map { $0[i] > 0.5 } ?? (b.labels![i] == 1)
        if isYes { yes.append(b.outputs[i]) } else { no.append(b.outputs[i]) }
      }
    }

    /// Both sorted, each yes is above as many noes as come before it.
    var value: Float {
      guard !yes.isEmpty, !no.isEmpty else { return 0 }
      yes.sort()
      no.sort()
      var (below, upTo, halves) = (0, 0, 0)
      for output in yes {
        while below < no.count, no[below] < output { below += 1 }
        while upTo < no.count, no[upTo] <= output { upTo += 1 }
        halves += below + upTo
      }
      return Float(Double(halves) / (2 * Double(yes.count) * Double(no.count)))
    }
  }
}

extension Metric where Self == AUC {
  /// The area under the receiver operating characteristic.
  public static var auc: AUC { AUC() }
}
