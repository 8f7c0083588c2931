#if compiler(>=6.2)

  /// The sum of the elements; 0 of nothing.
  public func sum(_ x: Span<Float>) -> Float { x.withPointer { sum($0, count: x.count) } }

  /// The mean of the elements; NaN of nothing.
  public func mean(_ x: Span<Float>) -> Float { x.withPointer { mean($0, count: x.count) } }

  /// The biased variance of the elements, in two passes; NaN of nothing.
  public func variance(_ x: Span<Float>) -> Float { x.withPointer { variance($0, count: x.count) } }

  /// The largest element: a NaN if there is one, never -0, -infinity of nothing.
  public func maximum(_ x: Span<Float>) -> Float { x.withPointer { maximum($0, count: x.count) } }

  /// The sum of the absolute values.
  public func norm1(_ x: Span<Float>) -> Float { x.withPointer { norm1($0, count: x.count) } }

  /// The Euclidean norm.
  public func norm2(_ x: Span<Float>) -> Float { x.withPointer { norm2($0, count: x.count) } }

  /// The largest absolute value: a NaN if there is one, 0 of nothing.
  public func normInfinity(_ x: Span<Float>) -> Float { x.withPointer { normInfinity($0, count: x.count) } }

  /// The dot product of two spans of the same count.
  public func dot(_ x: Span<Float>, _ y: Span<Float>) -> Float {
    checkCounts(x.count, y.count, "dot")
    return x.withPointer { a in y.withPointer { dot(a, $0, count: x.count) } }
  }

  /// The index of the largest element: of the first NaN if there is one, otherwise of the first of equals.
  ///
  /// - Precondition: there is an element.
  public func argmax(_ x: Span<Float>) -> Int { x.withPointer { argmax($0, count: x.count) } }

  /// Whether no element is an infinity or a NaN.
  public func isFinite(_ x: Span<Float>) -> Bool { x.withPointer { isFinite($0, count: x.count) } }

  /// Reduces the middle axis of `x[outer][n][inner]` into `y[outer][inner]`.
  public func reduce(
    _ r: Reduction, outer: Int, n: Int, inner: Int, _ x: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    checkCounts(x.count, outer * n * inner, "reduce")
    checkCounts(y.count, outer * inner, "reduce")
    x.withPointer { x in y.withPointer { reduce(r, outer: outer, n: n, inner: inner, x, into: $0) } }
  }

  /// The index along the middle axis of the largest element of `x[outer][n][inner]`, into `y[outer][inner]`.
  public func argmax(outer: Int, n: Int, inner: Int, _ x: Span<Float>, into y: inout MutableSpan<Int32>) {
    checkCounts(x.count, outer * n * inner, "argmax")
    checkCounts(y.count, outer * inner, "argmax")
    x.withPointer { x in y.withPointer { argmax(outer: outer, n: n, inner: inner, x, into: $0) } }
  }

#endif
