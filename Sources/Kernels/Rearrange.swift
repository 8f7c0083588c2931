// Moving values about, without arithmetic.

/// Estimated time of a value: read and written at about 60 GB/s, the rate of one core out of its cache.
private let copyNanoseconds = 0.15
/// Values that change their order go one by one.
private let shuffleNanoseconds = 0.6

/// `y[i][j] = x[i][j]`: a part of a matrix into a part of another, rows `ldx` and `ldy` apart.
///
/// - Precondition: sizes are not negative, distances between rows are at least `columns`, and the two parts have no
///   element in common.
public func copyRows(
  rows: Int, columns: Int, _ x: UnsafePointer<Float>, ldx: Int, into y: UnsafeMutablePointer<Float>, ldy: Int
) {
  checkMatrix(rows: rows, columns: columns, ld: ldx, "x", "copyRows")
  checkMatrix(rows: rows, columns: columns, ld: ldy, "y", "copyRows")
  let (source, target) = (
    Extent(x, rows: rows, columns: columns, ld: ldx), Extent(UnsafePointer(y), rows: rows, columns: columns, ld: ldy)
  )
  precondition(!source.overlaps(target), "copyRows: x and y overlap")
  nonisolated(unsafe) let (x, y) = (x, y)
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: copyNanoseconds) { row, count in
    if ldx == columns, ldy == columns {
      (y + row * ldy).update(from: x + row * ldx, count: count * columns)
    } else {
      for i in row..<row + count { (y + i * ldy).update(from: x + i * ldx, count: columns) }
    }
  }
}

/// The channel shuffle of ShuffleNet (Zhang et al. 2017) in each of `rows` pixels: channels as a matrix of `groups` rows,
/// transposed. Six channels in two groups, 0 1 2 and 3 4 5, become 0 3 1 4 2 5.
///
/// With `channels / groups` groups it is its own inverse.
///
/// - Precondition: sizes are not negative, `groups` divides `channels`, and the two do not overlap.
public func shuffleChannels(
  rows: Int, channels: Int, groups: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
) {
  precondition(rows >= 0 && channels >= 0, "shuffleChannels: \(rows) rows, \(channels) channels; expected neither negative")
  precondition(groups >= 1 && channels % groups == 0, "shuffleChannels: \(groups) groups do not divide \(channels) channels")
  precondition(
    !Extent(x, count: rows * channels).overlaps(Extent(UnsafePointer(y), count: rows * channels)),
    "shuffleChannels: x and y overlap")
  let size = channels / groups
  nonisolated(unsafe) let (x, y) = (x, y)
  forEachRowGroup(rows: rows, columns: channels, nanoseconds: shuffleNanoseconds) { row, count in
    for i in row..<row + count {
      let (source, target) = (x + i * channels, y + i * channels)
      for group in 0..<groups {
        for j in 0..<size { target[j * groups + group] = source[group * size + j] }
      }
    }
  }
}

#if compiler(>=6.2)

  /// `copyRows` on spans, with their lengths checked.
  public func copyRows(
    rows: Int, columns: Int, _ x: Span<Float>, ldx: Int, into y: inout MutableSpan<Float>, ldy: Int
  ) {
    checkRoom(rows: rows, columns: columns, ld: ldx, count: x.count, "x", "copyRows")
    checkRoom(rows: rows, columns: columns, ld: ldy, count: y.count, "y", "copyRows")
    x.withPointer { x in y.withPointer { copyRows(rows: rows, columns: columns, x, ldx: ldx, into: $0, ldy: ldy) } }
  }

  /// `shuffleChannels` on spans of exactly `rows` times `channels` elements.
  public func shuffleChannels(
    rows: Int, channels: Int, groups: Int, _ x: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: rows, columns: channels, x.count, "shuffleChannels")
    mapSpan(x, &y, "shuffleChannels") { x, y, _ in
      shuffleChannels(rows: rows, channels: channels, groups: groups, x, into: y)
    }
  }

#endif
