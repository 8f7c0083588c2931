#if compiler(>=6.2)

  /// Calls `body` with the pointers of an update's arrays of one count: weights and gradient.
  private func withArrays(
    _ name: StaticString, _ w: inout MutableSpan<Float>, _ g: Span<Float>,
    _ body: (Int, UnsafeMutablePointer<Float>, UnsafePointer<Float>) -> Void
  ) {
    let count = w.count
    checkCounts(count, g.count, name)
    g.withPointer { g in w.withPointer { body(count, $0, g) } }
  }

  /// The same with an array of state.
  private func withArrays(
    _ name: StaticString, _ w: inout MutableSpan<Float>, _ g: Span<Float>, _ a: inout MutableSpan<Float>,
    _ body: (Int, UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    checkCounts(w.count, a.count, name)
    a.withPointer { a in withArrays(name, &w, g) { body($0, $1, $2, a) } }
  }

  /// `sgdUpdate` on spans of the same count.
  public func sgdUpdate(
    _ settings: UpdateSettings, _ w: inout MutableSpan<Float>, gradient: Span<Float>
  ) {
    withArrays("sgdUpdate", &w, gradient) { sgdUpdate(count: $0, settings, $1, gradient: $2) }
  }

  /// `momentumUpdate` on spans of the same count.
  public func momentumUpdate(
    _ settings: UpdateSettings, momentum: Float, dampening: Float = 0, nesterov: Bool = false, isFirstStep: Bool,
    _ w: inout MutableSpan<Float>, gradient: Span<Float>, velocity: inout MutableSpan<Float>
  ) {
    withArrays("momentumUpdate", &w, gradient, &velocity) {
      momentumUpdate(
        count: $0, settings, momentum: momentum, dampening: dampening, nesterov: nesterov, isFirstStep: isFirstStep, $1,
        gradient: $2, velocity: $3)
    }
  }

  /// `adagradUpdate` on spans of the same count.
  public func adagradUpdate(
    _ settings: UpdateSettings, epsilon: Float, _ w: inout MutableSpan<Float>, gradient: Span<Float>,
    sums: inout MutableSpan<Float>
  ) {
    withArrays("adagradUpdate", &w, gradient, &sums) {
      adagradUpdate(count: $0, settings, epsilon: epsilon, $1, gradient: $2, sums: $3)
    }
  }

  /// `rmspropUpdate`, neither centred nor with momentum, on spans of the same count.
  public func rmspropUpdate(
    _ settings: UpdateSettings, rho: Float, epsilon: Float, _ w: inout MutableSpan<Float>, gradient: Span<Float>,
    squares: inout MutableSpan<Float>
  ) {
    withArrays("rmspropUpdate", &w, gradient, &squares) {
      rmspropUpdate(count: $0, settings, rho: rho, epsilon: epsilon, $1, gradient: $2, squares: $3)
    }
  }

  /// `adadeltaUpdate` on spans of the same count.
  public func adadeltaUpdate(
    _ settings: UpdateSettings, rho: Float, epsilon: Float, _ w: inout MutableSpan<Float>, gradient: Span<Float>,
    squares: inout MutableSpan<Float>, updates: inout MutableSpan<Float>
  ) {
    checkCounts(w.count, updates.count, "adadeltaUpdate")
    updates.withPointer { updates in
      withArrays("adadeltaUpdate", &w, gradient, &squares) {
        adadeltaUpdate(count: $0, settings, rho: rho, epsilon: epsilon, $1, gradient: $2, squares: $3, updates: updates)
      }
    }
  }

  /// `adamUpdate`, not AMSGrad, on spans of the same count.
  public func adamUpdate(
    _ settings: UpdateSettings, beta1: Float, beta2: Float, epsilon: Float, step: Int, _ w: inout MutableSpan<Float>,
    gradient: Span<Float>, m: inout MutableSpan<Float>, v: inout MutableSpan<Float>
  ) {
    checkCounts(w.count, v.count, "adamUpdate")
    v.withPointer { v in
      withArrays("adamUpdate", &w, gradient, &m) {
        adamUpdate(count: $0, settings, beta1: beta1, beta2: beta2, epsilon: epsilon, step: step, $1, gradient: $2, m: $3, v: v)
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

  /// `adamaxUpdate` on spans of the same count.
  public func adamaxUpdate(
    _ settings: UpdateSettings, beta1: Float, beta2: Float, epsilon: Float, step: Int, _ w: inout MutableSpan<Float>,
    gradient: Span<Float>, m: inout MutableSpan<Float>, u: inout MutableSpan<Float>
  ) {
    checkCounts(w.count, u.count, "adamaxUpdate")
    u.withPointer { u in
      withArrays("adamaxUpdate", &w, gradient, &m) {
        adamaxUpdate(count: $0, settings, beta1: beta1, beta2: beta2, epsilon: epsilon, step: step, $1, gradient: $2, m: $3, u: u)
      }
    }
  }

  /// `nadamUpdate` on spans of the same count.
  public func nadamUpdate(
    _ settings: UpdateSettings, beta1: Float, beta2: Float, epsilon: Float, momentumDecay: Float, step: Int,
    _ w: inout MutableSpan<Float>, gradient: Span<Float>, m: inout MutableSpan<Float>, v: inout MutableSpan<Float>
  ) {
    checkCounts(w.count, v.count, "nadamUpdate")
    v.withPointer { v in
      withArrays("nadamUpdate", &w, gradient, &m) {
        nadamUpdate(
          count: $0, settings, beta1: beta1, beta2: beta2, epsilon: epsilon, momentumDecay: momentumDecay, step: step, $1,
          gradient: $2, m: $3, v: v)
      }
    }
  }

  /// `radamUpdate` on spans of the same count.
  public func radamUpdate(
    _ settings: UpdateSettings, beta1: Float, beta2: Float, epsilon: Float, step: Int, _ w: inout MutableSpan<Float>,
    gradient: Span<Float>, m: inout MutableSpan<Float>, v: inout MutableSpan<Float>
  ) {
    checkCounts(w.count, v.count, "radamUpdate")
    v.withPointer { v in
      withArrays("radamUpdate", &w, gradient, &m) {
        radamUpdate(count: $0, settings, beta1: beta1, beta2: beta2, epsilon: epsilon, step: step, $1, gradient: $2, m: $3, v: v)
      }
    }
  }

  /// `averageUpdate` on spans of the same count.
  public func averageUpdate(momentum: Float, _ w: Span<Float>, average: inout MutableSpan<Float>) {
    withArrays("averageUpdate", &average, w) { averageUpdate(count: $0, momentum: momentum, $2, average: $1) }
  }

#endif
