import Testing

@testable import Net

/// A share is the decimal number it is written as, not the binary one next to it.
@Suite struct ShareTests {
  /// Every hundredth and thousandth of every small count, written down and as what is left of 1.
  @Test func sharesAreDecimal() {
    for parts in [10, 100, 1000] {
      for share in 0..<parts {
        for count in [1, 2, 3, 7, 10, 50, 99, 100, 101, 1000, 60000, 123_457] {
          let expected = (share * count + parts - 1) / parts
          #expect(countOf(share: Double(share) / Double(parts), of: count) == expected, "\(share)/\(parts) of \(count)")
          #expect(
            countOf(share: 1 - Double(parts - share) / Double(parts), of: count) == expected, "1 - ... \(share) of \(count)")
        }
      }
    }
  }

  @Test func extremes() {
    #expect(countOf(share: 0, of: 5) == 0)
    #expect(countOf(share: .leastNonzeroMagnitude, of: 5) == 1 && countOf(share: 1e-17, of: 5) == 1)
    #expect(countOf(share: 1.0.nextDown, of: 5) == 5)
    #expect(countOf(share: 1.0 / 3, of: 3) == 1 && countOf(share: 2.0 / 3, of: 3) == 2)
    #expect(countOf(share: 0.5, of: 1 << 40) == 1 << 39)
  }

  /// How many examples `fit` trains on shows in its largest batch.
  @Test(arguments: [(0.9, 10, 1), (0.8, 100, 20), (0.1, 10, 9), (0.7, 10, 3), (0.25, 10, 7), (0.5, 3, 1), (1e-9, 10, 9)])
  func validationSplit(share: Double, count: Int, left: Int) throws {
    let model = try Model(Dense(1), input: [1])
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let x = Tensor(zeros: [count, 1]), data = try Dataset(inputs: x, targets: .values(x))
    let history = try model.fit(data, batchSize: left, validationSplit: share)
    #expect(history["val_loss"].count == 1)
    #expect(
      message { try model.fit(data, batchSize: left + 1, validationSplit: share) }
        == "fit: batch size \(left + 1); expected 1 to \(left), the examples to train on")
  }

  @Test func nothingLeft() throws {
    let model = try Model(Dense(1), input: [1])
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let x = Tensor(zeros: [10, 1]), data = try Dataset(inputs: x, targets: .values(x))
    #expect(
      message { try model.fit(data, validationSplit: 0.95) }
        == "fit: validationSplit 0.95 leaves none of 10 examples to train on")
  }
}
