import AllocationCounter
import Kernels
import Net
import Reference
import Testing

/// Each in a process of its own: allocations of suites that run at the same time would be counted too.
@Suite struct AllocationTests {
  @Test(.enabled(if: allocation_count() >= 0)) func trainingStepAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      let counter = StepCounter()
      try ringModel().fit(rings(), batchSize: 8, epochs: 3, callbacks: [counter])
      #expect(counter.allocations == 0 && counter.steps > 10, "\(counter.allocations) allocations, \(counter.steps) steps")
    }
  }

  @Test(.enabled(if: allocation_count() >= 0)) func convolutionalStepAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      let counter = StepCounter()
      try stripeModel().fit(stripes(), batchSize: 8, epochs: 6, callbacks: [counter])
      #expect(counter.allocations == 0 && counter.steps > 10, "\(counter.allocations) allocations, \(counter.steps) steps")
    }
  }

  @Test(.enabled(if: allocation_count() >= 0)) func predictAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      let model = try Model(Networks.mlp(), input: [28, 28, 1])
      let x = randomValues(784, seed: 1)
      var y = [Float](repeating: 0, count: 10)
      let allocations = try x.withUnsafeBufferPointer { x in
        try y.withUnsafeMutableBufferPointer { y in
          try model.predict(x, into: y, count: 1)
          let before = allocation_count()
          for _ in 0..<10 { try model.predict(x, into: y, count: 1) }
          return allocation_count() - before
        }
      }
      #expect(allocations == 0)
    }
  }
}

/// Sums the allocations from the end of one batch to the end of the next, in epochs after the first.
private final class StepCounter: Callback {
  private(set) var allocations: Int64 = 0
  private(set) var steps = 0
  private var last: Int64?

  func onEpochBegin(epoch: Int) { last = nil }

  func onBatchEnd(epoch: Int, batch: Int, batches: Int, logs: Metrics) {
    let now = allocation_count()
    if let last, epoch > 0 {
      allocations += now - last
      steps += 1
    }
    last = allocation_count()
  }
}
