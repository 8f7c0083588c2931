import Kernels

/// y = 0 for the steps whose features all equal `value`, otherwise 1. It has no gradient.
struct StepMask: Op {
  let steps: Int
  let features: Int
  let value: Float

  let name = "stepMask"

  func outputShape(_ inputs: [[Int]]) throws -> [Int] { [steps] }

  func forward(_ c: OpContext) {
    rowsDiffer(rows: c.batch * steps, columns: features, c.input(), from: value, into: c.output)
  }

  func backward(_ c: OpContext) {
    c.inputGradient()?.update(repeating: 0, count: c.batch * steps * features)
  }
}
