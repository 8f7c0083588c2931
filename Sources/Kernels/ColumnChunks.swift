import CKernels

/// How matrices that are normalised by column (channels-last images: rows are places, columns channels) are cut.
///
/// Chunks of rows, fold and all that decides the order of additions follow from the shape alone.
struct ColumnChunks {
  let matrices, rows, columns: Int
  /// Rows that are taken for one: fewer than 64 columns are folded until they are whole vectors, at least four. Sums of
  /// a column then run in as many chains, and none of the vectors is only partly used.
  let fold: Int
  /// At least 256, and at least 64 after folding: so short that cancellation in a chunk cannot hurt, long enough that what
  /// follows each chunk does not count.
  let chunkRows: Int
  /// Of each matrix.
  let chunks: Int
  /// Column ranges handed out apart where there are few chunks.
  private let tiles: Int

  init(matrices: Int = 1, rows: Int, columns: Int) {
    (self.matrices, self.rows, self.columns) = (matrices, rows, columns)
    var fold = 1
    if columns > 0, columns < 64 {
      while columns * fold % 16 != 0 || columns * fold < 64 { fold *= 2 }
    }
    self.fold = fold
    chunkRows = max(256, 64 * fold)
    chunks = (rows + chunkRows - 1) / chunkRows
    let pieces = max(1, matrices * chunks)
    tiles = min(max(1, columns / 64), (Self.piecesWanted + pieces - 1) / pieces)
  }

  /// Enough for two to four a thread where cores are few.
  private static let piecesWanted = 8

  /// Values of one kind that chunks leave.
  var partialCount: Int { matrices * chunks * columns }
  /// Values of a row of parameters as kernels of folded rows read them.
  var width: Int { fold * columns }

  /// Some rows and columns of one matrix.
  struct Piece {
    let matrix: Int
    /// Where its first element is.
    let offset: Int
    let column: Int
    /// Where its results are among the partial ones.
    let partial: Int
    let shape: lw_norm_rows
  }

  /// Runs `body` for all pieces, possibly on several cores. `reversed`: from the end, which the pass before has left in the
  /// caches; with several threads each half from where the pass before has ended in it.
  func forEach(nanoseconds: Double, reversed: Bool = false, _ body: (Piece) -> Void) {
    let count = matrices * chunks * tiles
    let time = nanoseconds * Double(matrices) * Double(rows) * Double(columns)
    let middle = threadCount == 1 ? count : count / 2
    parallelFor(count, nanoseconds: time) { index in
      let last = index < middle ? middle - 1 : count - 1 + middle
      body(piece(reversed ? last - index : index))
    }
  }

  private func piece(_ index: Int) -> Piece {
    let (chunk, tile) = index.quotientAndRemainder(dividingBy: tiles)
    let (matrix, row) = (chunk / chunks, chunk % chunks * chunkRows)
    let vectors = partition((columns + 15) / 16, into: tiles, tile)
    let column = vectors.lowerBound * 16
    let shape = lw_norm_rows(
      rows: min(chunkRows, rows - row), columns: min(vectors.upperBound * 16, columns) - column, ld: columns, fold: fold)
    return Piece(
      matrix: matrix, offset: (matrix * rows + row) * columns + column, column: column, partial: chunk * columns + column,
      shape: shape)
  }

  /// Writes the row of parameters of each matrix as often as kernels of folded rows read it, one copy after the other.
  func spread(_ parameters: UnsafePointer<Float>, into wide: UnsafeMutablePointer<Float>) {
    for matrix in 0..<matrices {
      for copy in 0..<fold {
        (wide + (matrix * fold + copy) * columns).update(from: parameters + matrix * columns, count: columns)
      }
    }
  }
}

/// Estimated times of an element: sums over one array; normalisation; and the gradient's passes, which read two arrays.
private let (momentsTime, applyTime, sumsTime, gradientTime) = (0.05, 0.08, 0.1, 0.15)

