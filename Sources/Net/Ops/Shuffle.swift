import Kernels

/// y = the channels of x, as a matrix of `groups` rows, transposed.
struct Shuffle: Op {
  /// Rows of one example.
  let rows: Int
  let channels: Int
  let groups: Int

  let name = "channelShuffle"

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

  func isView(in purpose: Plan.Purpose) -> Bool { groups == 1 || groups == channels }

  func forward(_ c: OpContext) {
    shuffleChannels(rows: c.batch * rows, channels: channels, groups: groups, c.input(), into: c.output)
  }

  /// dx = dy transposed back.
  func backward(_ c: OpContext) {
    guard let dx = c.inputGradient() else { return }
    shuffleChannels(rows: c.batch * rows, channels: channels, groups: channels / groups, c.outputGradient, into: dx)
  }
}
