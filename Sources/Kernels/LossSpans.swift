#if compiler(>=6.2)

  /// Softmax and cross-entropy in one, one label a row; `logits` and `gradient` are contiguous matrices of `columns`
  /// columns with as many rows as there are labels. Loss and gradient as in the form that takes pointers.
  public func softmaxCrossEntropy(
    columns: Int, logits: Span<Float>, labels: Span<Int32>, labelSmoothing: Float = 0, gradientScale: Float = 1,
    losses: inout MutableSpan<Float>, gradient: inout MutableSpan<Float>
  ) {
    let rows = labels.count
    checkContiguous(rows: rows, columns: columns, logits.count, "softmaxCrossEntropy")
    checkCounts(rows, losses.count, "softmaxCrossEntropy")
    labels.withPointer { labels in
      losses.withPointer { losses in
        mapSpan(logits, &gradient, "softmaxCrossEntropy") { logits, gradient, _ in
          softmaxCrossEntropy(
            rows: rows, columns: columns, logits: logits, ld: columns, labels: labels, labelSmoothing: labelSmoothing,
            gradientScale: gradientScale, losses: losses, gradient: gradient, ldg: columns)
        }
      }
    }
  }

  /// Softmax and cross-entropy in one, a target for every class; `logits`, `targets` and `gradient` are contiguous
  /// matrices of `columns` columns with as many rows as `losses` has elements.
  public func softmaxCrossEntropy(
    columns: Int, logits: Span<Float>, targets: Span<Float>, labelSmoothing: Float = 0, gradientScale: Float = 1,
    losses: inout MutableSpan<Float>, gradient: inout MutableSpan<Float>
  ) {
    let rows = losses.count
    checkContiguous(rows: rows, columns: columns, logits.count, "softmaxCrossEntropy")
    losses.withPointer { losses in
      zipSpans(logits, targets, &gradient, "softmaxCrossEntropy") { logits, targets, gradient, _ in
        softmaxCrossEntropy(
          rows: rows, columns: columns, logits: logits, ld: columns, targets: targets, ldt: columns,
          labelSmoothing: labelSmoothing, gradientScale: gradientScale, losses: losses, gradient: gradient, ldg: columns)
      }
    }
  }

  /// Binary cross-entropy of each element from its logit. All four have the same count.
  public func sigmoidCrossEntropy(
    logits: Span<Float>, targets: Span<Float>, labelSmoothing: Float = 0, gradientScale: Float = 1,
    losses: inout MutableSpan<Float>, gradient: inout MutableSpan<Float>
  ) {
    checkCounts(logits.count, losses.count, "sigmoidCrossEntropy")
    losses.withPointer { losses in
      zipSpans(logits, targets, &gradient, "sigmoidCrossEntropy") {
        sigmoidCrossEntropy(
          count: $3, logits: $0, targets: $1, labelSmoothing: labelSmoothing, gradientScale: gradientScale, losses: losses,
          gradient: $2)
      }
    }
  }

  /// A loss of each element. All four have the same count.
  public func elementLoss(
    _ loss: ElementLoss, predictions: Span<Float>, targets: Span<Float>, gradientScale: Float = 1,
    losses: inout MutableSpan<Float>, gradient: inout MutableSpan<Float>
  ) {
    checkCounts(predictions.count, losses.count, "elementLoss")
    losses.withPointer { losses in
      zipSpans(predictions, targets, &gradient, "elementLoss") {
        elementLoss(
          loss, count: $3, predictions: $0, targets: $1, gradientScale: gradientScale, losses: losses, gradient: $2)
      }
    }
  }

  /// -cos between the rows of two contiguous matrices of `columns` columns, with as many rows as `losses` has elements.
  public func cosineLoss(
    columns: Int, predictions: Span<Float>, targets: Span<Float>, gradientScale: Float = 1,
    losses: inout MutableSpan<Float>, gradient: inout MutableSpan<Float>
  ) {
    let rows = losses.count
    checkContiguous(rows: rows, columns: columns, predictions.count, "cosineLoss")
    losses.withPointer { losses in
      zipSpans(predictions, targets, &gradient, "cosineLoss") { predictions, targets, gradient, _ in
        cosineLoss(
          rows: rows, columns: columns, predictions: predictions, targets: targets, gradientScale: gradientScale,
          losses: losses, gradient: gradient)
      }
    }
  }

  /// Kullback-Leibler divergence of softmax(logits) from targets, row by row; contiguous matrices of `columns` columns with as
  /// many rows as `losses` has elements.
  public func klDivergence(
    columns: Int, logits: Span<Float>, targets: Span<Float>, gradientScale: Float = 1,
    losses: inout MutableSpan<Float>, gradient: inout MutableSpan<Float>
  ) {
    let rows = losses.count
    checkContiguous(rows: rows, columns: columns, logits.count, "klDivergence")
    losses.withPointer { losses in
      zipSpans(logits, targets, &gradient, "klDivergence") { logits, targets, gradient, _ in
        klDivergence(
          rows: rows, columns: columns, logits: logits, targets: targets, gradientScale: gradientScale, losses: losses,
          gradient: gradient)
      }
    }
  }

  /// Squared error of each element, `(p - t)^2`. All four have the same count.
  public func squaredError(
    predictions: Span<Float>, targets: Span<Float>, gradientScale: Float = 1, losses: inout MutableSpan<Float>,
    gradient: inout MutableSpan<Float>
  ) {
    checkCounts(predictions.count, losses.count, "squaredError")
    losses.withPointer { losses in
      zipSpans(predictions, targets, &gradient, "squaredError") {
        squaredError(
          count: $3, predictions: $0, targets: $1, gradientScale: gradientScale, losses: losses, gradient: $2)
      }
    }
  }

#endif
