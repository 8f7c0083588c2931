import CKernels

/// Softmax and cross-entropy in one: for each row, with y = softmax(x) and one class as its label,
///
///     loss = -sum_i t[i] log y[i],   gradient[i] = gradientScale (y[i] - t[i]),   t[i] = (1 - e) [i = label] + e / columns
///
/// where e is `labelSmoothing`. Computed from the row's maximum m as log(sum) + (m - x[label]), so that large logits do
/// not overflow.
///
/// - Parameters:
///   - logits: rows x columns, rows `ld` apart.
///   - labels: one class a row.
///   - losses: one a row, not scaled. Overlaps nothing else.
///   - gradient: rows x columns, rows `ldg` apart, or nil for the losses alone. May be `logits` with `ldg == ld`, but must
///     not overlap it otherwise.
/// - Precondition: every label is in 0..<columns; `columns` is at most 2^24; 0 <= `labelSmoothing` <= 1.
public func softmaxCrossEntropy(
  rows: Int, columns: Int, logits: UnsafePointer<Float>, ld: Int, labels: UnsafePointer<Int32>,
  labelSmoothing: Float = 0, gradientScale: Float = 1,
  losses: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>?, ldg: Int
) {
  checkCrossEntropy(rows: rows, columns: columns, logits, ld: ld, losses, gradient, ldg: ldg, labelSmoothing)
  for row in 0..<rows {
    precondition(
      labels[row] >= 0 && Int(labels[row]) < columns,
      "softmaxCrossEntropy: label \(labels[row]) of row \(row) is outside the columns 0..<\(columns)")
  }
  let kernel = kernels.pointee.cross_entropy_labels
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: softmaxNanoseconds(columns)) { row, rows in
    var job = lw_cross_entropy(
      rows: rows, columns: columns, logits: logits + row * ld, ld: ld, smoothing: labelSmoothing,
      gradient_scale: gradientScale, losses: losses + row, gradient: gradient.map { $0 + row * ldg }, ldg: ldg)
    kernel(&job, labels + row)
  }
}

/// Softmax and cross-entropy in one, with a target for every class (one-hot or soft labels): for each row
///
///     loss = -sum_i t[i] log y[i],   gradient[i] = gradientScale (y[i] sum_j t[j] - t[i]),   t = (1 - e) target + e / columns
///
/// where e is `labelSmoothing`. Where t is 0 the logit may be -infinity: it adds nothing. Everything else is as with labels.
/// `gradient` must not overlap `targets`.
///
/// - Parameter targets: rows x columns, rows `ldt` apart.
public func softmaxCrossEntropy(
  rows: Int, columns: Int, logits: UnsafePointer<Float>, ld: Int, targets: UnsafePointer<Float>, ldt: Int,
  labelSmoothing: Float = 0, gradientScale: Float = 1,
  losses: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>?, ldg: Int
) {
  checkCrossEntropy(rows: rows, columns: columns, logits, ld: ld, losses, gradient, ldg: ldg, labelSmoothing)
  checkMatrix(rows: rows, columns: columns, ld: ldt, "targets", "softmaxCrossEntropy")
  let targetExtent = Extent(targets, rows: rows, columns: columns, ld: ldt)
  checkApart(targetExtent, Extent(UnsafePointer(losses), count: rows), "losses overlap the targets")
  if let gradient {
    let written = Extent(UnsafePointer(gradient), rows: rows, columns: columns, ld: ldg)
    checkApart(targetExtent, written, "the gradient overlaps the targets")
  }
  guard columns > 0 else { return losses.update(repeating: 0, count: rows) }
  let kernel = kernels.pointee.cross_entropy_targets
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: softmaxNanoseconds(columns)) { row, rows in
    var job = lw_cross_entropy(
      rows: rows, columns: columns, logits: logits + row * ld, ld: ld, smoothing: labelSmoothing,
      gradient_scale: gradientScale, losses: losses + row, gradient: gradient.map { $0 + row * ldg }, ldg: ldg)
    kernel(&job, targets + row * ldt, ldt)
  }
}

/// Binary cross-entropy of each element from its logit x, with s = sigmoid(x) and t = (1 - e) target + e / 2:
///
///     loss = -t log s - (1 - t) log(1 - s) = max(0, x) - t x + log(1 + exp(-|x|)),   gradient = gradientScale (s - t)
///
/// An infinite logit loses nothing where t is its answer, 1 or 0, otherwise infinity.
///
/// - Parameters:
///   - losses: one an element, not scaled. May be `logits` or `targets` when `gradient` is nil.
///   - gradient: one an element, or nil for the losses alone. May be `logits` or `targets`.
/// - Precondition: 0 <= `labelSmoothing` <= 1.
public func sigmoidCrossEntropy(
  count: Int, logits: UnsafePointer<Float>, targets: UnsafePointer<Float>,
  labelSmoothing: Float = 0, gradientScale: Float = 1,
  losses: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>?
) {
  checkSmoothing("sigmoidCrossEntropy", labelSmoothing)
  let kernel = kernels.pointee.sigmoid_cross_entropy
  check(count, "sigmoidCrossEntropy")
  checkElementLoss(count, inputs: logits, targets, losses, gradient, "sigmoidCrossEntropy")
  forEachPiece(count, nanoseconds: 1) { start, count in
    kernel(
      count, logits + start, targets + start, labelSmoothing, gradientScale, losses + start,
      gradient.map { $0 + start })
  }
}

