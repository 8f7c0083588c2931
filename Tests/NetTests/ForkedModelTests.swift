import ForkHelper
import Net
import Synchronization
import Testing

@Suite struct ForkedModelTests {
  /// In the child of a fork nobody else reads the model, whoever did in the parent: it predicts the same, and may be trained.
  @Test func childrenOfForksHaveTheModelForThemselves() async {
    await #expect(processExitsWith: .success) {
      let model = try ringModel()
      let input = randomTensor([64, 2], seed: 1)
      let reader = Reader(model, input, try model.predict(input))
      let context = Unmanaged.passUnretained(reader).toOpaque()
      let workers = (0..<2).map { _ in
        start_worker({ Unmanaged<Reader>.fromOpaque($0!).takeUnretainedValue().readUntilStopped() }, context)!
      }
      for _ in 0..<20 {
        let child = fork_and_run({ Unmanaged<Reader>.fromOpaque($0!).takeUnretainedValue().readAndTrain() }, context, 20)
        #expect(child > 0 && wait_for_child(child) == 0)
      }
      reader.isStopped.store(true, ordering: .relaxed)
      for worker in workers { join_worker(worker) }
    }
  }
}

/// Predicts, and stops the process where the answer is another one than before.
private final class Reader: Sendable {
  let isStopped = Atomic<Bool>(false)
  private let model: Model
  private let input, expected: Tensor

  init(_ model: Model, _ input: Tensor, _ expected: Tensor) { (self.model, self.input, self.expected) = (model, input, expected) }

  func read() { precondition((try? model.predict(input)) == expected, "another prediction") }

  func readUntilStopped() {
    while !isStopped.load(ordering: .relaxed) { read() }
  }

  func readAndTrain() {
    read()
    precondition(message { try model.fit(rings(), epochs: 1) } == nil, "no training")
  }
}
