/// How much processor time the control groups (cgroups) of this process allow: `quota` of every `period` microseconds.
///
/// Containers limit processors so (`docker --cpus`, limits of Kubernetes). More threads than the quota pays for all spend it, and then all
/// wait for the next period.
struct CPUQuota: Sendable, Equatable {
  let quota: Int, period: Int
  /// The file it was read from.
  let path: String

  var cpus: Double { Double(quota) / Double(period) }

  /// How many threads can run all the time: rounded down, at least 1.
  var threads: Int { max(1, quota / period) }

  /// The tightest of the limits of this process's group and of all groups around it, in both versions of cgroups; nil where there is
  /// none. What is missing or makes no sense is no limit.
  static func least(root: String) -> CPUQuota? {
    guard let mounts = SmallFile.read("\(root)/proc/self/mountinfo") else { return nil }
    let groups = SmallFile.read("\(root)/proc/self/cgroup") ?? []
    let hierarchies = lines(mounts).compactMap(CgroupMount.init)
    let quotas = CgroupMount.Version.allCases.flatMap { version in
      CgroupMount.folders(hierarchies.filter { $0.version == version }, group: version.group(in: lines(groups)))
        .compactMap { version.quota(in: Array(root.utf8) + $0) }
    }
    return quotas.min { $0.cpus < $1.cpus }
  }

  private static func lines(_ text: [UInt8]) -> [ArraySlice<UInt8>] { text.split(separator: UInt8(ascii: "\n")) }
}

extension CgroupMount.Version {
  /// The limit in the files of a group's folder.
  fileprivate func quota(in folder: [UInt8]) -> CPUQuota? {
    func words(_ file: String) -> [ArraySlice<UInt8>]? {
      SmallFile.read(folder + Array("/\(file)".utf8)).map { SmallFile.trimmed($0).split { $0 == 0x20 || $0 == 0x09 } }
    }
    let file = self == .two ? "cpu.max" : "cpu.cfs_quota_us"
    guard let limit = words(file), let quota = limit.first.flatMap(SmallFile.count), quota > 0 else { return nil }  // not max, -1
    let period: Int?
    switch self {
    case .one: period = words("cpu.cfs_period_us").flatMap { $0.count == 1 ? SmallFile.count($0[0]) : nil }
    case .two: period = limit.count == 1 ? 100_000 : SmallFile.count(limit[1])
    }
    guard let period, period > 0, limit.count <= (self == .two ? 2 : 1) else { return nil }
    return CPUQuota(quota: quota, period: period, path: String(decoding: folder, as: UTF8.self) + "/\(file)")
  }
}
