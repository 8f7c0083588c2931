#if compiler(>=6.2)

  extension RandomStream {
    /// The generator's words at positions `position ..< position + y.count`.
    public func bits(from position: UInt64, into y: inout MutableSpan<UInt32>) {
      let count = y.count
      y.withPointer { bits(from: position, into: $0, count: count) }
    }

    /// Numbers spread evenly over `low ..< high`.
    public func uniform(low: Float = 0, high: Float = 1, from position: UInt64 = 0, into y: inout MutableSpan<Float>) {
      let count = y.count
      y.withPointer { uniform(low: low, high: high, from: position, into: $0, count: count) }
    }

    /// Normal numbers.
    public func normal(
      mean: Float = 0, standardDeviation: Float = 1, from position: UInt64 = 0, into y: inout MutableSpan<Float>
    ) {
      let count = y.count
      y.withPointer { normal(mean: mean, standardDeviation: standardDeviation, from: position, into: $0, count: count) }
    }

    /// Normal numbers, those beyond two standard deviations drawn again.
    public func truncatedNormal(
      mean: Float = 0, standardDeviation: Float = 1, from position: UInt64 = 0, into y: inout MutableSpan<Float>
    ) {
      let count = y.count
      y.withPointer {
        truncatedNormal(mean: mean, standardDeviation: standardDeviation, from: position, into: $0, count: count)
      }
    }

    /// Fills `y` with a permutation of 0 ..< y.count, without allocating.
    public func permute(into y: inout MutableSpan<Int32>) {
      y.withUnsafeMutableBufferPointer { permute(into: $0) }
    }

    /// `y[i] = kept ? x[i] * scale : 0`. Both have the same count.
    public func alphaDropout(
      rate: Float, from position: UInt64 = 0, _ x: Span<Float>, into y: inout MutableSpan<Float>
    ) {
      checkCounts(x.count, y.count, "alphaDropout")
      x.withPointer { a in
        y.withPointer { alphaDropout(rate: rate, from: position, a, into: $0, count: x.count) }
      }
    }

    public func dropout(
      rate: Float, scale: Float, from position: UInt64 = 0, _ x: Span<Float>, into y: inout MutableSpan<Float>
    ) {
      checkCounts(x.count, y.count, "dropout")
      x.withPointer { a in
        y.withPointer { dropout(rate: rate, scale: scale, from: position, a, into: $0, count: x.count) }
      }
    }
  }

#endif
