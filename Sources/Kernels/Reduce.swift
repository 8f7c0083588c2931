// Sums, extrema and statistics: of an array, and along any axis of one.
//
// The order of operations follows from the shape alone. Along contiguous elements, chunks of 4096 run in sixteen lanes
// (element i in lane i mod 16, ascending), the lanes join in the tree l+8, l+4, l+2, l+1, and the results of the chunks
// are reduced like elements. Along an axis with elements between, blocks of 256 run in ascending order from zero, and
// the results of the blocks are joined in order.

import CKernels

/// What a reduction computes of n elements.
public enum Reduction: CaseIterable, Sendable {
  /// The sum; 0 of nothing.
  case sum
  /// The sum divided by n; NaN of nothing.
  case mean
  /// The mean square distance from the mean, in two passes (biased: divided by n); 0 of equal elements, NaN of nothing. The
  /// mean that it takes is that of the distances from the first element, plus this element.
  case variance
  /// The largest element; a NaN if there is one; never -0; -infinity of nothing.
  case maximum
  /// The sum of absolute values.
  case norm1
  /// The square root of the sum of squares; elements are scaled by a power of two where these would leave the range of Float.
  case norm2
  /// The largest absolute value; a NaN if there is one; 0 of nothing.
  case normInfinity
}

/// Estimated time of an element, one array read at about 50 GB/s.
private let nanoseconds = 0.08

/// Elements of a chunk and rows of a block: LW_CHUNK and LW_ROW_CHUNK of the kernels.
private let (chunkLength, blockRows) = (4096, 256)

extension Reduction {
  private var fold: lw_fold {
    switch self {
    case .sum, .mean: LW_FOLD_SUM
    case .variance: LW_FOLD_DEVIATION
    case .maximum: LW_FOLD_MAX
    case .norm1: LW_FOLD_ABS
    case .norm2: LW_FOLD_SQUARE
    case .normInfinity: LW_FOLD_ABSMAX
    }
  }

  private var finish: lw_finish? {
    switch self {
    case .sum, .norm1: nil
    case .mean, .variance: LW_FINISH_DIVIDE
    case .norm2: LW_FINISH_SQRT
    case .maximum, .normInfinity: LW_FINISH_UNSIGN_ZERO
    }
  }

  /// Runs the folds this reduction consists of. `fold` writes one result for each value of `y`, with `shift` of each; `x` has
  /// the first element of each, `distance` apart.
  fileprivate func run(
    _ table: UnsafePointer<lw_table>, n: Int, _ x: UnsafePointer<Float>, distance: Int, into y: UnsafeMutablePointer<Float>,
    count: Int, fold: (_ fold: lw_fold, _ shift: UnsafePointer<Float>) -> Void
  ) {
    if self == .variance, n > 0 {
      withScratch(count) { origins in
        for i in 0..<count { origins[i] = x[i * distance] }
        meansFromOrigins(n, origins, into: y, count: count, on: table, fold: fold)
      }
    }
    fold(self.fold, y)
    if let finish { table.pointee.fold_finish(finish, Float(n), y, count) }
  }
}

/// y = the means of n elements, worked out from their distances to `origins`: elements that are all the same, however large,
/// have exactly that mean.
private func meansFromOrigins(
  _ n: Int, _ origins: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int,
  on table: UnsafePointer<lw_table>, fold: (_ fold: lw_fold, _ shift: UnsafePointer<Float>) -> Void
) {
  fold(LW_FOLD_DIFFERENCE, origins)
  table.pointee.fold_finish(LW_FINISH_DIVIDE, Float(n), y, count)
  table.pointee.add(origins, y, y, count)
}

/// y[i] = the mean of row i: a first one from the distances to the row's first element, then again from those to this mean, which
/// corrects what a first element far from the others has cost. `origins` is room for a value a row.
func meansOfRows(
  _ rows: Int, _ columns: Int, _ x: UnsafePointer<Float>, origins: UnsafeMutablePointer<Float>,
  into y: UnsafeMutablePointer<Float>, on table: UnsafePointer<lw_table>
) {
  for i in 0..<rows { origins[i] = x[i * columns] }
  for _ in 0..<2 {
    meansFromOrigins(columns, origins, into: y, count: rows, on: table) {
      table.pointee.fold_rows($0, rows, columns, x, columns, $1, y)
    }
    origins.update(from: y, count: rows)
  }
}

/// Reduces the middle axis of `x[outer][n][inner]` into `y[outer][inner]`.
///
/// Sums of columns are `outer: 1, n: rows, inner: columns`; of rows, `outer: rows, n: columns, inner: 1`.
/// `y` must not overlap `x`.
public func reduce(
  _ r: Reduction, outer: Int, n: Int, inner: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
) {
  checkAxes(outer, n, inner, "reduce")
  if r == .norm2 { norms(outer: outer, n: n, inner: inner, x, into: y) } else { fold(r, outer, n, inner, x, y) }
}