/// A loss of single elements, from a prediction p and a target t.
public enum ElementLoss: Hashable, Sendable {
  /// (p - t)^2
  case squaredError
  /// |p - t|; its derivative at 0 is 0.
  case absoluteError
  /// (p - t)^2 / 2 up to a distance of delta, delta (|p - t| - delta / 2) beyond (Huber 1964).
  case huber(delta: Float)
  /// max(0, 1 - t p) for targets of -1 and 1.
  case hinge
  /// max(0, 1 - t p)^2
  case squaredHinge

  fileprivate var c: (kind: lw_element_loss_kind, parameter: Float) {
    switch self {
    case .squaredError: (LW_SQUARED_ERROR, 0)
    case .absoluteError: (LW_ABSOLUTE_ERROR, 0)
    case .huber(let delta): (LW_HUBER, delta)
    case .hinge: (LW_HINGE, 0)
    case .squaredHinge: (LW_SQUARED_HINGE, 0)
    }
  }
}

/// A loss of each element, and its derivative by the prediction times `gradientScale`.
///
/// - Parameters:
///   - losses: one an element, not scaled. May be `predictions` or `targets` when `gradient` is nil.
///   - gradient: one an element, or nil for the losses alone. May be `predictions` or `targets`.
/// - Precondition: the delta of Huber's loss is above 0.
public func elementLoss(
  _ loss: ElementLoss, count: Int, predictions: UnsafePointer<Float>, targets: UnsafePointer<Float>, gradientScale: Float = 1,
  losses: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>?
) {
  check(count, "elementLoss")
  if case .huber(let delta) = loss { precondition(delta > 0, "elementLoss: delta \(delta); expected above 0") }
  let (kind, parameter) = loss.c
  let kernel = kernels.pointee.element_loss
  checkElementLoss(count, inputs: predictions, targets, losses, gradient, "elementLoss")
  forEachPiece(count, nanoseconds: 0.3) { start, count in
    kernel(
      kind, parameter, count, predictions + start, targets + start, gradientScale, losses + start,
      gradient.map { $0 + start })
  }
}

/// Squared error of each element: loss = (p - t)^2, gradient = 2 gradientScale (p - t). As ``elementLoss``.
public func squaredError(
  count: Int, predictions: UnsafePointer<Float>, targets: UnsafePointer<Float>, gradientScale: Float = 1,
  losses: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>?
) {
  elementLoss(
    .squaredError, count: count, predictions: predictions, targets: targets, gradientScale: gradientScale, losses: losses,
    gradient: gradient)
}

/// Stops the program when an output overlaps an input in part.
private func checkElementLoss(
  _ count: Int, inputs x: UnsafePointer<Float>, _ targets: UnsafePointer<Float>, _ losses: UnsafeMutablePointer<Float>,
  _ gradient: UnsafeMutablePointer<Float>?, _ function: StaticString
) {
  func check(_ output: UnsafeMutablePointer<Float>) {
    checkOverlap(x, output, elements: count, function)
    checkOverlap(targets, output, elements: count, function)
  }
  check(losses)
  guard let gradient else { return }
  check(gradient)
  precondition(
    count == 0 || losses + count <= gradient || gradient + count <= losses,
    "\(function): losses and gradient of \(count) elements overlap, \(gradient - losses) elements apart")
}

private func checkSmoothing(_ name: StaticString, _ value: Float) {
  precondition(value >= 0 && value <= 1, "\(name): label smoothing \(value); expected 0...1")
}

private func checkCrossEntropy(
  rows: Int, columns: Int, _ logits: UnsafePointer<Float>, ld: Int, _ losses: UnsafeMutablePointer<Float>,
  _ gradient: UnsafeMutablePointer<Float>?, ldg: Int, _ labelSmoothing: Float
) {
  let name: StaticString = "softmaxCrossEntropy"
  checkRows(rows: rows, columns: columns, name)
  checkMatrix(rows: rows, columns: columns, ld: ld, "logits", name)
  checkSmoothing(name, labelSmoothing)
  let each = Extent(UnsafePointer(losses), count: rows)
  checkApart(each, Extent(logits, rows: rows, columns: columns, ld: ld), "losses overlap the logits")
  guard let gradient else { return }
  checkMatrix(rows: rows, columns: columns, ld: ldg, "gradient", name)
  checkApart(each, Extent(UnsafePointer(gradient), rows: rows, columns: columns, ld: ldg), "losses overlap the gradient")
  checkOverlap(rows: rows, columns: columns, logits, ld: ld, gradient, ld: ldg, "the logits", name)
}

private func checkApart(_ x: Extent, _ y: Extent, _ message: StaticString) {
  precondition(!x.overlaps(y), "softmaxCrossEntropy: \(message)")
}
