#if compiler(>=6.2)

  /// y = activation(conv(x, weights)): `conv2d` on spans of exactly as many elements as `shape` says.
  public func conv2d(
    _ shape: Conv2DShape, _ x: Span<Float>, weights: Span<Float>, into y: inout MutableSpan<Float>,
    accuracy: ConvAccuracy = .standard, activation: Activation = .linear
  ) {
    shape.checkCounts(input: x.count, weights: weights.count, output: y.count, "conv2d")
    x.withPointer { x in
      weights.withPointer { weights in
        y.withPointer {
          conv2d(shape, x, weights: weights, into: $0, accuracy: accuracy, epilogue: Epilogue(activation: activation))
        }
      }
    }
  }

  /// y = activation(conv(x, weights) + bias) with one value of `bias` a filter.
  public func conv2d(
    _ shape: Conv2DShape, _ x: Span<Float>, weights: Span<Float>, bias: Span<Float>, into y: inout MutableSpan<Float>,
    accuracy: ConvAccuracy = .standard, activation: Activation = .linear
  ) {
    shape.checkCounts(input: x.count, weights: weights.count, output: y.count, "conv2d")
    checkCounts(bias.count, shape.filters, "conv2d")
    x.withPointer { x in
      weights.withPointer { weights in
        bias.withPointer { bias in
          y.withPointer {
            let epilogue = Epilogue(bias: bias, activation: activation)
            conv2d(shape, x, weights: weights, into: $0, accuracy: accuracy, epilogue: epilogue)
          }
        }
      }
    }
  }

  /// y = activation(conv(x, filters) + bias) with packed filters and one value of `bias` for each.
  public func conv2d(
    _ shape: Conv2DShape, _ x: Span<Float>, filters: PackedFilters, bias: Span<Float>, into y: inout MutableSpan<Float>,
    activation: Activation = .linear
  ) {
    shape.checkCounts(input: x.count, weights: shape.weightCount, output: y.count, "conv2d")
    checkCounts(bias.count, shape.filters, "conv2d")
    x.withPointer { x in
      bias.withPointer { bias in
        y.withPointer {
          conv2d(shape, x, filters: filters, into: $0, epilogue: Epilogue(bias: bias, activation: activation))
        }
      }
    }
  }

  extension PackedFilters {
    /// Packs the weights of `shape`.
    public static func packing(
      _ shape: Conv2DShape, _ weights: Span<Float>, accuracy: ConvAccuracy = .standard
    ) -> PackedFilters {
      shape.checkCounts(input: shape.inputCount, weights: weights.count, output: shape.outputCount, "PackedFilters")
      return weights.withPointer { PackedFilters(shape, $0, accuracy: accuracy) }
    }
  }

  /// dx = the gradient of a convolution with respect to its input: `conv2dBackwardData` on spans.
  public func conv2dBackwardData(
    _ shape: Conv2DShape, _ dy: Span<Float>, weights: Span<Float>, into dx: inout MutableSpan<Float>,
    accuracy: ConvAccuracy = .standard
  ) {
    shape.checkCounts(input: dx.count, weights: weights.count, output: dy.count, "conv2dBackwardData")
    dy.withPointer { dy in
      weights.withPointer { weights in
        dx.withPointer { conv2dBackwardData(shape, dy, weights: weights, into: $0, accuracy: accuracy) }
      }
    }
  }

  /// dw = the gradient of a convolution with respect to its weights: `conv2dBackwardWeights` on spans.
  public func conv2dBackwardWeights(
    _ shape: Conv2DShape, x: Span<Float>, dy: Span<Float>, into dw: inout MutableSpan<Float>,
    accuracy: ConvAccuracy = .standard
  ) {
    shape.checkCounts(input: x.count, weights: dw.count, output: dy.count, "conv2dBackwardWeights")
    x.withPointer { x in
      dy.withPointer { dy in
        dw.withPointer { conv2dBackwardWeights(shape, x: x, dy: dy, into: $0, accuracy: accuracy) }
      }
    }
  }

  /// y = activation(the transposed convolution of x): `conv2dTranspose` on spans.
  public func conv2dTranspose(
    _ shape: Conv2DShape, _ x: Span<Float>, weights: Span<Float>, into y: inout MutableSpan<Float>,
    activation: Activation = .linear
  ) {
    shape.checkCounts(input: y.count, weights: weights.count, output: x.count, "conv2dTranspose")
    x.withPointer { x in
      weights.withPointer { weights in
        y.withPointer { conv2dTranspose(shape, x, weights: weights, into: $0, epilogue: Epilogue(activation: activation)) }
      }
    }
  }

  /// Images from channels first to channels last: the pointer form on spans.
  public func convertNCHWToNHWC(
    batch: Int, height: Int, width: Int, channels: Int, _ x: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: batch * channels, columns: height * width, x.count, "convertNCHWToNHWC")
    mapSpan(x, &y, "convertNCHWToNHWC") { x, y, _ in
      convertNCHWToNHWC(batch: batch, height: height, width: width, channels: channels, x, into: y)
    }
  }

  /// Images from channels last to channels first: the pointer form on spans.
  public func convertNHWCToNCHW(
    batch: Int, height: Int, width: Int, channels: Int, _ x: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: batch * channels, columns: height * width, x.count, "convertNHWCToNCHW")
    mapSpan(x, &y, "convertNHWCToNCHW") { x, y, _ in
      convertNHWCToNCHW(batch: batch, height: height, width: width, channels: channels, x, into: y)
    }
  }

  /// Weights from filters first to filters last: the pointer form on spans.
  public func convertOIHWToHWIO(
    filters: Int, channels: Int, kernelHeight: Int, kernelWidth: Int, _ x: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: filters * channels, columns: kernelHeight * kernelWidth, x.count, "convertOIHWToHWIO")
    mapSpan(x, &y, "convertOIHWToHWIO") { x, y, _ in
      convertOIHWToHWIO(filters: filters, channels: channels, kernelHeight: kernelHeight, kernelWidth: kernelWidth, x, into: y)
    }
  }

  /// Weights from filters last to filters first: the pointer form on spans.
  public func convertHWIOToOIHW(
    filters: Int, channels: Int, kernelHeight: Int, kernelWidth: Int, _ x: Span<Float>, into y: inout MutableSpan<Float>
  ) {
    checkContiguous(rows: filters * channels, columns: kernelHeight * kernelWidth, x.count, "convertHWIOToOIHW")
    mapSpan(x, &y, "convertHWIOToOIHW") { x, y, _ in
      convertHWIOToOIHW(filters: filters, channels: channels, kernelHeight: kernelHeight, kernelWidth: kernelWidth, x, into: y)
    }
  }

  extension Conv2DShape {
    /// Stops the program when spans are not exactly the arrays of this shape.
    fileprivate func checkCounts(input: Int, weights: Int, output: Int, _ function: StaticString) {
      check(function)
      precondition(
        input == inputCount && weights == weightCount && output == outputCount,
        """
        \(function): spans of \(input), \(weights) and \(output) elements; expected \(inputCount) for the input, \(weightCount) \
        for the weights and \(outputCount) for the output
        """)
    }
  }

#endif
