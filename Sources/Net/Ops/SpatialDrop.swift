import Kernels

/// y = x with each channel of each example kept, times 1 / (1 - rate), or zero. The mask has a value for each channel of each
/// example and is drawn again for the gradient.
struct SpatialDrop: Op {
  let rate: Float
  /// Positions and channels of one example.
  let positions: Int
  let channels: Int
  let stream: RandomStream

  let name = "spatialDropout"

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func isView(in purpose: Plan.Purpose) -> Bool { purpose != .training || rate == 0 }

  func workspaceCount(batch: Int) -> Int { batch * channels }

  func forward(_ c: OpContext) { drop(c.input(), into: c.output, c) }

  /// dx = dy under the same mask.
  func backward(_ c: OpContext) {
    if let dx = c.inputGradient() { drop(c.outputGradient, into: dx, c) }
  }

  private func drop(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, _ c: OpContext) {
    let mask = c.workspace, size = positions * channels
    mask.update(repeating: 1, count: c.batch * channels)
    stream.dropout(
      rate: rate, scale: 1 / (1 - rate), from: c.examplesSeen &* UInt64(channels), mask, into: mask, count: c.batch * channels)
    for i in 0..<c.batch {
      multiplyRow(
        rows: positions, columns: channels, x + i * size, ldx: channels, row: mask + i * channels, into: y + i * size,
        ldy: channels)
    }
  }
}
