#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Shows a training as it goes: a bar on a terminal, otherwise a line an epoch.
///
/// ```swift
/// try model.fit(train, epochs: 5, callbacks: [ProgressBar(epochs: 5)])
/// // epoch 1/5 [########----------------]  loss 0.4183  accuracy 0.8816
/// ```
public final class ProgressBar: Callback {
  private let epochs: Int?
  private let isBar: Bool
  private let write: (String) -> Void
  private let clock = ContinuousClock()
  private var lastDrawn: ContinuousClock.Instant?

  private static let width = 24
  /// Often enough to look alive, rarely enough to cost nothing.
  private static let redrawInterval = Duration.milliseconds(50)

  /// - Parameters:
  ///   - epochs: how many there will be, when that is to be shown.
  ///   - isTerminal: whether a line can be drawn over: what standard output is unless given.
  ///   - write: where the text goes: standard output unless given.
  public init(epochs: Int? = nil, isTerminal: Bool? = nil, write: ((String) -> Void)? = nil) {
    self.epochs = epochs
    isBar = isTerminal ?? (isatty(STDOUT_FILENO) == 1)
    self.write =
      write ?? {
        print($0, terminator: "")
        fflush(nil)
      }
  }

  public func onBatchEnd(epoch: Int, batch: Int, batches: Int, logs: Metrics) {
    guard isBar else { return }
    let now = clock.now
    if let lastDrawn, now - lastDrawn < ProgressBar.redrawInterval { return }
    lastDrawn = now
    draw(epoch, (batch + 1) * ProgressBar.width / batches, logs)
  }

  public func onEpochEnd(epoch: Int, logs: Metrics) {
    if isBar { draw(epoch, ProgressBar.width, logs) } else { write(head(epoch) + tail(logs)) }
    write("\n")
  }

  private func draw(_ epoch: Int, _ filled: Int, _ logs: Metrics) {
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: ProgressBar.width - filled)
    // Back to the start of the line, and clear what is right of the new text.
    write("\r\(head(epoch)) [\(bar)]\(tail(logs))\u{1B}[K")
  }

  private func head(_ epoch: Int) -> String {
    guard let epochs else { return "epoch \(epoch + 1)" }
    let (total, number) = ("\(epochs)", "\(epoch + 1)")
    return "epoch " + String(repeating: " ", count: max(0, total.count - number.count)) + "\(number)/\(total)"
  }

  private func tail(_ logs: Metrics) -> String {
    zip(logs.names, logs.values).map { "  \($0) \(fixed(Double($1), 4))" }.joined()
  }
}
