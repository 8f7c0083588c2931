extension Model {
  /// Runs `body` with the running mean of the weights (`UpdateOptions.useEMA`) in the weights' place: to evaluate, predict or save
  /// it. Afterwards the weights are back. What does not learn, frozen parameters and the statistics of batch normalisation, has no
  /// mean and stays.
  ///
  /// ```swift
  /// let accuracy = try model.withAveragedWeights { try model.evaluate(test).accuracy }
  /// ```
  /// - Throws: what `body` throws; `NetError` when there is no running mean yet or the model is in use.
  public func withAveragedWeights<R>(_ body: () throws -> R) throws -> R {
    try changing("withAveragedWeights", reentrant: true) {
      let updater = try averagingUpdater("withAveragedWeights")
      updater.swapAverage()
      weightsChanged()
      defer {
        updater.swapAverage()
        weightsChanged()
      }
      return try body()
    }
  }

  /// Makes the running mean of the weights (`UpdateOptions.useEMA`) the weights, at the end of a training.
  ///
  /// - Throws: `NetError` when there is no running mean yet or the model is in use.
  public func adoptAveragedWeights() throws {
    try changing("adoptAveragedWeights", reentrant: true) {
      try averagingUpdater("adoptAveragedWeights").adoptAverage()
      weightsChanged()
    }
  }

  /// Makes the optimizer forget what it remembers of past gradients. Weights and schedule stay where they are.
  ///
  /// - Throws: `NetError` when the model is not compiled or is in use.
  public func resetOptimizer() throws {
    try changing("resetOptimizer", reentrant: true) { try compiled("resetOptimizer").updater.forget() }
  }

  private func averagingUpdater(_ name: String) throws -> Updater {
    let updater = try compiled(name).updater
    guard updater.canAverage else {
      throw NetError("\(name): there is no mean of the weights; compile with UpdateOptions(useEMA: true) and train first")
    }
    return updater
  }
}
