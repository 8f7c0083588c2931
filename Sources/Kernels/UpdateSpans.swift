#if compiler(>=6.2)

  /// `sgdUpdate` on spans of the same count.
  public func sgdUpdate(
    learningRate: Float, weightDecay: Float, _ w: inout MutableSpan<Float>, gradient: Span<Float>
  ) {
    let count = w.count
    checkCounts(count, gradient.count, "sgdUpdate")
    gradient.withPointer { g in
      w.withPointer { sgdUpdate(count: count, learningRate: learningRate, weightDecay: weightDecay, $0, gradient: g) }
    }
  }

  /// `momentumUpdate` on spans of the same count.
  public func momentumUpdate(
    learningRate: Float, momentum: Float, nesterov: Bool, weightDecay: Float, isFirstStep: Bool,
    _ w: inout MutableSpan<Float>, gradient: Span<Float>, velocity: inout MutableSpan<Float>
  ) {
    let count = w.count
    checkCounts(count, gradient.count, "momentumUpdate")
    checkCounts(count, velocity.count, "momentumUpdate")
    gradient.withPointer { g in
      velocity.withPointer { v in
        w.withPointer {
          momentumUpdate(
            count: count, learningRate: learningRate, momentum: momentum, nesterov: nesterov, weightDecay: weightDecay,
            isFirstStep: isFirstStep, $0, gradient: g, velocity: v)
        }
      }
    }
  }

  /// `adamUpdate` on spans of the same count.
  public func adamUpdate(
    learningRate: Float, beta1: Float, beta2: Float, epsilon: Float, step: Int, l2: Float, weightDecay: Float,
    _ w: inout MutableSpan<Float>, gradient: Span<Float>, m: inout MutableSpan<Float>, v: inout MutableSpan<Float>
  ) {
    let count = w.count
    checkCounts(count, gradient.count, "adamUpdate")
    checkCounts(count, m.count, "adamUpdate")
    checkCounts(count, v.count, "adamUpdate")
    gradient.withPointer { g in
      m.withPointer { m in
        v.withPointer { v in
          w.withPointer {
            adamUpdate(
              count: count, learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, step: step, l2: l2,
              weightDecay: weightDecay, $0, gradient: g, m: m, v: v)
          }
        }
      }
    }
  }

  /// The sum of `|x[i]|^p`.
  public func powerSum(_ p: Float, _ x: Span<Float>) -> Float { x.withPointer { powerSum(p, $0, count: x.count) } }

  /// `dx = dy` plus the gradient of `l1 sum |x| + l2 sum x^2 + strength sum |x|^p`. All three have the same count.
  public func penaltyGradient(
    l1: Float, l2: Float, strength: Float = 0, p: Float = 2, _ x: Span<Float>, dy: Span<Float>, into dx: inout MutableSpan<Float>
  ) {
    zipSpans(x, dy, &dx, "penaltyGradient") {
      penaltyGradient(count: $3, l1: l1, l2: l2, strength: strength, p: p, $0, dy: $1, into: $2)
    }
  }

  /// Keeps the norms of the columns of `w`, a contiguous matrix of `columns` columns, in bounds.
  public func constrainNorms(columns: Int, minimum: Float, maximum: Float, rate: Float = 1, _ w: inout MutableSpan<Float>) {
    precondition(columns >= 1 && w.count % columns == 0, "constrainNorms: \(w.count) elements in columns \(columns)")
    let rows = w.count / columns
    w.withPointer { constrainNorms(rows: rows, columns: columns, minimum: minimum, maximum: maximum, rate: rate, $0) }
  }

#endif
