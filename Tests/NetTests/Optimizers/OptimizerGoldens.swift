import Net

/// The records of `Goldens/optimizers.json`: what PyTorch, or a formula of Keras, makes of seven parameters in forty steps with given
/// gradients, in float64.
enum OptimizerGoldens {
  private static let cases = try! Goldens.read("optimizers")["cases"].elements

  /// The steps after which the weights are given.
  static let steps = cases[0]["steps"].elements.map { $0.integer! }
  static let start = cases[0]["start"].elements.map(\.float)
  /// The gradients of each step.
  static let gradients = rows(cases[0]["gradients"])
  static let weights = Dictionary(uniqueKeysWithValues: cases.dropFirst().map { ($0["name"].text, rows($0["weights"])) })

  private static func rows(_ json: JSON) -> [[Float]] { json.elements.map { $0.elements.map(\.float) } }

  /// Net's side, with its defaults where they are those of the goldens.
  static let optimizers: [(String, any Optimizer)] = [
    ("sgd", SGD(learningRate: 0.001)), ("momentum", SGD(momentum: 0.9)), ("dampened", SGD(momentum: 0.9, dampening: 0.1)),
    ("nesterovL2", SGD(momentum: 0.9, nesterov: true, l2: 0.1)),
    ("nesterov", SGD(momentum: 0.9, nesterov: true, weightDecay: 0.1)),
    ("adagrad", Adagrad()), ("adagradDecay", Adagrad(schedule: InverseTimeDecay(0.01, steps: 1, decay: 0.1))),
    ("rmsprop", RMSprop()), ("rmspropCentered", RMSprop(momentum: 0.9, centered: true)),
    ("adadelta", Adadelta()), ("adadeltaSlow", Adadelta(learningRate: 0.001, rho: 0.95, epsilon: 1e-7)),
    ("adam", Adam()), ("adamL2", Adam(l2: 0.1)), ("amsgrad", Adam(amsgrad: true)), ("adamW", AdamW()),
    ("adamW", Adam(weightDecay: 0.01)), ("adamax", Adamax()), ("nadam", NAdam()), ("radam", RAdam()),
  ]
}
