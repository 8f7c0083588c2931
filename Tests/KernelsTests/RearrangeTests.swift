import Kernels
import Reference
import Testing

@Suite struct RearrangeTests {
  @Test(arguments: [(0, 5), (3, 0), (1, 1), (7, 17), (61, 64), (5, 4099)])
  func copiesPartsOfMatrices(rows: Int, columns: Int) {
    for (ldx, ldy) in [(columns, columns), (columns + 3, columns), (columns, columns + 5), (columns + 1, columns + 2)] {
      let x = randomValues(rows * ldx, seed: 1), before = randomValues(rows * ldy, seed: 2)
      var expected = before
      for i in 0..<rows { for j in 0..<columns { expected[i * ldy + j] = x[i * ldx + j] } }
      everywhere { place in
        var y = before
        copyRows(rows: rows, columns: columns, x, ldx: ldx, into: &y, ldy: ldy)
        #expect(y == expected, "\(rows) x \(columns), ld \(ldx), \(ldy); \(place)")
      }
    }
  }

  @Test(arguments: [(0, 6, 2), (3, 0, 1), (1, 6, 2), (5, 6, 3), (301, 24, 3), (67, 240, 8), (9, 7, 7)])
  func shufflesChannels(rows: Int, channels: Int, groups: Int) {
    let x = randomValues(rows * channels, seed: 3)
    var expected = x
    for i in 0..<rows {
      for c in 0..<channels {
        let (group, j) = c.quotientAndRemainder(dividingBy: channels / groups)
        expected[i * channels + j * groups + group] = x[i * channels + c]
      }
    }
    everywhere { place in
      var (y, back) = (x, x)
      shuffleChannels(rows: rows, channels: channels, groups: groups, x, into: &y)
      #expect(y == expected, "\(place)")
      shuffleChannels(rows: rows, channels: channels, groups: max(1, channels / groups), y, into: &back)
      #expect(back == x, "\(place)")
    }
  }

  @Test func refusesOverlapAndWrongGroups() async {
    let copy = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var x: [Float] = [1, 2, 3, 4]
      x.withUnsafeMutableBufferPointer { x in
        let p = x.baseAddress!
        copyRows(rows: 1, columns: 3, p, ldx: 3, into: p + 1, ldy: 3)
      }
    }
    let overlap = String(decoding: copy?.standardErrorContent ?? [], as: UTF8.self)
    #expect(overlap.contains("copyRows: x and y overlap"))
    let shuffle = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var y: [Float] = [0, 0, 0]
      shuffleChannels(rows: 1, channels: 3, groups: 2, [1, 2, 3], into: &y)
    }
    let message = String(decoding: shuffle?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("shuffleChannels: 2 groups do not divide 3 channels"))
  }

  #if compiler(>=6.2)
    @Test func takeSpans() {
      var y: [Float] = [0, 0, 0, 0, 0, 0]
      var a = y.mutableSpan
      copyRows(rows: 2, columns: 2, [1, 2, 3, 4].span, ldx: 2, into: &a, ldy: 3)
      #expect(y == [1, 2, 0, 3, 4, 0])
      a = y.mutableSpan
      shuffleChannels(rows: 1, channels: 6, groups: 2, [0, 1, 2, 3, 4, 5].span, into: &a)
      #expect(y == [0, 3, 1, 4, 2, 5])
    }
  #endif
}
