// Losses of whole rows other than cross-entropy. Matrices are contiguous. Sums follow the rule for contiguous elements.

import CKernels

/// Minus the cosine of the angle between prediction p and target t, row by row; lengths count as 10^-8 at least:
///
///     loss = -c,   c = p t / (|p| |t|),   gradient = gradientScale (c / |p|^2 p - t / (|p| |t|))
///
/// Lengths may be beyond the range of Float: a row whose squares sum to more than 2^96, all of it finite, is first multiplied by
/// 2^-e, e the exponent of its largest magnitude (126 at most).
///
/// - Parameters:
///   - losses: `rows` values.
///   - gradient: rows x columns, or nil. May be `predictions` or `targets`.
public func cosineLoss(
  rows: Int, columns: Int, predictions: UnsafePointer<Float>, targets: UnsafePointer<Float>, gradientScale: Float = 1,
  losses: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>?
) {
  checkRowLoss(rows, columns, predictions, targets, losses, gradient, "cosineLoss")
  let kernel = kernels.pointee.cosine_loss
  guard columns > 0 else { return losses.update(repeating: -0.0, count: rows) }
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: 0.5) { row, count in
    let at = row * columns
    kernel(
      count, columns, predictions + at, columns, targets + at, columns, gradientScale, losses + row,
      gradient.map { $0 + at }, columns)
  }
}

/// Kullback-Leibler divergence of p = softmax(x) from the targets t, row by row, with 0 ln 0 = 0:
///
///     loss = sum t (ln t - ln p),   gradient = gradientScale (p sum t - t)
///
/// The cross-entropy of the row, then the sum of t ln t is added. Where t is 0 a logit may be -infinity.
///
/// - Parameter gradient: rows x columns, or nil. May be `logits`.
public func klDivergence(
  rows: Int, columns: Int, logits: UnsafePointer<Float>, targets: UnsafePointer<Float>, gradientScale: Float = 1,
  losses: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>?
) {
  softmaxCrossEntropy(
    rows: rows, columns: columns, logits: logits, ld: columns, targets: targets, ldt: columns, gradientScale: gradientScale,
    losses: losses, gradient: gradient, ldg: columns)
  let kernel = kernels.pointee.add_information
  forEachRowGroup(rows: rows, columns: columns, nanoseconds: 0.6) { row, count in
    kernel(count, columns, targets + row * columns, columns, losses + row)
  }
}

/// What a network learns from a teacher (Hinton, Vinyals, Dean 2015): with q = softmax(teacher / T) and p = softmax(logits / T),
///
///     loss = w cross-entropy(label) + (1 - w) T^2 KL(q, p),   w = studentWeight
///
/// The divergence is ``klDivergence`` of logits times 1 / T; its loss is added to w times that of the labels by one fused
/// multiply-add, its gradient to theirs. A part that counts 0 adds no loss, though it be infinite.
///
/// - Parameters:
///   - teacher: the teacher's logits, rows x columns.
///   - losses: `rows` values.
///   - gradient: rows x columns, or nil.
/// - Precondition: `temperature` is above 0; results overlap nothing.
public func distillationLoss(
  rows: Int, columns: Int, logits: UnsafePointer<Float>, teacher: UnsafePointer<Float>, labels: UnsafePointer<Int32>,
  temperature: Float, studentWeight: Float, gradientScale: Float = 1, losses: UnsafeMutablePointer<Float>,
  gradient: UnsafeMutablePointer<Float>?
) {
  precondition(temperature > 0, "distillationLoss: temperature \(temperature); expected above 0")
  checkRowLoss(rows, columns, logits, teacher, losses, gradient, "distillationLoss")
  let count = rows * columns
  let soft = (1 - studentWeight) * temperature * temperature
  softmaxCrossEntropy(
    rows: rows, columns: columns, logits: logits, ld: columns, labels: labels, gradientScale: studentWeight * gradientScale,
    losses: losses, gradient: gradient, ldg: columns)
  withScratch(2 * count + rows) { student in
    let (targets, divergence) = (student + count, student + 2 * count)
    scale(1 / temperature, teacher, into: targets, count: count)
    softmax(rows: rows, columns: columns, targets, ldx: columns, into: targets, ldy: columns)
    scale(1 / temperature, logits, into: student, count: count)
    klDivergence(
      rows: rows, columns: columns, logits: student, targets: targets, gradientScale: soft / temperature * gradientScale,
      losses: divergence, gradient: gradient == nil ? nil : student)
    if studentWeight == 0 {
      losses.update(repeating: 0, count: rows)
    } else {
      scale(studentWeight, losses, into: losses, count: rows)
    }
    axpy(soft, divergence, into: losses, count: rows)
    if let gradient { add(gradient, student, into: gradient, count: count) }
  }
}

/// How far the correlations of channels are apart: the style loss of Gatys, Ecker, Bethge (CVPR 2016). With the M x N matrices F
/// and S of an example (M positions, N channels),
///
///     loss = sum (F^T F - S^T S)^2 / (4 N^2 M^2),   gradient = gradientScale F (F^T F - S^T S) / (N^2 M^2)
///
/// Products by the rule for matrix products, first S^T S, whose negative F^T F is then added to.
///
/// - Parameters:
///   - batch: examples, each with a loss of its own.
///   - features, style, gradient: batch x positions x channels. `gradient` is nil or overlaps neither.
public func gramLoss(
  batch: Int, positions: Int, channels: Int, features: UnsafePointer<Float>, style: UnsafePointer<Float>,
  gradientScale: Float = 1, losses: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>?
) {
  precondition(
    batch >= 0 && positions >= 0 && channels >= 0,
    "gramLoss: batch \(batch), positions \(positions), channels \(channels); expected none negative")
  checkRowLoss(batch, positions * channels, features, style, losses, gradient, "gramLoss")
  let (m, n) = (positions, channels)
  guard m * n > 0 else { return losses.update(repeating: 0, count: batch) }
  let size = Float(n) * Float(n) * Float(m) * Float(m)
  withScratch(n * n) { difference in
    for i in 0..<batch {
      let (f, s) = (features + i * m * n, style + i * m * n)
      gemm(m: n, n: n, k: m, s, lda: n, transposeA: true, s, ldb: n, difference, ldc: n)
      gemm(m: n, n: n, k: m, f, lda: n, transposeA: true, f, ldb: n, beta: -1, difference, ldc: n)
      losses[i] = dot(difference, difference, count: n * n) / (4 * size)
      guard let gradient else { continue }
      gemm(
        m: m, n: n, k: n, alpha: gradientScale / size, f, lda: n, difference, ldb: n, gradient + i * m * n, ldc: n)
    }
  }
}

/// Stops the program when a size is negative or a result lies over an argument in part.
private func checkRowLoss(
  _ rows: Int, _ columns: Int, _ x: UnsafePointer<Float>, _ t: UnsafePointer<Float>, _ losses: UnsafeMutablePointer<Float>,
  _ gradient: UnsafeMutablePointer<Float>?, _ function: StaticString
) {
  checkRows(rows: rows, columns: columns, function)
  checkOverlap((x, t, nil), gradient, elements: rows * columns, function)
  checkApart(x, rows * columns, losses, rows, "\(function): losses overlap the predictions")
  checkApart(t, rows * columns, losses, rows, "\(function): losses overlap the targets")
  if let gradient { checkApart(gradient, rows * columns, losses, rows, "\(function): losses overlap the gradient") }
}
