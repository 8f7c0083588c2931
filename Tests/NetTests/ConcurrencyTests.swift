import Dispatch
import Kernels
import Net
import Reference
import Synchronization
import Testing

@Suite struct ConcurrencyTests {
  @Test func manyThreadsPredict() throws {
    let model = try ringModel()
    let inputs = (0..<16).map { randomTensor([1 + $0 * 7, 2], seed: UInt64($0)) }
    let expected = try inputs.map { try model.predict($0) }
    let wrong = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      for turn in 0..<40 {
        let i = (thread * 5 + turn) % inputs.count
        let isRight = (try? model.predict(inputs[i])) == expected[i]
        if !isRight { wrong.withLock { $0 += 1 } }
      }
    }
    #expect(wrong.withLock { $0 } == 0)
  }

  /// What changes the model while `fit` runs gets an error; `fit` is not disturbed.
  @Test func fitHasTheModelForItself() throws {
    let model = try ringModel()
    let intruder = Intruder(model)
    try model.fit(rings(), epochs: 1, callbacks: [intruder])
    let busy = "the model is being changed by fit"
    #expect(intruder.here == "fit: \(busy); wait until it has finished")
    #expect(intruder.elsewhere == "fit: \(busy); wait until it has finished")
    #expect(intruder.predicted == "predict: \(busy) on another thread")
    try model.fit(rings(), epochs: 1)
  }
}

/// Tries to use the model from a callback of its fit: on the same thread, and on another.
private final class Intruder: Callback, @unchecked Sendable {
  private let model: Model
  var here: String?
  var elsewhere: String?
  var predicted: String?

  init(_ model: Model) { self.model = model }

  func onEpochEnd(epoch: Int, logs: Metrics) {
    here = message { try model.fit(rings()) }
    let done = DispatchSemaphore(value: 0)
    DispatchQueue.global().async { [self] in
      elsewhere = message { try model.fit(rings()) }
      predicted = message { _ = try model.predict(rings().inputs) }
      done.signal()
    }
    done.wait()
  }
}
