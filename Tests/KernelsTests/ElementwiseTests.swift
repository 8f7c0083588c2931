import Kernels
import Reference
import Testing

@Suite struct ElementwiseTests {
  typealias Pointer = UnsafePointer<Float>
  typealias Result = UnsafeMutablePointer<Float>

  /// Values with every kind of trouble among them.
  private func values(_ count: Int, seed: UInt64) -> [Float] {
    var x = randomValues(count, seed: seed, in: -4...4)
    for (i, special) in [Float.nan, .infinity, -.infinity, -0.0, 0, .leastNonzeroMagnitude].enumerated() where i * 3 < count {
      x[i * 3] = special
    }
    return x
  }

  /// `run(x, y, z)` for guarded arrays that end at an inaccessible page, and for z on top of x and of y.
  private func expectZip(_ run: (Pointer, Pointer, Result, Int) -> Void, _ f: (Float, Float) -> Float) {
    for count in awkwardCounts {
      let (x, y) = (values(count, seed: 1), values(count, seed: 2))
      let expected = (0..<count).map { f(x[$0], y[$0]) }
      everywhere { place in
        let (a, b) = (GuardedBuffer(x), GuardedBuffer(y))
        let z = GuardedBuffer(repeating: Float(7), count: count, side: .start)
        run(a.pointer, b.pointer, z.pointer, count)
        #expect(bitMismatch(z.values, expected) == nil, "\(count) elements, \(place)")
        run(a.pointer, b.pointer, a.pointer, count)
        #expect(bitMismatch(a.values, expected) == nil, "over x: \(count) elements, \(place)")
      }
    }
  }

  @Test func addIsExact() { expectZip({ add($0, $1, into: $2, count: $3) }, { $0 + $1 }) }
  @Test func subtractIsExact() { expectZip({ subtract($0, $1, into: $2, count: $3) }, { $0 - $1 }) }
  @Test func multiplyIsExact() { expectZip({ multiply($0, $1, into: $2, count: $3) }, { $0 * $1 }) }
  @Test func divideIsExact() { expectZip({ divide($0, $1, into: $2, count: $3) }, { $0 / $1 }) }
  @Test func scaleIsExact() { expectZip({ x, _, z, n in scale(1.7, x, into: z, count: n) }, { x, _ in 1.7 * x }) }

  @Test func axpyRoundsOnce() {
    for count in awkwardCounts {
      let (x, y) = (values(count, seed: 3), randomValues(count, seed: 4))
      everywhere { place in
        let (a, b) = (GuardedBuffer(x, side: .start), GuardedBuffer(y))
        axpy(-0.3, a.pointer, into: b.pointer, count: count)
        let expected = (0..<count).map { y[$0].addingProduct(-0.3, x[$0]) }
        #expect(bitMismatch(b.values, expected) == nil, "\(count) elements, \(place)")
      }
    }
  }

  @Test func axpyWithZeroReadsNoX() {
    for count in awkwardCounts {
      var y = randomValues(count, seed: 4)
      axpy(0, [Float](repeating: .nan, count: count), into: &y, count: count)
      #expect(bitMismatch(y, randomValues(count, seed: 4)) == nil)
    }
  }

  @Test func clampKeepsNaN() {
    expectZip(
      { x, _, z, n in clamp(x, lower: -1, upper: 2, into: z, count: n) },
      { x, _ in x.isNaN ? x : x < -1 ? -1 : x > 2 ? 2 : x })
  }

  @Test func scaleBytesReadsOnlyItsBytes() {
    for count in awkwardCounts {
      let x = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
      everywhere { place in
        let (a, y) = (GuardedBuffer(x), GuardedBuffer(repeating: Float(0), count: count))
        scaleBytes(a.pointer, scale: 1 / 255, into: y.pointer, count: count)
        #expect(bitMismatch(y.values, x.map { Float($0) * (1 / 255) }) == nil, "\(count) bytes, \(place)")
      }
    }
  }

