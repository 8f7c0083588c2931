import Foundation
import Testing

@testable import Kernels

/// A control group of this machine with a limit of its own, in either version of cgroups.
private struct RealCgroup {
  private let folder: String
  private let isVersionTwo: Bool

  /// nil where the machine lets us make none that can limit processor time.
  init?(_ name: String) {
    for parent in ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup"] {
      let path = "\(parent)/lanewise-\(name)-\(getpid())"
      guard mkdir(path, 0o755) == 0 else { continue }
      let hasQuota = ["cpu.cfs_quota_us", "cpu.max"].map { access("\(path)/\($0)", W_OK) == 0 }
      if hasQuota.contains(true) {
        (folder, isVersionTwo) = (path, hasQuota[1])
        return
      }
      rmdir(path)
    }
    return nil
  }

  /// Whether all of it can be done here.
  static let isPossible: Bool = {
    guard let group = RealCgroup("probe") else { return false }
    defer { group.remove() }
    return group.limit(toHundredths: 150)
  }()

  func limit(toHundredths share: Int) -> Bool {
    guard isVersionTwo else {
      return write("100000", "cpu.cfs_period_us") && write("\(share * 1000)", "cpu.cfs_quota_us")
    }
    return write("\(share * 1000) 100000", "cpu.max")
  }

  func enter() -> Bool { write("\(getpid())", "cgroup.procs") }

  /// Its processes go back to the group around it.
  func remove() {
    let parent = (folder as NSString).deletingLastPathComponent
    for process in (try? String(contentsOfFile: "\(folder)/cgroup.procs", encoding: .utf8))?.split(separator: "\n") ?? [] {
      try? process.write(toFile: "\(parent)/cgroup.procs", atomically: false, encoding: .utf8)
    }
    rmdir(folder)
  }

  private func write(_ text: String, _ file: String) -> Bool {
    guard let handle = fopen("\(folder)/\(file)", "w") else { return false }
    let isWritten = fputs(text, handle) >= 0
    return fclose(handle) == 0 && isWritten
  }
}

@Suite struct RealCgroupTests {
  @Test(
    .enabled(if: RealCgroup.isPossible, "this machine lets no control group be made that limits processor time"),
    arguments: [(150, 1), (50, 1), (200, 2)])
  func aQuotaIsObeyed(hundredths: Int, most: Int) async {
    await #expect(processExitsWith: .success) { [hundredths, most] in
      unsetenv("KERNELS_NUM_THREADS")
      let group = RealCgroup("test")!
      precondition(group.limit(toHundredths: hundredths) && group.enter())
      let threads = ThreadDefault.current
      group.remove()
      precondition(threads.quota == Double(hundredths) / 100, "\(threads)")
      precondition(
        threads.count == min(most, threads.physicalCores ?? threads.cpus) && threadCount == threads.count, "\(threads)")
    }
  }
}
