import Kernels

/// y = x in the middle of zeros.
struct Pad: Op {
  let height: Int
  let width: Int
  let channels: Int
  let padding: Padding2D

  let name = "zeroPadding2d"

  private var outputHeight: Int { height + padding.top + padding.bottom }
  private var outputWidth: Int { width + padding.left + padding.right }
  /// Where the image begins in the output.
  private var start: Int { (padding.top * outputWidth + padding.left) * channels }
  private var outputCount: Int { outputHeight * outputWidth * channels }

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { [outputHeight, outputWidth, channels] }

  func isView(in purpose: Plan.Purpose) -> Bool { padding == .none }

  func forward(_ c: OpContext) {
    c.output.update(repeating: 0, count: c.batch * outputCount)
    for i in 0..<c.batch {
      copyRows(
        rows: height, columns: width * channels, c.input() + i * height * width * channels, ldx: width * channels,
        into: c.output + i * outputCount + start, ldy: outputWidth * channels)
    }
  }

  /// dx = the middle of dy.
  func backward(_ c: OpContext) {
    guard let dx = c.inputGradient() else { return }
    for i in 0..<c.batch {
      copyRows(
        rows: height, columns: width * channels, c.outputGradient + i * outputCount + start, ldx: outputWidth * channels,
        into: dx + i * height * width * channels, ldy: width * channels)
    }
  }
}
