import AllocationCounter
import Kernels
import Net
import Reference
import Testing

/// Each in a process of its own: allocations of suites that run at the same time would be counted too. On one thread
/// its own allocations are exactly none. On all, Dispatch allocates now and then to start a helper, so the least of
/// many steps is what the code does.
@Suite struct AllocationTests {
  @Test(.enabled(if: allocation_count() >= 0)) func trainingStepAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      try expectStepsWithoutAllocation { try ringModel().fit(rings(), batchSize: 8, epochs: 6, callbacks: [$0]) }
    }
  }

  @Test(.enabled(if: allocation_count() >= 0)) func convolutionalStepAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      try expectStepsWithoutAllocation { try stripeModel().fit(stripes(), batchSize: 8, epochs: 6, callbacks: [$0]) }
    }
  }

  @Test(.enabled(if: allocation_count() >= 0)) func predictAllocatesNothing() async {
    await #expect(processExitsWith: .success) {
      let model = try Model(Networks.mlp(), input: [28, 28, 1])
      let x = randomValues(784, seed: 1)
      var y = [Float](repeating: 0, count: 10)
      try expectStepsWithoutAllocation { counter in
        try x.withUnsafeBufferPointer { x in
          try y.withUnsafeMutableBufferPointer { y in
            for _ in 0..<40 {
              try model.predict(x, into: y, count: 1)
              counter.step()
            }
          }
        }
      }
    }
  }
}

/// Runs `body` on one thread and on all; it takes steps and tells the counter after each.
private func expectStepsWithoutAllocation(_ body: (StepCounter) throws -> Void) throws {
  let serial = StepCounter(thread_allocation_count), parallel = StepCounter(allocation_count)
  try withThreads(1) { try body(serial) }
  try body(parallel)
  #expect(serial.allocations.count > 10 && serial.allocations.allSatisfy { $0 == 0 }, "\(serial.allocations)")
  #expect(parallel.allocations.count > 10 && parallel.allocations.contains(0), "\(parallel.allocations)")
}

/// The allocations from the end of each step to the end of the next; in training, of epochs after the first.
private final class StepCounter: Callback {
  private(set) var allocations: [Int64] = []
  private var last: Int64?
  private let count: () -> Int64

  init(_ count: @escaping () -> Int64) {
    self.count = count
    allocations.reserveCapacity(100)
  }

  func step() {
    let now = count()
    if let last { allocations.append(now - last) }
    last = count()
  }

  func onEpochBegin(epoch: Int) { last = nil }

  func onBatchEnd(epoch: Int, batch: Int, batches: Int, logs: Metrics) {
    if epoch > 0 { step() }
  }
}
