import Kernels

/// Refuses values of the environment that Kernels would stop at, while a message is still possible.
func checkEnvironment() throws(UsageError) {
  let tiers = Tier.allCases.map(\.rawValue)
  if let name = environmentVariable("KERNELS_MAX_ISA"), !name.isEmpty, !tiers.contains(name) {
    throw UsageError("KERNELS_MAX_ISA=\(name): expected one of \(tiers.joined(separator: ", "))", command: nil)
  }
  if let text = environmentVariable("KERNELS_NUM_THREADS"), !text.isEmpty, Int(text).map({ 1...4096 ~= $0 }) != true {
    throw UsageError("KERNELS_NUM_THREADS=\(text): expected a whole number from 1 to 4096", command: nil)
  }
}