  @Test(arguments: [(0, 5), (5, 0), (1, 1), (3, 17), (257, 33), (40, 1000), (2, 40000)])
  func broadcastsOverRowsAndColumns(rows: Int, columns: Int) {
    let (ldx, ldy) = (columns + 3, columns + 1)
    let x = values(max(0, (rows - 1) * ldx + columns), seed: 5)
    let (row, column) = (values(columns, seed: 6), values(rows, seed: 7))
    let y = randomValues(max(0, (rows - 1) * ldy + columns), seed: 8)

    func expected(_ f: (Float, _ i: Int, _ j: Int) -> Float) -> [Float] {
      var y = y
      for i in 0..<rows { for j in 0..<columns { y[i * ldy + j] = f(x[i * ldx + j], i, j) } }
      return y
    }
    func expect(_ name: String, _ expected: [Float], _ run: (Pointer, Pointer, Pointer, Result) -> Void) {
      everywhere { place in
        let (a, r, c, b) = (GuardedBuffer(x), GuardedBuffer(row), GuardedBuffer(column), GuardedBuffer(y))
        run(a.pointer, r.pointer, c.pointer, b.pointer)
        #expect(bitMismatch(b.values, expected, columns: ldy) == nil, "\(name), \(place)")
      }
    }
    expect("addRow", expected { x, _, j in x + row[j] }) { x, r, _, y in
      addRow(rows: rows, columns: columns, x, ldx: ldx, row: r, into: y, ldy: ldy)
    }
    expect("multiplyRow", expected { x, _, j in x * row[j] }) { x, r, _, y in
      multiplyRow(rows: rows, columns: columns, x, ldx: ldx, row: r, into: y, ldy: ldy)
    }
    expect("addColumn", expected { x, i, _ in x + column[i] }) { x, _, c, y in
      addColumn(rows: rows, columns: columns, x, ldx: ldx, column: c, into: y, ldy: ldy)
    }
    expect("multiplyColumn", expected { x, i, _ in x * column[i] }) { x, _, c, y in
      multiplyColumn(rows: rows, columns: columns, x, ldx: ldx, column: c, into: y, ldy: ldy)
    }
  }

  @Test(arguments: [(1, 1), (7, 17), (300, 784)]) func gatherRowsCopiesTheNamedRows(rows: Int, columns: Int) {
    let source = GuardedBuffer(randomValues(11 * (columns + 2) - 2, seed: 9))
    let indices = (0..<rows).map { Int32($0 * 5 % 11) }
    everywhere { place in
      let y = GuardedBuffer(repeating: Float(0), count: rows * columns)
      gatherRows(
        rows: rows, columns: columns, source.pointer, lds: columns + 2, indices: indices, into: y.pointer, ldy: columns)
      let expected = indices.flatMap { i in (0..<columns).map { source.values[Int(i) * (columns + 2) + $0] } }
      #expect(bitMismatch(y.values, expected, columns: columns) == nil, "\(place)")
    }
  }

  @Test func impossibleArgumentsStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      var x: [Float] = [1]
      x.withUnsafeMutableBufferPointer { scale(2, $0.baseAddress!, into: $0.baseAddress!, count: -1) }
    }
    await #expect(processExitsWith: .failure) {
      var x = [Float](repeating: 1, count: 8)
      x.withUnsafeMutableBufferPointer { scale(2, $0.baseAddress!, into: $0.baseAddress! + 1, count: 7) }
    }
    await #expect(processExitsWith: .failure) {
      var y: [Float] = [0]
      clamp([1], lower: 2, upper: 1, into: &y, count: 1)
    }
    await #expect(processExitsWith: .failure) {
      var y = [Float](repeating: 0, count: 8)
      addRow(rows: 2, columns: 4, [Float](repeating: 0, count: 8), ldx: 3, row: [1, 2, 3, 4], into: &y, ldy: 4)
    }
  }
}
