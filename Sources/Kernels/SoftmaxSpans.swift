#if compiler(>=6.2)

  /// Softmax of each row of a contiguous rows x columns matrix.
  public func softmax(rows: Int, columns: Int, _ x: Span<Float>, into y: inout MutableSpan<Float>) {
    checkContiguous(rows: rows, columns: columns, x.count, "softmax")
    mapSpan(x, &y, "softmax") { x, y, _ in
      softmax(rows: rows, columns: columns, x, ldx: columns, into: y, ldy: columns)
    }
  }

  /// Logarithm of the softmax of each row of a contiguous rows x columns matrix.
  public func logSoftmax(rows: Int, columns: Int, _ x: Span<Float>, into y: inout MutableSpan<Float>) {
    checkContiguous(rows: rows, columns: columns, x.count, "logSoftmax")
    mapSpan(x, &y, "logSoftmax") { x, y, _ in
      logSoftmax(rows: rows, columns: columns, x, ldx: columns, into: y, ldy: columns)
    }
  }

  /// Gradient of softmax from its output `y`: `dx[i] = y[i] (dy[i] - sum_j y[j] dy[j])`, contiguous rows x columns.
  public func softmaxGradient(
    rows: Int, columns: Int, y: Span<Float>, dy: Span<Float>, into dx: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: rows, columns: columns, y.count, "softmaxGradient")
    zipSpans(y, dy, &dx, "softmaxGradient") { y, dy, dx, _ in
      softmaxGradient(rows: rows, columns: columns, y: y, ldy: columns, dy: dy, lddy: columns, into: dx, lddx: columns)
    }
  }

  /// Gradient of log-softmax from its output `y`: `dx[i] = dy[i] - exp(y[i]) sum_j dy[j]`, contiguous rows x columns.
  public func logSoftmaxGradient(
    rows: Int, columns: Int, y: Span<Float>, dy: Span<Float>, into dx: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: rows, columns: columns, y.count, "logSoftmaxGradient")
    zipSpans(y, dy, &dx, "logSoftmaxGradient") { y, dy, dx, _ in
      logSoftmaxGradient(rows: rows, columns: columns, y: y, ldy: columns, dy: dy, lddy: columns, into: dx, lddx: columns)
    }
  }

#endif
