import Net
import Testing

@Suite struct TensorTests {
  @Test func shapeAndValuesMustAgree() throws {
    #expect(try Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6]).count == 6)
    #expect(try Tensor(shape: [], [7]).count == 1)
    #expect(try Tensor(shape: [0, 5], []).count == 0)
    #expect(throws: NetError("tensor: shape [2, 3] needs 6 values, got 5")) { try Tensor(shape: [2, 3], [1, 2, 3, 4, 5]) }
    #expect(throws: NetError.self) { try Tensor(shape: [-1], []) }
    #expect(throws: NetError.self) { try Tensor(shape: [Int.max, 2], []) }
  }

  @Test func datasetRefusesWhatDoesNotFit() throws {
    let inputs = Tensor(zeros: [3, 4])
    #expect(try Dataset(inputs: inputs, targets: .classes([0, 1, 1], count: 2)).count == 3)
    #expect(throws: NetError("dataset: 3 inputs but 2 labels")) {
      try Dataset(inputs: inputs, targets: .classes([0, 1], count: 2))
    }
    #expect(throws: NetError("dataset: label 2 of example 1 is outside the classes 0..<2")) {
      try Dataset(inputs: inputs, targets: .classes([0, 2, 1], count: 2))
    }
    #expect(throws: NetError.self) { try Dataset(inputs: inputs, targets: .values(Tensor(zeros: [2, 4]))) }
  }
}
