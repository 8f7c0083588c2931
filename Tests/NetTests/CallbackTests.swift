import Net
import Testing

/// Callbacks that end a training or save it.
@Suite struct CallbackTests {
  /// A model that only gets worse: the learning rate drives its one weight away from what is right.
  private func diverging() throws -> (Model, Dataset) {
    let model = try Model(Dense(1, useBias: false, kernelInitializer: .constant(1.25)), input: [1])
    try model.compile(loss: .meanSquaredError, optimizer: SGD(learningRate: 1.5))
    let one = try Tensor(shape: [1, 1], [1])
    return (model, try Dataset(inputs: one, targets: .values(one)))
  }

  /// The loss of each epoch is of the weights before its step: 1/16, 1/4, 1 ... The best weights are those after the first epoch.
  @Test func stopsAndGoesBack() throws {
    for (patience, epochs) in [(0, 2), (1, 2), (3, 4)] {
      let (model, data) = try diverging()
      let stopping = try EarlyStopping(monitor: "loss", patience: patience)
      let history = try model.fit(data, epochs: 10, callbacks: [stopping])
      #expect(history.epochs.count == epochs)
      #expect(stopping.stoppedEpoch == epochs - 1 && stopping.bestEpoch == 0 && stopping.best == 0.0625)
      #expect(try model.parameter("dense_1/kernel").values == [0.5])
    }
  }

  @Test func keepsTheLastWeightsWhenAsked() throws {
    let (model, data) = try diverging()
    try model.fit(data, epochs: 10, callbacks: [EarlyStopping(monitor: "loss", restoreBest: false)])
    #expect(try model.parameter("dense_1/kernel").values == [2])
  }

  /// Also when the last epoch comes first; with validation, a mode, a delta and a late start.
  @Test func goesBackAtTheEnd() throws {
    let (model, data) = try diverging()
    let stopping = try EarlyStopping(patience: 5)
    try model.fit(data, epochs: 3, validationData: data, callbacks: [stopping])
    #expect(stopping.stoppedEpoch == nil && stopping.bestEpoch == 0)
    #expect(try model.parameter("dense_1/kernel").values == [0.5])

    let (other, _) = try diverging()
    let growing = try EarlyStopping(monitor: "loss", minDelta: 3, mode: .max, startFromEpoch: 1)
    // 1/4, 1 (not enough).
    #expect(try other.fit(data, epochs: 10, callbacks: [growing]).epochs.count == 3)
    #expect(growing.bestEpoch == 1)
  }

  /// What is larger is better of an accuracy.
  @Test func accuracyIsToGrow() throws {
    let model = try Model(Dense(1, useBias: false, kernelInitializer: .constant(-1)), input: [1])
    try model.compile(loss: .binaryCrossEntropy(), optimizer: SGD(learningRate: 4), metrics: [.binaryAccuracy, .auc])
    let data = try Dataset(inputs: Tensor(shape: [1, 1], [1]), targets: .classes([1], count: 2))
    let stopping = try EarlyStopping(monitor: "val_binaryAccuracy", patience: 2)
    let history = try model.fit(data, epochs: 9, validationData: data, callbacks: [stopping])
    #expect(history["val_binaryAccuracy"][stopping.bestEpoch!] == 1 && history.epochs.count == stopping.bestEpoch! + 3)
  }

  /// With a running mean of the weights, what is validated is what is saved and gone back to.
  @Test func runningMean() throws {
    let folder = TemporaryFolder()
    let model = try Model(Dense(1, useBias: false, kernelInitializer: .constant(1.25)), input: [1])
    try model.compile(
      loss: .meanSquaredError, optimizer: SGD(learningRate: 1.2), update: UpdateOptions(useEMA: true, emaMomentum: 0.75))
    let one = try Tensor(shape: [1, 1], [1]), data = try Dataset(inputs: one, targets: .values(one))
    let stopping = try EarlyStopping(patience: 6)
    let history = try model.fit(
      data, epochs: 8, validationData: data,
      callbacks: [stopping, ModelCheckpoint(path: folder.path("best"), saveBestOnly: true)])
    let best = try #require(stopping.best), epoch = try #require(stopping.bestEpoch)
    #expect(epoch > 0 && epoch < 7 && best == history["val_loss"].min())
    #expect(try model.withAveragedWeights { try model.evaluate(data).loss } == best)
    try model.loadWeights(from: folder.path("best"))
    #expect(try model.evaluate(data).loss == best)
  }

  @Test func savesAsItGoes() throws {
    let folder = TemporaryFolder()
    let (model, _) = try diverging()
    let four = try Tensor(shape: [4, 1], [1, 1, 1, 1]), data = try Dataset(inputs: four, targets: .values(four))
    try model.fit(
      data, batchSize: 1, epochs: 2,
      callbacks: [
        ModelCheckpoint(path: folder.path("{epoch}-{batch}"), every: .batches(2)),
        ModelCheckpoint(path: folder.path("end{epoch}"), every: .epochs(2)),
        ModelCheckpoint(path: folder.path("best{epoch}"), monitor: "loss", saveBestOnly: true),
      ])
    #expect(folder.contents == ["1-2", "1-4", "2-2", "2-4", "best1", "end2"])
    let weights = try model.parameter("dense_1/kernel")
    try model.loadWeights(from: folder.path("2-4"))
    #expect(try model.parameter("dense_1/kernel") == weights)
    try model.loadWeights(from: folder.path("best1"))
    // Four steps, each multiplying the distance 1/4 by -2.
    #expect(try model.parameter("dense_1/kernel").values == [5])
  }

  @Test func showsHowItGoes() throws {
    func text(isTerminal: Bool) throws -> String {
      let (model, data) = try diverging()
      var text = ""
      try model.fit(data, epochs: 2, callbacks: [ProgressBar(epochs: 10, isTerminal: isTerminal) { text += $0 }])
      return text
    }
    #expect(try text(isTerminal: false) == "epoch  1/10  loss 0.0625\nepoch  2/10  loss 0.2500\n")
    let full = "[########################]"
    #expect(try text(isTerminal: true).contains("\repoch  1/10 \(full)  loss 0.0625\u{1B}[K\n"))
  }

  @Test func refused() throws {
    #expect(message { _ = try EarlyStopping(patience: -1) } == "earlyStopping: patience is -1; expected at least 0")
    #expect(
      message { _ = try EarlyStopping(minDelta: .nan) } == "earlyStopping: minDelta is nan; expected at least 0.0 and finite")
    #expect(message { _ = try EarlyStopping(startFromEpoch: -1) } == "earlyStopping: startFromEpoch is -1; expected at least 0")
    #expect(
      message { _ = try ModelCheckpoint(path: "x", every: .batches(0)) } == "modelCheckpoint: every is 0; expected at least 1")
    let (model, data) = try diverging()
    #expect(
      message { _ = try model.fit(data, callbacks: [EarlyStopping()]) } == "earlyStopping: there is no val_loss; there are loss")
  }
}
