#if compiler(>=6.2)

  /// `z[i] = x[i] + y[i]`. All three have the same count.
  public func add(_ x: Span<Float>, _ y: Span<Float>, into z: inout MutableSpan<Float>) {
    zipSpans(x, y, &z, "add") { add($0, $1, into: $2, count: $3) }
  }

  /// `z[i] = x[i] - y[i]`. All three have the same count.
  public func subtract(_ x: Span<Float>, _ y: Span<Float>, into z: inout MutableSpan<Float>) {
    zipSpans(x, y, &z, "subtract") { subtract($0, $1, into: $2, count: $3) }
  }

  /// `z[i] = x[i] * y[i]`. All three have the same count.
  public func multiply(_ x: Span<Float>, _ y: Span<Float>, into z: inout MutableSpan<Float>) {
    zipSpans(x, y, &z, "multiply") { multiply($0, $1, into: $2, count: $3) }
  }

  /// `z[i] = x[i] / y[i]`. All three have the same count.
  public func divide(_ x: Span<Float>, _ y: Span<Float>, into z: inout MutableSpan<Float>) {
    zipSpans(x, y, &z, "divide") { divide($0, $1, into: $2, count: $3) }
  }

  /// `y[i] = s * x[i]`. Both have the same count.
  public func scale(_ s: Float, _ x: Span<Float>, into y: inout MutableSpan<Float>) {
    mapSpan(x, &y, "scale") { scale(s, $0, into: $1, count: $2) }
  }

  /// `y[i] = fma(a, x[i], y[i])`. Both have the same count.
  public func axpy(_ a: Float, _ x: Span<Float>, into y: inout MutableSpan<Float>) {
    mapSpan(x, &y, "axpy") { axpy(a, $0, into: $1, count: $2) }
  }

  /// `y[i] = min(max(x[i], lower), upper)`; a NaN stays one. Both have the same count.
  public func clamp(_ x: Span<Float>, lower: Float, upper: Float, into y: inout MutableSpan<Float>) {
    mapSpan(x, &y, "clamp") { clamp($0, lower: lower, upper: upper, into: $1, count: $2) }
  }

  /// `y[i] = Float(x[i]) * scale`. Both have the same count.
  public func scaleBytes(_ x: Span<UInt8>, scale: Float, into y: inout MutableSpan<Float>) {
    mapSpan(x, &y, "scaleBytes") { scaleBytes($0, scale: scale, into: $1, count: $2) }
  }

  /// `y[i][j] = x[i][j] + row[j]`, contiguous matrices of `row.count` columns.
  public func addRow(rows: Int, _ x: Span<Float>, row: Span<Float>, into y: inout MutableSpan<Float>) {
    matrix(rows, row.count, x, row, &y, "addRow") {
      addRow(rows: rows, columns: $3, $0, ldx: $3, row: $1, into: $2, ldy: $3)
    }
  }

  /// `y[i][j] = x[i][j] * row[j]`, contiguous matrices of `row.count` columns.
  public func multiplyRow(rows: Int, _ x: Span<Float>, row: Span<Float>, into y: inout MutableSpan<Float>) {
    matrix(rows, row.count, x, row, &y, "multiplyRow") {
      multiplyRow(rows: rows, columns: $3, $0, ldx: $3, row: $1, into: $2, ldy: $3)
    }
  }

  /// `y[i][j] = x[i][j] + column[i]`, contiguous matrices of `column.count` rows.
  public func addColumn(columns: Int, _ x: Span<Float>, column: Span<Float>, into y: inout MutableSpan<Float>) {
    let rows = column.count
    matrix(rows, columns, x, column, &y, "addColumn") {
      addColumn(rows: rows, columns: $3, $0, ldx: $3, column: $1, into: $2, ldy: $3)
    }
  }

  /// `y[i][j] = x[i][j] * column[i]`, contiguous matrices of `column.count` rows.
  public func multiplyColumn(columns: Int, _ x: Span<Float>, column: Span<Float>, into y: inout MutableSpan<Float>) {
    let rows = column.count
    matrix(rows, columns, x, column, &y, "multiplyColumn") {
      multiplyColumn(rows: rows, columns: $3, $0, ldx: $3, column: $1, into: $2, ldy: $3)
    }
  }

  /// Row `i` of `y` becomes row `indices[i]` of `source`, contiguous matrices of `columns` columns.
  ///
  /// - Precondition: every index names a row of `source`.
  public func gatherRows(columns: Int, _ source: Span<Float>, indices: Span<Int32>, into y: inout MutableSpan<Float>) {
    let rows = indices.count
    let available = columns > 0 ? source.count / columns : 0
    for i in indices.indices where columns > 0 {
      precondition(
        indices[i] >= 0 && indices[i] < available, "gatherRows: index \(indices[i]) at \(i); source has \(available) rows")
    }
    checkRoom(rows: rows, columns: columns, ld: columns, count: y.count, "y", "gatherRows")
    source.withPointer { source in
      indices.withPointer { indices in
        y.withPointer {
          gatherRows(rows: rows, columns: columns, source, lds: columns, indices: indices, into: $0, ldy: columns)
        }
      }
    }
  }

  private func matrix(
    _ rows: Int, _ columns: Int, _ x: Span<Float>, _ vector: Span<Float>, _ y: inout MutableSpan<Float>,
    _ function: StaticString,
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, _ columns: Int) -> Void
  ) {
    checkRoom(rows: rows, columns: columns, ld: columns, count: x.count, "x", function)
    checkRoom(rows: rows, columns: columns, ld: columns, count: y.count, "y", function)
    vector.withPointer { vector in
      x.withPointer { x in y.withPointer { body(x, vector, $0, columns) } }
    }
  }

#endif