/// Euclidean norms.
///
/// - Returns: those of finite elements that are beyond Float, and where they lie.
@discardableResult
func norms(
  outer: Int, n: Int, inner: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
) -> [(index: Int, norm: Double)] {
  fold(.norm2, outer, n, inner, x, y)
  return rescueNorms(outer: outer, n: n, inner: inner, x, y) { fold($0, outer, n, inner, $1, $2) }
}

private func fold(
  _ r: Reduction, _ outer: Int, _ n: Int, _ inner: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
) {
  guard outer > 0, inner > 0 else { return }
  if n == 0 {
    r.run(kernels, n: 0, x, distance: 0, into: y, count: outer * inner) {
      kernels.pointee.fold_rows($0, outer * inner, 0, x, 0, $1, y)
    }
  } else if inner > 1 {
    reduceColumns(r, outer: outer, n: n, inner: inner, x, into: y)
  } else if outer > 1 || n <= 4 * chunkLength {
    reduceRows(r, rows: outer, columns: n, x, into: y)
  } else {
    reduceLong(r, x, count: n, into: y)
  }
}

private func checkAxes(_ outer: Int, _ n: Int, _ inner: Int, _ function: StaticString) {
  precondition(
    outer >= 0 && n >= 0 && inner >= 0, "\(function): outer \(outer), n \(n), inner \(inner); expected none negative")
}

private func reduceRows(
  _ r: Reduction, rows: Int, columns: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
) {
  let table = kernels
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: nanoseconds) { row, count in
    let (x, y) = (x + row * columns, y + row)
    r.run(table, n: columns, x, distance: columns, into: y, count: count) {
      table.pointee.fold_rows($0, count, columns, x, columns, $1, y)
    }
  }
}

/// One long row, on several cores: a result for each chunk, which are then folded like elements.
private func reduceLong(_ r: Reduction, _ x: UnsafePointer<Float>, count: Int, into y: UnsafeMutablePointer<Float>) {
  let table = kernels
  let chunks = (count + chunkLength - 1) / chunkLength
  withUnsafeTemporaryAllocation(of: Float.self, capacity: chunks) { buffer in
    let partial = buffer.baseAddress!
    r.run(table, n: count, x, distance: 0, into: y, count: 1) { fold, shifts in
      let shift = fold == LW_FOLD_DIFFERENCE || fold == LW_FOLD_DEVIATION ? shifts[0] : 0
      forEachPiece(count, nanoseconds: nanoseconds, unit: chunkLength) { start, length in
        table.pointee.fold_chunks(fold, x + start, length, shift, partial + start / chunkLength)
      }
      let isMaximum = fold == LW_FOLD_MAX || fold == LW_FOLD_ABSMAX
      table.pointee.fold_rows(isMaximum ? LW_FOLD_MAX : LW_FOLD_SUM, 1, chunks, partial, chunks, nil, y)
    }
  }
}

/// Columns folded by one task: their rows are read in pieces of 1 KB.
private let tileColumns = 256

private func reduceColumns(
  _ r: Reduction, outer: Int, n: Int, inner: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
) {
  let table = kernels
  let tiles = (inner + tileColumns - 1) / tileColumns
  let time = nanoseconds * Double(outer) * Double(n) * Double(inner)
  if n > blockRows && outer * tiles < threadCount {
    for o in 0..<outer { reduceTallMatrix(r, rows: n, columns: inner, x + o * n * inner, into: y + o * inner) }
    return
  }
  parallelFor(outer * tiles, nanoseconds: time) { task in
    let (o, j) = (task / tiles, task % tiles * tileColumns)
    let columns = min(tileColumns, inner - j)
    let (x, y) = (x + o * n * inner + j, y + o * inner + j)
    r.run(table, n: n, x, distance: 1, into: y, count: columns) {
      table.pointee.fold_columns($0, n, columns, x, inner, $1, y)
    }
  }
}

/// Few columns of many rows, on several cores: the blocks of rows apart, then joined in order, which is what the kernel
/// does with them when it runs alone.
private func reduceTallMatrix(
  _ r: Reduction, rows: Int, columns: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
) {
  let table = kernels
  let blocks = (rows + blockRows - 1) / blockRows
  withUnsafeTemporaryAllocation(of: Float.self, capacity: blocks * columns) { buffer in
    let partial = buffer.baseAddress!
    r.run(table, n: rows, x, distance: 1, into: y, count: columns) { fold, shift in
      parallelFor(blocks, nanoseconds: nanoseconds * Double(rows) * Double(columns)) { b in
        let (row, count) = (b * blockRows, min(blockRows, rows - b * blockRows))
        table.pointee.fold_columns(fold, count, columns, x + row * columns, columns, shift, partial + b * columns)
      }
      y.update(from: partial, count: columns)
      for b in 1..<blocks { table.pointee.fold_join(fold, partial + b * columns, y, columns) }
    }
  }
}

