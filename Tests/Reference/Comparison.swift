// Comparisons answer nil for "as it should be", or a sentence that says what differs, by how much, and where:
//   #expect(bitMismatch(actual, expected, columns: n) == nil)

/// Nil when both arrays hold the same bits (any NaN equals any NaN: payloads are not promised).
///
/// - Parameter columns: when given, places are reported as (row, column).
public func bitMismatch(_ actual: [Float], _ expected: [Float], columns: Int? = nil) -> String? {
  mismatch(actual, expected, columns: columns) { a, e, _ in a.bitPattern == e.bitPattern || (a.isNaN && e.isNaN) }
}

/// Nil when `|actual[i] - expected[i]| <= bound[i]` everywhere, computed in double precision.
public func boundMismatch(_ actual: [Float], _ expected: [Double], bound: [Double], columns: Int? = nil) -> String? {
  mismatch(actual, expected, columns: columns) { a, e, i in abs(Double(a) - e) <= bound[i] }
}

private func mismatch<E: BinaryFloatingPoint>(
  _ actual: [Float], _ expected: [E], columns: Int?, isRight: (Float, E, Int) -> Bool
) -> String? {
  guard actual.count == expected.count else { return "\(actual.count) elements; expected \(expected.count)" }
  let wrong = actual.indices.filter { !isRight(actual[$0], expected[$0], $0) }
  guard let first = wrong.first else { return nil }
  func difference(_ i: Int) -> Double {
    let d = abs(Double(actual[i]) - Double(expected[i]))
    return d.isNaN ? .infinity : d
  }
  let worst = wrong.max { difference($0) < difference($1) }!
  func describe(_ i: Int) -> String {
    let place = columns.map { "(\(i / max($0, 1)), \(i % max($0, 1)))" } ?? "[\(i)]"
    return "\(place): \(actual[i]), expected \(expected[i])"
  }
  return "\(wrong.count) of \(actual.count) differ; first \(describe(first)); worst \(describe(worst))"
}
