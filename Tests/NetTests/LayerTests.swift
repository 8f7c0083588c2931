import Kernels
import Net
import Reference
import Testing

@Suite struct LayerTests {
  /// Both forms of dropout have the expectation of no dropout, and predictions are their mean.
  @Test(arguments: [Dropout(rate: 0.3), Dropout(keep: 0.7), Dropout(keep: 0.7, scaling: .inTraining)])
  func dropoutExpectation(_ layer: Dropout) throws {
    let n = 4096
    let model = try Model(Sequential { layer }, input: [n], seed: 2)
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let ones = try Tensor(shape: [4, n], [Float](repeating: 1, count: 4 * n))
    let predicted = try model.predict(ones).values
    let expected: Float = layer.scaling == .atTest ? 0.7 : 1
    #expect(predicted.allSatisfy { abs($0 - expected) < 1e-6 })
    // The mean square of a training pass against zeros is that of the kept ones: keep * scale^2.
    let scale: Float = layer.scaling == .atTest ? 1 : 1 / 0.7
    let loss = try model.gradients(Dataset(inputs: ones, targets: .values(Tensor(zeros: [4, n])))).loss
    #expect(abs(loss - 0.7 * scale * scale) < 0.02 * scale * scale)
    // keep * scale, the mean of training, is what inference gives.
    #expect(abs(loss / scale - expected) < 0.02 * scale)
  }

  @Test func dropoutMasksDiffer() throws {
    let model = try Model(
      Sequential([Dropout(rate: 0.5), Dropout(rate: 0.5)]), input: [1000], seed: 2)
    try model.compile(loss: .meanSquaredError, optimizer: SGD())
    let ones = try Tensor(shape: [2, 1000], [Float](repeating: 1, count: 2000))
    let data = try Dataset(inputs: ones, targets: .values(Tensor(zeros: [2, 1000])))
    let kept = try model.gradients(data).inputs.values.map { $0 != 0 }
    // Two layers of 0.5 keep a quarter: their masks are not the same. Two examples have two masks.
    #expect(abs(Double(kept.filter { $0 }.count) / 2000 - 0.25) < 0.05)
    #expect(kept[..<1000] != kept[1000...])
    try model.trainOnBatch(data)
    #expect(try model.gradients(data).inputs.values.map { $0 != 0 } != kept)
  }
}
