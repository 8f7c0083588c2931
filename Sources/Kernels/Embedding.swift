// Tables of vectors, looked up by token.

import CKernels

/// Estimated time of a value of a row that is copied, or added to its sum.
private let rowNanoseconds = 0.25
/// Columns of the table that one piece of the gradient sums: a cache line.
private let pieceColumns = 16

/// The row of each token: `y[i] = table[tokens[i]]`.
///
/// - Parameters:
///   - tokens: `count` whole numbers in `0..<vocabulary`, as floats.
///   - table: `[vocabulary, columns]`.
///   - y: `[count, columns]`.
/// - Precondition: every token is a whole number in `0..<vocabulary`, at most 2^24, and `y` overlaps neither operand.
public func embedding(
  count: Int, columns: Int, vocabulary: Int, tokens: UnsafePointer<Float>, table: UnsafePointer<Float>,
  into y: UnsafeMutablePointer<Float>
) {
  checkTokens(tokens, count: count, columns: columns, vocabulary: vocabulary, "embedding")
  checkApart(table, vocabulary * columns, y, count * columns, "embedding: y overlaps the table")
  checkApart(tokens, count, y, count * columns, "embedding: y overlaps the tokens")
  let kernel = kernels.pointee.embedding
  forEachRowGroup(rows: count, columns: columns, nanoseconds: rowNanoseconds) { row, rows in
    kernel(rows, columns, tokens + row, table, columns, y + row * columns, columns)
  }
}

/// The gradient of ``embedding(count:columns:vocabulary:tokens:table:into:)`` by the table: row r is the sum of `dy[i]` over all i
/// with `tokens[i] == r`, in ascending i, from 0; 0 where there is none.
///
/// - Parameters:
///   - dy: `[count, columns]`.
///   - gradient: `[vocabulary, columns]`, written.
/// - Precondition: as for `embedding`.
public func embeddingGradient(
  count: Int, columns: Int, vocabulary: Int, tokens: UnsafePointer<Float>, dy: UnsafePointer<Float>,
  into gradient: UnsafeMutablePointer<Float>
) {
  checkTokens(tokens, count: count, columns: columns, vocabulary: vocabulary, "embeddingGradient")
  checkApart(dy, count * columns, gradient, vocabulary * columns, "embeddingGradient: the gradient overlaps dy")
  checkApart(tokens, count, gradient, vocabulary * columns, "embeddingGradient: the gradient overlaps the tokens")
  let kernel = kernels.pointee.embedding_gradient
  // Each piece sums some columns for all tokens: the order of a sum does not depend on how many pieces there are.
  let pieces = min((columns + pieceColumns - 1) / pieceColumns, 4 * threadCount)
  guard pieces > 0 else { return }
  let width = ((columns + pieces - 1) / pieces + pieceColumns - 1) / pieceColumns * pieceColumns
  let nanoseconds = rowNanoseconds * Double(columns) * Double(count + vocabulary)
  parallelFor((columns + width - 1) / width, nanoseconds: nanoseconds) { piece in
    let first = piece * width
    kernel(count, min(width, columns - first), vocabulary, tokens, dy + first, columns, gradient + first, columns)
  }
}

/// The first of `count` values that is no whole number in `0..<vocabulary`, or nil.
public func firstInvalidToken(_ tokens: UnsafePointer<Float>, count: Int, vocabulary: Int) -> Int? {
  let limit = Float(vocabulary)
  for i in 0..<count {
    let token = tokens[i]
    // NaN is in no range.
    if !(token >= 0 && token < limit && token.rounded(.towardZero) == token) { return i }
  }
  return nil
}

private func checkTokens(
  _ tokens: UnsafePointer<Float>, count: Int, columns: Int, vocabulary: Int, _ function: StaticString
) {
  precondition(
    count >= 0 && columns >= 0 && vocabulary >= 0,
    "\(function): \(count) tokens, \(columns) columns, a vocabulary of \(vocabulary); expected none negative")
  precondition(vocabulary <= 1 << 24, "\(function): a vocabulary of \(vocabulary); expected at most 2^24, exact in a float")
  if let i = firstInvalidToken(tokens, count: count, vocabulary: vocabulary) {
    preconditionFailure("\(function): token \(tokens[i]) at \(i); expected a whole number in 0..<\(vocabulary)")
  }
}

#if compiler(>=6.2)

  /// `embedding` on spans, whose lengths tell how many tokens there are and how long the table is.
  public func embedding(columns: Int, tokens: Span<Float>, table: Span<Float>, into y: inout MutableSpan<Float>) {
    let vocabulary = vocabulary(table.count, columns: columns, "embedding")
    checkContiguous(rows: tokens.count, columns: columns, y.count, "embedding")
    tokens.withPointer { t in
      table.withPointer { table in
        y.withPointer {
          embedding(count: tokens.count, columns: columns, vocabulary: vocabulary, tokens: t, table: table, into: $0)
        }
      }
    }
  }

  /// `embeddingGradient` on spans, whose lengths tell how many tokens there are and how long the table is.
  public func embeddingGradient(
    columns: Int, tokens: Span<Float>, dy: Span<Float>, into gradient: inout MutableSpan<Float>
  ) {
    let vocabulary = vocabulary(gradient.count, columns: columns, "embeddingGradient")
    checkContiguous(rows: tokens.count, columns: columns, dy.count, "embeddingGradient")
    tokens.withPointer { t in
      dy.withPointer { dy in
        gradient.withPointer {
          embeddingGradient(count: tokens.count, columns: columns, vocabulary: vocabulary, tokens: t, dy: dy, into: $0)
        }
      }
    }
  }

  private func vocabulary(_ count: Int, columns: Int, _ function: StaticString) -> Int {
    precondition(columns >= 1 && count % columns == 0, "\(function): a table of \(count) elements in rows of \(columns)")
    return count / columns
  }

#endif
