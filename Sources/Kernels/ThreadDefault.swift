import CKernels

/// How many threads kernels use unless a scope says otherwise, and what decided: `KERNELS_NUM_THREADS` where it is set; else the least
/// of the processors this process may run on, of the physical cores these belong to, and of the CPU quota of its control groups,
/// rounded down, but at least 1.
///
/// Found out once, when a kernel is first called: a process that is moved keeps its number.
public struct ThreadDefault: Sendable, Equatable {
  /// What the number comes from.
  public enum Reason: String, Sendable {
    /// `KERNELS_NUM_THREADS`.
    case environment
    /// The processors this process may run on: those of its affinity mask.
    case processors
    /// The physical cores among them, fewer since hardware threads share one: two threads of arithmetic on one core are no faster
    /// than one.
    case physicalCores
    /// The time that control groups allow.
    case quota
  }

  public let count: Int
  public let reason: Reason
  /// The processors this process may run on, hardware threads counted.
  public let cpus: Int
  /// The physical cores these belong to, nil where the system does not tell.
  public let physicalCores: Int?
  /// How many processors' time the control groups allow, nil where they do not limit it.
  public var quota: Double? { limit?.cpus }
  /// The file that sets the quota.
  public var quotaPath: String? { limit?.path }
  /// `KERNELS_NUM_THREADS`, nil where it is not set.
  let environment: Int?
  private let limit: CPUQuota?

  /// Of this process.
  public static var current: ThreadDefault {
    watchForks()
    return threadDefault
  }

  /// - Parameters:
  ///   - cpus: the numbers of the processors allowed.
  ///   - environment: the text of `KERNELS_NUM_THREADS`.
  ///   - root: the folder in which `/proc` and `/sys` are looked for.
  init(cpus: [Int], environment text: String?, root: String) {
    self.cpus = max(1, cpus.count)
    physicalCores = CoreTopology.coreCount(of: cpus, root: root)
    limit = CPUQuota.least(root: root)
    environment = ThreadDefault.parse(text)

    var (count, reason) = (self.cpus, Reason.processors)
    if let cores = physicalCores, cores < count { (count, reason) = (cores, .physicalCores) }
    if let limit, limit.threads < count { (count, reason) = (limit.threads, .quota) }
    if let environment { (count, reason) = (environment, .environment) }
    (self.count, self.reason) = (count, reason)
  }

  /// The most threads a limit may name: far above any machine, so that a mistyped number is noticed.
  static let maximum = 4096

  private static func parse(_ text: String?) -> Int? {
    guard let text, !text.isEmpty else { return nil }
    guard let n = Int(text), 1...maximum ~= n else {
      fatalError("KERNELS_NUM_THREADS=\(text): expected a whole number from 1 to \(maximum)")
    }
    return n
  }
}

/// Of this process: `ThreadDefault.current`, once forks are watched.
let threadDefault = ThreadDefault(cpus: allowedCPUs(), environment: environment("KERNELS_NUM_THREADS"), root: "")

private func allowedCPUs() -> [Int] {
  var cpus = [Int32](repeating: 0, count: Int(lw_allowed_cpus(nil, 0)))
  let count = Int(lw_allowed_cpus(&cpus, Int32(cpus.count)))  // another number only if the mask has just changed
  return cpus.prefix(count).map(Int.init)
}
