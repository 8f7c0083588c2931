/// Named numbers: the loss and the metrics of a batch, an epoch or an evaluation.
public struct Metrics: Sendable, Equatable, CustomStringConvertible {
  /// `loss` first, then the metrics in the order of `compile`; after an epoch with validation also `val_loss` and so on.
  public private(set) var names: [String]
  public internal(set) var values: [Float]

  init(names: [String], values: [Float]) {
    self.names = names
    self.values = values
  }

  /// The number called `name`, or nil.
  public subscript(_ name: String) -> Float? { names.firstIndex { $0.hasBytes(of: name) }.map { values[$0] } }

  /// The mean loss.
  public var loss: Float { values[0] }

  /// The metric `accuracy`, when it was asked for.
  public var accuracy: Float? { self["accuracy"] }

  /// `loss: 0.3146, accuracy: 0.9012`.
  public var description: String {
    zip(names, values).map { "\($0): \(fixed(Double($1), 4))" }.joined(separator: ", ")
  }

  /// These numbers, followed by others under the prefix `val_`.
  func adding(validation: Metrics?) -> Metrics {
    guard let validation else { return self }
    return Metrics(names: names + validation.names.map { "val_\($0)" }, values: values + validation.values)
  }
}

/// What each epoch of a `fit` gave.
public struct History: Sendable, CustomStringConvertible {
  public struct Epoch: Sendable {
    /// From 0.
    public let epoch: Int
    /// Training loss and metrics (over the epoch, while the weights changed), then validation ones.
    public let metrics: Metrics
    /// How long it took, validation included.
    public let seconds: Double
  }

  public internal(set) var epochs: [Epoch] = []

  /// The course of one number: `history["val_loss"]`. Empty when there is none of that name.
  public subscript(_ name: String) -> [Float] { epochs.compactMap { $0.metrics[name] } }

  /// The training loss after each epoch.
  public var loss: [Float] { self["loss"] }

  /// A line for each epoch: `epoch 1: loss: 0.4480, accuracy: 0.8368 (45.1 s)`.
  public var description: String {
    epochs.map { "epoch \($0.epoch + 1): \($0.metrics) (\(fixed($0.seconds, 1)) s)" }.joined(separator: "\n")
  }
}

/// `value` as Swift prints it, but a NaN without its sign, which differs between processors.
func plain(_ value: some BinaryFloatingPoint & CustomStringConvertible) -> String { value.isNaN ? "nan" : value.description }

/// `value` with `digits` decimals.
func fixed(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return plain(value) }
  var power = 1.0
  for _ in 0..<digits { power *= 10 }
  let scaled = (abs(value) * power).rounded()
  guard scaled < 9e18 else { return "\(value)" }
  let number = UInt64(scaled)
  let whole = number / UInt64(power)
  let sign = value < 0 && number > 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(whole)" }
  let fraction = String(number % UInt64(power))
  return "\(sign)\(whole)." + String(repeating: "0", count: digits - fraction.count) + fraction
}
