import Net
import Testing

/// A parameter has room for one gradient: a second reader would lose one of two without a word.
@Suite struct SharedParameterTests {
  /// y = factor x, of one number a read parameter.
  private struct Times: Op {
    let name: String
    let reads: Int

    func outputShape(_ inputs: [[Int]]) throws -> [Int] { inputs[0] }

    func forward(_ c: OpContext) {
      let factor = (c.prepared as? Prepared)?.factor ?? c.parameter(0)[0]
      for i in 0..<c.batch { c.output[i] = c.input()[i] * factor }
    }

    func backward(_ c: OpContext) {
      for i in 0..<c.batch { c.inputGradient()?[i] = c.outputGradient[i] * c.parameter(0)[0] }
      for p in 0..<reads {
        guard let gradient = c.parameterGradient(p) else { continue }
        gradient[0] = (0..<c.batch).reduce(0) { $0 + c.outputGradient[$1] * c.input()[$1] }
      }
    }

    /// What is prepared differs from op to op, whatever parameter they read.
    func prepare(parameters: [UnsafePointer<Float>]) -> AnyObject? {
      Prepared(name == "double" ? 2 * parameters[0][0] : parameters[0][0])
    }

    private final class Prepared {
      let factor: Float
      init(_ factor: Float) { self.factor = factor }
    }
  }

  /// One parameter for these ops in a row, each reading it as often as it says.
  private struct Tied: Layer {
    let ops: [Times]
    let isTrainable: Bool
    let kind = "tied"

    func build(_ inputs: [Node], in graph: GraphBuilder) throws -> Node {
      let factor = graph.parameter(
        "factor", shape: [1], initializer: .constant(3), fanIn: 1, fanOut: 1, isTrainable: isTrainable)
      return try ops.reduce(inputs[0]) { x, op in
        try graph.add(op, to: [x], parameters: [ParameterReference](repeating: factor, count: op.reads))
      }
    }
  }

  private func model(_ ops: [Times], isTrainable: Bool = true) throws -> Model {
    try Model(Tied(ops: ops, isTrainable: isTrainable), input: [1])
  }

  @Test func refused() throws {
    #expect(
      message { _ = try model([Times(name: "times", reads: 1), Times(name: "double", reads: 1)]) }
        == "tied_1: parameter tied_1/factor is read by times of tied_1 and again by double of tied_1; "
        + "expected one operation to read a trainable parameter")
    #expect(
      message { _ = try model([Times(name: "times", reads: 2)]) }
        == "tied_1: parameter tied_1/factor is read twice by times of tied_1; expected once")
    _ = try model([Times(name: "times", reads: 1)])
  }

  /// One that has no gradient may be read by many, each of which prepares what it likes.
  @Test func constantsAreShared() throws {
    let model = try model([Times(name: "times", reads: 2), Times(name: "double", reads: 1)], isTrainable: false)
    #expect(try model.predict(Tensor(shape: [1, 1], [5])).values == [5 * 3 * 6])
    try model.compile(loss: .meanAbsoluteError, optimizer: SGD())
    let data = try Dataset(inputs: Tensor(shape: [1, 1], [5]), targets: .values(Tensor(shape: [1, 1], [0])))
    #expect(try model.evaluate(data).loss == 90)
  }
}