// The passes that batch norm and group norm consist of. Parameters are matrices x width, spread; results of sums are
// matrices x columns.
extension ColumnChunks {
  /// Mean and sum of squared deviations of each column, in one pass; NaN without rows.
  func moments(_ x: UnsafePointer<Float>, mean: UnsafeMutablePointer<Float>, squares: UnsafeMutablePointer<Float>) {
    guard rows > 0 else {
      mean.update(repeating: .nan, count: matrices * columns)
      return squares.update(repeating: .nan, count: matrices * columns)
    }
    let table = kernels
    withScratch(2 * partialCount) { sums in
      let deviations = sums + partialCount
      forEach(nanoseconds: momentsTime) { piece in
        var shape = piece.shape
        let origin = x + piece.matrix * rows * columns + piece.column
        table.pointee.norm_moments(&shape, x + piece.offset, origin, sums + piece.partial, deviations + piece.partial)
      }
      var shape = lw_norm_chunks(rows: rows, columns: columns, chunks: chunks, chunk_rows: chunkRows)
      for matrix in 0..<matrices {
        let (partial, result) = (matrix * chunks * columns, matrix * columns)
        table.pointee.norm_join(
          &shape, x + matrix * rows * columns, sums + partial, deviations + partial, mean + result, squares + result)
      }
    }
  }

  /// y = (x - mean) scale + shift, plus residual, through ReLU.
  func apply(
    _ x: UnsafePointer<Float>, mean: UnsafePointer<Float>, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>,
    residual: UnsafePointer<Float>?, relu: Bool, into y: UnsafeMutablePointer<Float>
  ) {
    let kernel = kernels.pointee.norm_apply
    forEach(nanoseconds: applyTime, reversed: true) { piece in
      var shape = piece.shape
      let at = piece.matrix * width + piece.column
      kernel(
        &shape, x + piece.offset, mean + at, scale + at, shift + at, residual.map { $0 + piece.offset }, relu ? 1 : 0,
        y + piece.offset)
    }
  }

  /// Sums of dz and of dz (x - mean) of each column.
  func gradientSums(
    _ gradient: lw_norm_gradient, sum: UnsafeMutablePointer<Float>, product: UnsafeMutablePointer<Float>
  ) {
    let table = kernels
    withScratch(2 * partialCount) { sums in
      let products = sums + partialCount
      forEach(nanoseconds: sumsTime) { piece in
        var (shape, own) = (piece.shape, self.gradient(gradient, of: piece))
        table.pointee.norm_sums(&shape, &own, sums + piece.partial, products + piece.partial)
      }
      for matrix in 0..<matrices {
        let (partial, result) = (matrix * chunks * columns, matrix * columns)
        table.pointee.fold_columns(LW_FOLD_SUM, chunks, columns, sums + partial, columns, nil, sum + result)
        table.pointee.fold_columns(LW_FOLD_SUM, chunks, columns, products + partial, columns, nil, product + result)
      }
    }
  }

  /// dx = a dz + (b (x - mean) + c); dz itself to `residual`.
  func gradientApply(
    _ gradient: lw_norm_gradient, a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafePointer<Float>,
    into dx: UnsafeMutablePointer<Float>?, residual: UnsafeMutablePointer<Float>?
  ) {
    let kernel = kernels.pointee.norm_dx
    forEach(nanoseconds: gradientTime, reversed: true) { piece in
      var (shape, own) = (piece.shape, self.gradient(gradient, of: piece))
      let at = piece.matrix * width + piece.column
      kernel(&shape, &own, a + at, b + at, c + at, dx.map { $0 + piece.offset }, residual.map { $0 + piece.offset })
    }
  }

  /// The arguments of the whole, moved to a piece.
  private func gradient(_ g: lw_norm_gradient, of piece: Piece) -> lw_norm_gradient {
    let at = piece.matrix * width + piece.column
    return lw_norm_gradient(
      x: g.x + piece.offset, dy: g.dy + piece.offset, y: g.y.map { $0 + piece.offset }, mean: g.mean + at,
      scale: g.scale.map { $0 + at }, shift: g.shift.map { $0 + at })
  }
}

/// Stops the program when a size or epsilon is negative.
func checkNorm(_ rows: Int, _ columns: Int, epsilon: Float, _ function: StaticString) {
  precondition(rows >= 0 && columns >= 0, "\(function): \(rows) rows of \(columns); expected neither negative")
  precondition(epsilon >= 0, "\(function): epsilon \(epsilon); expected 0 or more")
}

/// Stops the program when a result overlaps an argument without being it.
func checkOverlap(
  _ arguments: (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?), _ result: UnsafePointer<Float>?,
  elements count: Int, _ function: StaticString
) {
  guard let result else { return }
  if let x = arguments.0 { checkOverlap(x, result, elements: count, function) }
  if let x = arguments.1 { checkOverlap(x, result, elements: count, function) }
  if let x = arguments.2 { checkOverlap(x, result, elements: count, function) }
}
