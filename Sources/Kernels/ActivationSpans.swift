#if compiler(>=6.2)

  /// `y[i] = f(x[i])`. Both have the same count.
  public func activate(_ f: Activation, _ x: Span<Float>, into y: inout MutableSpan<Float>) {
    mapSpan(x, &y, "activate") { activate(f, $0, into: $1, count: $2) }
  }

  /// `dx[i] = f'(x[i]) dy[i]` from the input `x` of `f`, for `f.gradientNeedsInput` (and `.linear`). All three have the
  /// same count.
  public func activationGradient(
    _ f: Activation, x: Span<Float>, dy: Span<Float>, into dx: inout MutableSpan<Float>
  ) {
    zipSpans(x, dy, &dx, "activationGradient") { activationGradient(f, x: $0, y: nil, dy: $1, into: $2, count: $3) }
  }

  /// `dx[i] = f'(x[i]) dy[i]` from the output `y` of `f`, unless `f.gradientNeedsInput`. All three have the same count.
  public func activationGradient(
    _ f: Activation, y: Span<Float>, dy: Span<Float>, into dx: inout MutableSpan<Float>
  ) {
    zipSpans(y, dy, &dx, "activationGradient") { activationGradient(f, x: nil, y: $0, dy: $1, into: $2, count: $3) }
  }

  /// `y[i] = e^x[i]`. Both have the same count.
  public func exp(_ x: Span<Float>, into y: inout MutableSpan<Float>) {
    mapSpan(x, &y, "exp") { exp($0, into: $1, count: $2) }
  }

  /// `y[i] = ln x[i]`. Both have the same count.
  public func log(_ x: Span<Float>, into y: inout MutableSpan<Float>) {
    mapSpan(x, &y, "log") { log($0, into: $1, count: $2) }
  }

  /// `y[i] = erf x[i]`. Both have the same count.
  public func erf(_ x: Span<Float>, into y: inout MutableSpan<Float>) {
    mapSpan(x, &y, "erf") { erf($0, into: $1, count: $2) }
  }

  /// Leaky ReLU with a slope for each of the `slope.count` columns; `x` and `y` are contiguous matrices of equal size.
  public func prelu(rows: Int, _ x: Span<Float>, slope: Span<Float>, into y: inout MutableSpan<Float>) {
    checkContiguous(rows: rows, columns: slope.count, x.count, "prelu")
    mapSpan(x, &y, "prelu") { x, y, _ in
      slope.withPointer { prelu(rows: rows, columns: slope.count, x, slope: $0, into: y) }
    }
  }

  /// Its gradient: `dx` like `x`, `slopeGradient` like `slope`.
  public func preluGradient(
    rows: Int, x: Span<Float>, slope: Span<Float>, dy: Span<Float>, into dx: inout MutableSpan<Float>,
    slopeGradient: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: rows, columns: slope.count, x.count, "preluGradient")
    checkCounts(slope.count, slopeGradient.count, "preluGradient")
    slopeGradient.withPointer { slopeGradient in
      zipSpans(x, dy, &dx, "preluGradient") { x, dy, dx, _ in
        slope.withPointer {
          preluGradient(
            rows: rows, columns: slope.count, x: x, slope: $0, dy: dy, into: dx, slopeGradient: slopeGradient)
        }
      }
    }
  }

#endif