private func reduceAll(_ r: Reduction, _ x: UnsafePointer<Float>, _ count: Int, _ function: StaticString) -> Float {
  check(count, function)
  var y: Float = 0
  reduce(r, outer: 1, n: count, inner: 1, x, into: &y)
  return y
}

/// The sum of `x[0..<count]`; 0 of nothing.
public func sum(_ x: UnsafePointer<Float>, count: Int) -> Float { reduceAll(.sum, x, count, "sum") }

/// The mean of `x[0..<count]`; NaN of nothing.
public func mean(_ x: UnsafePointer<Float>, count: Int) -> Float { reduceAll(.mean, x, count, "mean") }

/// The biased variance of `x[0..<count]`, in two passes; 0 of equal elements, NaN of nothing.
public func variance(_ x: UnsafePointer<Float>, count: Int) -> Float { reduceAll(.variance, x, count, "variance") }

/// The largest of `x[0..<count]`: a NaN if there is one, never -0, -infinity of nothing.
public func maximum(_ x: UnsafePointer<Float>, count: Int) -> Float { reduceAll(.maximum, x, count, "maximum") }

/// The sum of the absolute values of `x[0..<count]`.
public func norm1(_ x: UnsafePointer<Float>, count: Int) -> Float { reduceAll(.norm1, x, count, "norm1") }

/// The Euclidean norm of `x[0..<count]`: infinite only where it is beyond Float or an element is infinite, and 0 only of zeros.
public func norm2(_ x: UnsafePointer<Float>, count: Int) -> Float { reduceAll(.norm2, x, count, "norm2") }

/// The largest absolute value of `x[0..<count]`: a NaN if there is one, 0 of nothing.
public func normInfinity(_ x: UnsafePointer<Float>, count: Int) -> Float {
  reduceAll(.normInfinity, x, count, "normInfinity")
}

/// The dot product of `x[0..<count]` and `y[0..<count]`: each lane a chain of fused multiply-adds.
public func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) -> Float {
  check(count, "dot")
  let table = kernels
  let chunks = (count + chunkLength - 1) / chunkLength
  return withUnsafeTemporaryAllocation(of: Float.self, capacity: chunks + 1) { buffer in
    let partial = buffer.baseAddress!
    forEachPiece(count, nanoseconds: 2 * nanoseconds, unit: chunkLength) { start, length in
      table.pointee.dot_chunks(x + start, y + start, length, partial + 1 + start / chunkLength)
    }
    table.pointee.fold_rows(LW_FOLD_SUM, 1, chunks, partial + 1, chunks, nil, partial)
    return partial[0]
  }
}

/// The index of the largest of `x[0..<count]`: of the first NaN if there is one, otherwise of the first of equals.
///
/// - Precondition: `count` is at least 1.
public func argmax(_ x: UnsafePointer<Float>, count: Int) -> Int {
  precondition(count >= 1, "argmax: count \(count); nothing has no largest element")
  return kernels.pointee.find(x, count, maximum(x, count: count))
}

/// The index along the middle axis of the largest element of `x[outer][n][inner]`, into `y[outer][inner]`.
///
/// The first NaN is the largest; of equals the first is taken.
/// - Precondition: `n` is at least 1 and fits an Int32.
public func argmax(
  outer: Int, n: Int, inner: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Int32>
) {
  checkAxes(outer, n, inner, "argmax")
  guard outer > 0, inner > 0 else { return }
  precondition(n >= 1 && n <= Int32.max, "argmax: n \(n); expected 1 to \(Int32.max)")
  let table = kernels
  if inner == 1 {
    forEachRowGroup(rows: outer, columns: n, nanoseconds: 2 * nanoseconds) { row, count in
      table.pointee.argmax_rows(count, n, x + row * n, n, y + row)
    }
  } else {
    parallelFor(outer, nanoseconds: 2 * nanoseconds * Double(outer) * Double(n) * Double(inner)) { o in
      table.pointee.argmax_columns(n, inner, x + o * n * inner, inner, y + o * inner)
    }
  }
}

/// Whether `x[0..<count]` contains neither an infinity nor a NaN.
public func isFinite(_ x: UnsafePointer<Float>, count: Int) -> Bool {
  check(count, "isFinite")
  return kernels.pointee.is_finite(x, count) != 0
}
