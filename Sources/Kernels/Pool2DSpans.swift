#if compiler(>=6.2)

  /// The largest element of each window: `maxPool2d` on spans, without the places the gradient needs.
  public func maxPool2d(_ shape: Pool2DShape, _ x: Span<Float>, into y: inout MutableSpan<Float>) {
    shape.checkCounts(input: x.count, output: y.count, "maxPool2d")
    x.withPointer { x in
      y.withPointer { maxPool2d(shape, x, into: $0, indices: nil) }
    }
  }

  /// The largest element of each window and its place in its image: `maxPool2d` on spans.
  public func maxPool2d(
    _ shape: Pool2DShape, _ x: Span<Float>, into y: inout MutableSpan<Float>, indices: inout MutableSpan<Int32>
  ) {
    shape.checkCounts(input: x.count, output: y.count, "maxPool2d")
    shape.checkCounts(input: x.count, output: indices.count, "maxPool2d")
    x.withPointer { x in
      y.withPointer { y in
        indices.withPointer { maxPool2d(shape, x, into: y, indices: $0) }
      }
    }
  }

  /// dx = the gradient of a maximum: `maxPool2dGradient` on spans.
  public func maxPool2dGradient(
    _ shape: Pool2DShape, dy: Span<Float>, indices: Span<Int32>, into dx: inout MutableSpan<Float>
  ) {
    shape.checkCounts(input: dx.count, output: dy.count, "maxPool2dGradient")
    shape.checkCounts(input: dx.count, output: indices.count, "maxPool2dGradient")
    dy.withPointer { dy in
      indices.withPointer { indices in
        dx.withPointer { maxPool2dGradient(shape, dy: dy, indices: indices, into: $0) }
      }
    }
  }

  /// The mean of each window: `averagePool2d` on spans.
  public func averagePool2d(
    _ shape: Pool2DShape, _ x: Span<Float>, into y: inout MutableSpan<Float>, countsPadding: Bool
  ) {
    shape.checkCounts(input: x.count, output: y.count, "averagePool2d")
    x.withPointer { x in
      y.withPointer { averagePool2d(shape, x, into: $0, countsPadding: countsPadding) }
    }
  }

  /// dx = the gradient of a mean: `averagePool2dGradient` on spans.
  public func averagePool2dGradient(
    _ shape: Pool2DShape, dy: Span<Float>, into dx: inout MutableSpan<Float>, countsPadding: Bool
  ) {
    shape.checkCounts(input: dx.count, output: dy.count, "averagePool2dGradient")
    dy.withPointer { dy in
      dx.withPointer { averagePool2dGradient(shape, dy: dy, into: $0, countsPadding: countsPadding) }
    }
  }

  /// The mean of each of `outputHeight` x `outputWidth` windows: `adaptiveAveragePool2d` on spans.
  public func adaptiveAveragePool2d(
    batch: Int, height: Int, width: Int, channels: Int, outputHeight: Int, outputWidth: Int, _ x: Span<Float>,
    into y: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: batch * height * width, columns: channels, x.count, "adaptiveAveragePool2d")
    checkContiguous(rows: batch * outputHeight * outputWidth, columns: channels, y.count, "adaptiveAveragePool2d")
    x.withPointer { x in
      y.withPointer {
        adaptiveAveragePool2d(
          batch: batch, height: height, width: width, channels: channels, outputHeight: outputHeight,
          outputWidth: outputWidth, x, into: $0)
      }
    }
  }

  /// dx = the gradient of adaptive means: `adaptiveAveragePool2dGradient` on spans.
  public func adaptiveAveragePool2dGradient(
    batch: Int, height: Int, width: Int, channels: Int, outputHeight: Int, outputWidth: Int, dy: Span<Float>,
    into dx: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: batch * outputHeight * outputWidth, columns: channels, dy.count, "adaptiveAveragePool2dGradient")
    checkContiguous(rows: batch * height * width, columns: channels, dx.count, "adaptiveAveragePool2dGradient")
    dy.withPointer { dy in
      dx.withPointer {
        adaptiveAveragePool2dGradient(
          batch: batch, height: height, width: width, channels: channels, outputHeight: outputHeight,
          outputWidth: outputWidth, dy: dy, into: $0)
      }
    }
  }

  /// The mean of each channel of each image: `globalAveragePool` on spans.
  public func globalAveragePool(
    batch: Int, positions: Int, channels: Int, _ x: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: batch * positions, columns: channels, x.count, "globalAveragePool")
    checkContiguous(rows: batch, columns: channels, y.count, "globalAveragePool")
    x.withPointer { x in
      y.withPointer { globalAveragePool(batch: batch, positions: positions, channels: channels, x, into: $0) }
    }
  }

  /// dx = the gradient of global means: `globalAveragePoolGradient` on spans.
  public func globalAveragePoolGradient(
    batch: Int, positions: Int, channels: Int, dy: Span<Float>, into dx: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: batch, columns: channels, dy.count, "globalAveragePoolGradient")
    checkContiguous(rows: batch * positions, columns: channels, dx.count, "globalAveragePoolGradient")
    dy.withPointer { dy in
      dx.withPointer { globalAveragePoolGradient(batch: batch, positions: positions, channels: channels, dy: dy, into: $0) }
    }
  }

  /// The largest element of each channel of each image and its place: `globalMaxPool` on spans.
  public func globalMaxPool(
    batch: Int, positions: Int, channels: Int, _ x: Span<Float>, into y: inout MutableSpan<Float>,
    indices: inout MutableSpan<Int32>
  ) {
    checkContiguous(rows: batch * positions, columns: channels, x.count, "globalMaxPool")
    checkContiguous(rows: batch, columns: channels, y.count, "globalMaxPool")
    checkContiguous(rows: batch, columns: channels, indices.count, "globalMaxPool")
    x.withPointer { x in
      y.withPointer { y in
        indices.withPointer { globalMaxPool(batch: batch, positions: positions, channels: channels, x, into: y, indices: $0) }
      }
    }
  }

  /// dx = the gradient of global maxima: `globalMaxPoolGradient` on spans.
  public func globalMaxPoolGradient(
    batch: Int, positions: Int, channels: Int, dy: Span<Float>, indices: Span<Int32>, into dx: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: batch, columns: channels, dy.count, "globalMaxPoolGradient")
    checkContiguous(rows: batch, columns: channels, indices.count, "globalMaxPoolGradient")
    checkContiguous(rows: batch * positions, columns: channels, dx.count, "globalMaxPoolGradient")
    dy.withPointer { dy in
      indices.withPointer { indices in
        dx.withPointer {
          globalMaxPoolGradient(batch: batch, positions: positions, channels: channels, dy: dy, indices: indices, into: $0)
        }
      }
    }
  }

  extension Pool2DShape {
    /// Stops the program when spans are not exactly the arrays of this shape.
    fileprivate func checkCounts(input: Int, output: Int, _ function: StaticString) {
      check(function)
      precondition(
        input == inputCount && output == outputCount,
        """
        \(function): spans of \(input) and \(output) elements; expected \(inputCount) for the input and \(outputCount) for \
        the output
        """)
    }
  }

#endif
