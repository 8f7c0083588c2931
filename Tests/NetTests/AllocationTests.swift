import AllocationCounter
import Kernels
import Net
import Reference
import Testing

/// Suites run at the same time and their allocations are counted too: the least of several tries is what the code does.
@Suite struct AllocationTests {
  @Test(.enabled(if: allocation_count() >= 0)) func trainingStepAllocatesNothing() throws {
    let model = try ringModel()
    let counter = StepCounter()
    for _ in 0..<20 where counter.least != 0 {
      try model.fit(rings(), batchSize: 8, epochs: 3, callbacks: [counter])
    }
    #expect(counter.steps > 10)
    #expect(counter.least == 0)
  }

  @Test(.enabled(if: allocation_count() >= 0)) func convolutionalStepAllocatesNothing() throws {
    let model = try stripeModel()
    let counter = StepCounter()
    for _ in 0..<20 where counter.least != 0 {
      try model.fit(stripes(), batchSize: 8, epochs: 3, callbacks: [counter])
    }
    #expect(counter.steps > 10)
    #expect(counter.least == 0)
  }

  @Test(.enabled(if: allocation_count() >= 0)) func predictAllocatesNothing() throws {
    let model = try Model(Networks.mlp(), input: [28, 28, 1])
    let x = randomValues(784, seed: 1)
    var y = [Float](repeating: 0, count: 10)
    var least = Int64.max
    for _ in 0..<200 where least != 0 {
      try x.withUnsafeBufferPointer { x in
        try y.withUnsafeMutableBufferPointer { y in
          let before = allocation_count()
          try model.predict(x, into: y, count: 1)
          least = min(least, allocation_count() - before)
        }
      }
    }
    #expect(least == 0)
  }
}

/// Counts the allocations from the end of one batch to the end of the next, in epochs after the first.
private final class StepCounter: Callback {
  private(set) var least = Int64.max
  private(set) var steps = 0
  private var last: Int64?

  func onEpochBegin(epoch: Int) { last = nil }

  func onBatchEnd(epoch: Int, batch: Int, batches: Int, logs: Metrics) {
    let now = allocation_count()
    if let last {
      least = min(least, now - last)
      steps += 1
    }
    last = allocation_count()
  }
}
