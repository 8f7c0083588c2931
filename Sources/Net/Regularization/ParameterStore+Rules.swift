// The penalties and constraints of a model's parameters. Only trainable ones have any.

extension ParameterStore {
  /// What all weights add to the loss.
  var penalty: Float {
    var sum: Float = 0
    for i in regularized { sum += specs[i].regularizer!.penalty(weights(i), count: specs[i].count) }
    return sum
  }

  /// Adds the gradients of the penalties to the gradients.
  func addPenaltyGradients() {
    for i in regularized {
      guard let gradient = gradient(i) else { continue }
      specs[i].regularizer!.addGradient(weights(i), count: specs[i].count, to: gradient, into: gradient)
    }
  }

  /// Makes parameters obey their constraints: after each step of an optimizer, those that it changed.
  func constrain(_ parameters: [Int]) {
    for i in parameters { specs[i].constraint!.apply(to: weights(i), shape: specs[i].shape) }
  }
}
