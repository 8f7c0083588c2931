import Kernels
import Net
import Testing

/// The output shape of every layer against its formula.
@Suite struct ShapeTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let layer: any Layer
    let input: [Int]
    let output: [Int]
    let testDescription: String

    init(_ layer: any Layer, _ input: [Int], _ output: [Int]) {
      (self.layer, self.input, self.output) = (layer, input, output)
      testDescription = "\(layer.kind) \(input) -> \(output)"
    }
  }

  static let rows: [Row] = [
    Row(Dense(7), [3, 4], [3, 7]),
    Row(Flatten(), [3, 4, 5], [60]),
    Row(Embedding(10, 6), [7], [7, 6]),
    Row(Embedding(10, 6), [2, 3], [2, 3, 6]),
    Row(MultiHeadAttention(heads: 2, keyDim: 3), [7, 5], [7, 5]),
    Row(MultiHeadAttention(heads: 2, keyDim: 3, valueDim: 4, outputDim: 9), [7, 5], [7, 9]),
    Row(SinusoidalPositions(), [7, 5], [7, 5]),
    Row(GlobalAvgPool1D(), [7, 5], [5]),
    Row(Reshape([-1, 10]), [3, 4, 5], [6, 10]),
    // floor((n + 2p - d(k - 1) - 1) / s) + 1
    Row(Conv2D(8, kernelSize: 3, strides: 2, padding: 1, dilation: 2), [28, 28, 1], [13, 13, 8]),
    Row(Conv2D(8, kernelSize: 3, strides: 3, padding: .same), [28, 28, 1], [10, 10, 8]),
    Row(Conv2D(8, kernelSize: 5), [28, 28, 3], [24, 24, 8]),
    Row(Conv2D(8, kernelSize: 5, padding: .same), [28, 27, 3], [28, 27, 8]),
    Row(Conv2D(64, kernelSize: 7, strides: 2, padding: 3), [224, 224, 3], [112, 112, 64]),
    Row(Conv2D(4, kernelSize: 3, strides: 2), [5, 6, 1], [2, 2, 4]),
    Row(Conv2D(4, kernelSize: Size2D(height: 1, width: 4), strides: Size2D(height: 2, width: 1)), [5, 6, 1], [3, 3, 4]),
    Row(
      Conv2D(4, kernelSize: 3, padding: .explicit(Padding2D(top: 0, bottom: 1, left: 2, right: 3))), [5, 5, 1], [4, 8, 4]),
    Row(Conv2D(6, kernelSize: 1, groups: 3), [4, 4, 9], [4, 4, 6]),
    Row(Conv2D(6, kernelSize: 3, strides: 2, padding: .same, dilation: 2), [9, 10, 2], [5, 5, 6]),
    Row(Conv1D(8, kernelSize: 3), [10, 4], [8, 8]),
    Row(Conv1D(8, kernelSize: 3, stride: 2, padding: .same), [11, 4], [6, 8]),
    Row(Conv1D(8, kernelSize: 3, padding: 1, dilation: 2), [10, 4], [8, 8]),
    Row(DepthwiseConv2D(kernelSize: 3, strides: 2, padding: 1, depthMultiplier: 2), [14, 14, 5], [7, 7, 10]),
    Row(SeparableConv2D(12, kernelSize: 3, padding: .same), [14, 14, 5], [14, 14, 12]),
    // (n - 1)s - 2p + d(k - 1) + op + 1
    Row(Conv2DTranspose(4, kernelSize: 3, strides: 2, padding: 1, outputPadding: 1), [7, 7, 2], [14, 14, 4]),
    Row(Conv2DTranspose(4, kernelSize: 3, strides: 2, padding: 1), [7, 7, 2], [13, 13, 4]),
    Row(Conv2DTranspose(4, kernelSize: 3, strides: 2), [7, 7, 2], [15, 15, 4]),
    Row(Conv2DTranspose(4, kernelSize: 2, strides: 3), [7, 5, 2], [21, 15, 4]),
    Row(Conv2DTranspose(4, kernelSize: 3, strides: 2, padding: .same), [7, 5, 2], [14, 10, 4]),
    Row(Conv2DTranspose(4, kernelSize: 3, dilation: 2), [7, 5, 2], [11, 9, 4]),
    Row(MaxPool2D(), [7, 7, 3], [3, 3, 3]),
    Row(MaxPool2D(2, roundsUp: true), [7, 7, 3], [4, 4, 3]),
    Row(MaxPool2D(3, strides: 2, padding: 1), [112, 112, 64], [56, 56, 64]),
    Row(MaxPool2D(2, padding: .same), [7, 7, 3], [4, 4, 3]),
    Row(AvgPool2D(3, strides: 1, padding: .same), [5, 4, 3], [5, 4, 3]),
    Row(GlobalAvgPool2D(), [7, 5, 3], [3]),
    Row(MaxPool1D(), [7, 3], [3, 3]),
    Row(MaxPool1D(3, stride: 2, padding: 1), [7, 3], [4, 3]),
    Row(AvgPool1D(roundsUp: true), [7, 3], [4, 3]),
    Row(AvgPool1D(3, stride: 1, padding: .same), [7, 3], [7, 3]),
    Row(BatchNorm(), [7, 5, 3], [7, 5, 3]),
    Row(LayerNorm(), [5, 3], [5, 3]),
    Row(RMSNorm(), [5, 3], [5, 3]),
    Row(GroupNorm(groups: 2), [7, 5, 4], [7, 5, 4]),
    Row(ZeroPadding2D(Padding2D(top: 1, bottom: 2, left: 3, right: 4)), [5, 5, 2], [8, 12, 2]),
    Row(ChannelShuffle(groups: 3), [2, 2, 6], [2, 2, 6]),
    Row(Residual { Conv2D(3, kernelSize: 3, padding: 1) }, [5, 5, 3], [5, 5, 3]),
    Row(SimpleRNN(6), [5, 3], [6]),
    Row(LSTM(6, returnSequences: true), [5, 3], [5, 6]),
    Row(LSTM(6, returnState: true), [5, 3], [12]),
    Row(GRU(6, returnState: true, goBackwards: true), [5, 3], [6]),
    Row(Bidirectional(GRU(6, returnSequences: true)), [5, 3], [5, 12]),
    Row(Bidirectional(LSTM(6), merge: .average), [5, 3], [6]),
    Row(Masking(), [5, 3], [5]),
    Row(Networks.lenet(), [28, 28, 1], [10]),
    Row(Networks.resNet18(), [224, 224, 3], [1000]),
  ]

  @Test(arguments: rows) func outputShape(_ row: Row) throws {
    #expect(try row.layer.outputShape(row.input) == row.output)
  }

  @Test func concatenate() throws {
    #expect(try Concatenate().outputShape([4, 4, 3], [4, 4, 5], [4, 4, 1]) == [4, 4, 9])
    #expect(try Add().outputShape([4, 3], [4, 3]) == [4, 3])
  }
}
