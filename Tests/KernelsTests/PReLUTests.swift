import Kernels
import Reference
import Testing

@Suite struct PReLUTests {
  static let shapes = [(0, 3), (1, 1), (3, 5), (255, 16), (256, 17), (257, 33), (600, 3), (1025, 40)]

  @Test(arguments: shapes) func equalsTheReferenceEverywhere(rows: Int, columns: Int) {
    let n = rows * columns
    let x = randomValues(n, seed: 1), dy = randomValues(n, seed: 2), slope = randomValues(columns, seed: 3)
    let y = naivePReLU(columns: columns, x, slope: slope)
    let gradient = naivePReLUGradient(rows: rows, columns: columns, x: x, slope: slope, dy: dy)
    everywhere { place in
      var (out, dx, da) = (
        [Float](repeating: 7, count: n + 1), [Float](repeating: 7, count: n + 1), [Float](repeating: 7, count: columns + 1)
      )
      prelu(rows: rows, columns: columns, x, slope: slope, into: &out)
      preluGradient(rows: rows, columns: columns, x: x, slope: slope, dy: dy, into: &dx, slopeGradient: &da)
      #expect(bitMismatch(out, y + [7]) == nil, "\(place)")
      #expect(bitMismatch(dx, gradient.dx + [7]) == nil, "\(place)")
      #expect(bitMismatch(da, gradient.slope + [7]) == nil, "\(place)")
      da = [Float](repeating: 7, count: columns + 1)
      preluGradient(rows: rows, columns: columns, x: x, slope: slope, dy: dy, into: nil, slopeGradient: &da)
      #expect(bitMismatch(da, gradient.slope + [7]) == nil, "\(place), without dx")
      out = x + [7]
      out.withUnsafeMutableBufferPointer {
        prelu(rows: rows, columns: columns, UnsafePointer($0.baseAddress!), slope: slope, into: $0.baseAddress!)
      }
      #expect(bitMismatch(out, y + [7]) == nil, "\(place), in place")
    }
  }

  @Test func specialValuesEqualTheReference() {
    let x = specialValues, n = x.count
    let slope = randomValues(n, seed: 4), dy = randomValues(n, seed: 5)
    let gradient = naivePReLUGradient(rows: 1, columns: n, x: x, slope: slope, dy: dy)
    for tier in Tier.available {
      withTier(tier) {
        var (y, dx, da) = (x, x, x)
        prelu(rows: 1, columns: n, x, slope: slope, into: &y)
        preluGradient(rows: 1, columns: n, x: x, slope: slope, dy: dy, into: &dx, slopeGradient: &da)
        #expect(bitMismatch(y, naivePReLU(columns: n, x, slope: slope)) == nil, "\(tier)")
        #expect(bitMismatch(dx, gradient.dx) == nil && bitMismatch(da, gradient.slope) == nil, "\(tier)")
      }
    }
  }

  @Test func staysInsideItsBuffers() {
    for tier in Tier.available {
      for side in GuardedBuffer<Float>.Side.allCases {
        for columns in [1, 15, 17, 64] {
          let x = GuardedBuffer<Float>(repeating: -0.5, count: 5 * columns, side: side)
          let dx = GuardedBuffer<Float>(repeating: 0, count: 5 * columns, side: side)
          let slope = GuardedBuffer<Float>(repeating: 0.25, count: columns, side: side)
          let da = GuardedBuffer<Float>(repeating: 0, count: columns, side: side)
          withTier(tier) {
            preluGradient(
              rows: 5, columns: columns, x: x.pointer, slope: slope.pointer, dy: x.pointer, into: dx.pointer,
              slopeGradient: da.pointer)
            prelu(rows: 5, columns: columns, x.pointer, slope: slope.pointer, into: x.pointer)
          }
          #expect(x.values.allSatisfy { $0 == -0.125 } && dx.values.allSatisfy { $0 == -0.125 })
          #expect(da.values.allSatisfy { $0 == 1.25 })
        }
      }
    }
  }

  @Test func wrongArgumentsStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      var x: [Float] = [1, 2, 3]
      x.withUnsafeMutableBufferPointer { prelu(rows: 1, columns: 2, $0.baseAddress!, slope: [1, 1], into: $0.baseAddress! + 1) }
    }
    await #expect(processExitsWith: .failure) {
      var y: [Float] = [1]
      prelu(rows: -1, columns: 1, [1], slope: [1], into: &y)
    }
  }
}
