import Kernels

/// y = the largest value of each window, by channel.
struct MaxPooling: Op {
  /// One example.
  let shape: Pool2DShape

  let name = "maxPool2d"

  /// Whether there are at most half as many outputs as inputs.
  var isReduction: Bool { 2 * shape.outputHeight * shape.outputWidth <= shape.height * shape.width }

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { [shape.outputHeight, shape.outputWidth, shape.channels] }

  private var outputs: Int { shape.outputHeight * shape.outputWidth * shape.channels }

  /// Where in the image each maximum was: 32-bit integers in the place of floats.
  func savedCount(batch: Int) -> Int { batch * outputs }

  func forward(_ c: OpContext) {
    let shape = shape.with(batch: c.batch)
    guard c.isTraining else { return maxPool2d(shape, c.input(), into: c.output, indices: nil) }
    c.saved.withMemoryRebound(to: Int32.self, capacity: c.batch * outputs) { indices in
      maxPool2d(shape, c.input(), into: c.output, indices: indices)
    }
  }

  /// Each dy goes to where its maximum was.
  func backward(_ c: OpContext) {
    guard let dx = c.inputGradient() else { return }
    c.saved.withMemoryRebound(to: Int32.self, capacity: c.batch * outputs) { indices in
      maxPool2dGradient(shape.with(batch: c.batch), dy: c.outputGradient, indices: indices, into: dx)
    }
  }
}

/// y = the mean of each window, by channel.
struct AveragePooling: Op {
  /// One example.
  let shape: Pool2DShape
  let countsPadding: Bool

  let name = "avgPool2d"

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { [shape.outputHeight, shape.outputWidth, shape.channels] }

  func forward(_ c: OpContext) {
    averagePool2d(shape.with(batch: c.batch), c.input(), into: c.output, countsPadding: countsPadding)
  }

  func backward(_ c: OpContext) {
    guard let dx = c.inputGradient() else { return }
    averagePool2dGradient(shape.with(batch: c.batch), dy: c.outputGradient, into: dx, countsPadding: countsPadding)
  }
}

/// y = the mean of each channel over all positions.
struct GlobalAveragePooling: Op {
  let positions: Int
  let channels: Int

  let name = "globalAvgPool2d"

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { [channels] }

  func forward(_ c: OpContext) {
    globalAveragePool(batch: c.batch, positions: positions, channels: channels, c.input(), into: c.output)
  }

  func backward(_ c: OpContext) {
    guard let dx = c.inputGradient() else { return }
    globalAveragePoolGradient(batch: c.batch, positions: positions, channels: channels, dy: c.outputGradient, into: dx)
  }
}

extension Pool2DShape {
  fileprivate func with(batch: Int) -> Pool2DShape {
    var shape = self
    shape.batch = batch
    return shape
  }
}
