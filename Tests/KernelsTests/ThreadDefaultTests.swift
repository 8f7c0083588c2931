import Foundation
import Testing

@testable import Kernels

/// A made-up root folder with `/proc` and `/sys`.
private final class Machine {
  let root = NSTemporaryDirectory() + "lanewise-" + UUID().uuidString

  /// - Parameters:
  ///   - cgroup: the lines of /proc/self/cgroup, mounts those of /proc/self/mountinfo.
  ///   - files: what else there is, path and content.
  init(cgroup: String? = nil, mounts: String? = nil, _ files: [String: String] = [:]) {
    if let cgroup { put("/proc/self/cgroup", cgroup) }
    if let mounts { put("/proc/self/mountinfo", mounts) }
    for (path, content) in files { put(path, content) }
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  private func put(_ path: String, _ content: String) {
    let path = root + path
    try! FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try! Data(content.utf8).write(to: URL(fileURLWithPath: path))
  }

  func threads(cpus: Range<Int> = 0..<8, environment: String? = nil) -> ThreadDefault {
    ThreadDefault(cpus: Array(cpus), environment: environment, root: root)
  }

  static func mount2(root: String = "/", at point: String = "/sys/fs/cgroup") -> String {
    "30 23 0:26 \(root) \(point) rw,nosuid shared:4 master:2 - cgroup2 cgroup2 rw,nsdelegate\n"
  }

  static func mount1(root: String = "/", at point: String = "/sys/fs/cgroup/cpu,cpuacct", _ options: String = "rw,cpu,cpuacct")
    -> String
  {
    "32 31 0:29 \(root) \(point) rw,relatime - cgroup cgroup \(options)\n"
  }
}

@Suite struct ThreadDefaultTests {
  @Test(arguments: [
    ("max 100000\n", 8), ("100000 100000\n", 1), ("150000 100000\n", 1), ("199999 100000", 1), ("200000 100000\n", 2),
    ("50000 100000\n", 1), ("1000 1000000\n", 1), ("300000\n", 3), ("max\n", 8), ("350000 50000\n", 7), ("9000000 100000\n", 8),
    ("9223372036854775807 1\n", 8), ("99999999999999999999 100000\n", 8),
    // What makes no sense is no limit.
    ("", 8), ("\n", 8), ("x y\n", 8), ("100000 0\n", 8), ("100000 -1\n", 8), ("-1 100000\n", 8), ("0 100000\n", 8),
    ("1e5 1e5\n", 8),
    ("100000 100000 100000\n", 8), ("100000 max\n", 8), ("+100000 100000\n", 8),
  ])
  func quotaOfVersionTwo(text: String, expected: Int) {
    let machine = Machine(cgroup: "0::/a\n", mounts: Machine.mount2(), ["/sys/fs/cgroup/a/cpu.max": text])
    #expect(machine.threads().count == expected)
  }

  @Test(arguments: [
    ("-1\n", "100000\n", 8), ("100000\n", "100000\n", 1), ("250000\n", "100000\n", 2), ("20000\n", "100000\n", 1),
    ("0\n", "100000\n", 8),
    ("100000\n", "0\n", 8), ("100000\n", "", 8), ("", "100000\n", 8), ("x\n", "100000\n", 8), ("100000 100000\n", "100000\n", 8),
    ("9223372036854775807\n", "1\n", 8), ("99999999999999999999\n", "1\n", 8),
  ])
  func quotaOfVersionOne(quota: String, period: String, expected: Int) {
    let folder = "/sys/fs/cgroup/cpu,cpuacct/docker/1"
    let files = ["\(folder)/cpu.cfs_quota_us": quota, "\(folder)/cpu.cfs_period_us": period]
    let machine = Machine(cgroup: "5:cpuset:/x\n4:cpu,cpuacct:/docker/1\n", mounts: Machine.mount1(), files)
    #expect(machine.threads().count == expected)
  }

  @Test func aQuotaWithoutItsPeriodIsNone() {
    let machine = Machine(
      cgroup: "1:cpu:/\n", mounts: Machine.mount1(), ["/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "100000"])
    #expect(machine.threads().count == 8)
  }

  /// The tightest of the group and all around it counts, wherever it is.
  @Test(arguments: ["", "/a", "/a/b", "/a/b/c"]) func ancestorsLimitToo(tight: String) {
    var files = ["", "/a", "/a/b", "/a/b/c"].reduce(into: [:]) { $0["/sys/fs/cgroup\($1)/cpu.max"] = "500000 100000" }
    files["/sys/fs/cgroup\(tight)/cpu.max"] = "300000 100000"
    files["/sys/fs/cgroup/other/cpu.max"] = "100000 100000"
    files["/sys/fs/cgroup/a/b/c/below/cpu.max"] = "100000 100000"
    let machine = Machine(cgroup: "0::/a/b/c\n", mounts: Machine.mount2(), files)
    #expect(machine.threads().count == 3)
    #expect(machine.threads().quotaPath == machine.root + "/sys/fs/cgroup\(tight)/cpu.max")
    #expect(machine.threads().quota == 3 && machine.threads().reason == .quota)
  }

  /// In a container the group that is mounted is not the root of the hierarchy, and its path may be told from inside or outside.
  @Test(arguments: [
    ("/docker/1", "/docker/1", "/cpu.max"), ("/docker/1", "/docker/1/inner", "/inner/cpu.max"),
    ("/docker/1", "/docker/1/inner", "/cpu.max"),
    ("/", "/", "/cpu.max"), ("/", "/docker/1", "/cpu.max"), ("/docker/1", "/", "/cpu.max"),
    ("/docker/1", "/docker/10", "/cpu.max"),
    ("/..", "/", "/cpu.max"), ("/", "/../other", "/cpu.max"), ("/", "/a (deleted)", "/cpu.max"), ("/a", "/a/", "/cpu.max"),
  ])
  func containers(root: String, group: String, file: String) {
    let machine = Machine(
      cgroup: "0::\(group)\n", mounts: Machine.mount2(root: root), ["/sys/fs/cgroup\(file)": "200000 100000"])
    #expect(machine.threads().count == 2)
  }

  @Test func bothVersionsAtOnce() {
    // systemd's hybrid: version two without controllers; then both with limits.
    let mounts =
      "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n" + Machine.mount1()
      + "33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n" + Machine.mount2(at: "/sys/fs/cgroup/unified")
    let lines = "3:cpuset:/\n2:cpu,cpuacct:/one\n1:name=systemd:/\n0::/two\n"
    var files = [
      "/sys/fs/cgroup/cpu,cpuacct/one/cpu.cfs_quota_us": "400000", "/sys/fs/cgroup/cpu,cpuacct/one/cpu.cfs_period_us": "100000",
    ]
    #expect(Machine(cgroup: lines, mounts: mounts, files).threads().count == 4)
    files["/sys/fs/cgroup/unified/two/cpu.max"] = "300000 100000"
    #expect(Machine(cgroup: lines, mounts: mounts, files).threads().count == 3)
    files["/sys/fs/cgroup/unified/two/cpu.max"] = "600000 100000"
    #expect(Machine(cgroup: lines, mounts: mounts, files).threads().count == 4)
  }

  @Test func namesThatOnlyLookLikeCPU() {
    let files = ["/sys/fs/cgroup/x/cpu.cfs_quota_us": "100000", "/sys/fs/cgroup/x/cpu.cfs_period_us": "100000"]
    for (line, options) in [("1:name=cpu:/x\n", "rw,name=cpu"), ("1:cpuset,cpuacct:/x\n", "rw,cpuset,cpuacct")] {
      #expect(Machine(cgroup: line, mounts: Machine.mount1(at: "/sys/fs/cgroup", options), files).threads().count == 8)
    }
  }

  @Test func pathsWithOddCharacters() {
    let files = ["/sys/fs/c group\\x/a:b/\u{E9} \u{301}/cpu.max": "200000 100000"]
    let machine = Machine(cgroup: "0::/a:b/\u{E9} \u{301}\n", mounts: Machine.mount2(at: "/sys/fs/c\\040group\\134x"), files)
    #expect(machine.threads().count == 2)
  }

  @Test(arguments: [
    nil, "", "\n\n", "garbage\n", "1 2 3 / /sys/fs/cgroup rw -\n", "1 2 3 / /sys/fs/cgroup rw - cgroup2\n",
    "1 2 3 / /sys/fs/cgroup rw x y z w v u t s\n", "- - - - - - - - - - - -\n", String(repeating: "\\ ", count: 40),
  ])
  func strangeTablesOfMounts(mounts: String?) {
    #expect(Machine(cgroup: "0::/\n::\n:\nx\n", mounts: mounts, ["/sys/fs/cgroup/cpu.max": "100000 100000"]).threads().count == 8)
  }

  @Test func aMissingTableOfGroupsLeavesTheMountItself() {
    #expect(Machine(mounts: Machine.mount2(), ["/sys/fs/cgroup/cpu.max": "100000 100000"]).threads().count == 1)
    #expect(Machine().threads().count == 8 && Machine().threads().physicalCores == nil)
  }

  // MARK: Cores

  private func topology(_ siblings: [Int: String], file: String = "core_cpus_list") -> [String: String] {
    siblings.reduce(into: [:]) { $0["/sys/devices/system/cpu/cpu\($1.key)/topology/\(file)"] = $1.value }
  }

  @Test(arguments: ["core_cpus_list", "thread_siblings_list"]) func oneThreadAPhysicalCore(file: String) {
    // Neighbours share a core; then the halves, as Intel's servers count.
    let neighbours = (0..<8).reduce(into: [:]) { $0[$1] = "\($1 & ~1)-\($1 | 1)\n" }
    let halves = (0..<8).reduce(into: [:]) { $0[$1] = "\($1 % 4),\($1 % 4 + 4)\n" }
    for siblings in [neighbours, halves] {
      let threads = Machine(topology(siblings, file: file)).threads()
      #expect(threads.count == 4 && threads.physicalCores == 4 && threads.reason == .physicalCores && threads.cpus == 8)
    }
    // Only what the process may use counts: of each core one thread, or both.
    let machine = Machine(topology(halves, file: file))
    #expect(machine.threads(cpus: 0..<4).count == 4 && machine.threads(cpus: 0..<4).reason == .processors)
    #expect(machine.threads(cpus: 2..<6).count == 4 && machine.threads(cpus: 3..<8).count == 4)
    #expect(Machine(topology(neighbours, file: file)).threads(cpus: 1..<3).count == 2)
    #expect(Machine(topology(neighbours, file: file)).threads(cpus: 2..<4).count == 1)
  }

  @Test func coresOfSeveralKinds() {
    // Two cores of two threads and four of one.
    let siblings = [0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3", 4: "4", 5: "5", 6: "6", 7: "7"]
    #expect(Machine(topology(siblings)).threads().count == 6)
    // Four threads a core.
    #expect(Machine(topology((0..<8).reduce(into: [:]) { $0[$1] = $1 < 4 ? "0-3" : "4-7" })).threads().count == 2)
  }

  @Test(arguments: ["", "\n", "x", "0-", "-1", "1-0", "0,,1", "0-99999999", "99999999999999999999", "5", "0;1"])
  func strangeListsAreNoNeighbours(list: String) {
    #expect(Machine(topology([0: list, 1: list])).threads(cpus: 0..<2).count == 2)
  }

  // MARK: All together

  @Test func theLeastDecides() {
    var files = topology((0..<8).reduce(into: [:]) { $0[$1] = "\($1 & ~1)-\($1 | 1)" })
    func machine() -> Machine { Machine(cgroup: "0::/\n", mounts: Machine.mount2(), files) }
    files["/sys/fs/cgroup/cpu.max"] = "600000 100000"
    #expect(machine().threads().count == 4 && machine().threads().reason == .physicalCores)
    files["/sys/fs/cgroup/cpu.max"] = "290000 100000"
    #expect(machine().threads().count == 2 && machine().threads().reason == .quota && machine().threads().quota == 2.9)
    #expect(machine().threads(cpus: 0..<1).count == 1 && machine().threads(cpus: 0..<1).reason == .processors)
    for text in ["1", "3", "64"] {
      let threads = machine().threads(environment: text)
      #expect(threads.count == Int(text) && threads.reason == .environment && threads.quota == 2.9)
    }
    #expect(machine().threads(environment: "").count == 2)
    #expect(machine().threads(cpus: 0..<0).count == 1)
  }

  @Test func ofThisProcess() {
    let threads = ThreadDefault.current
    #expect(threads.count >= 1 && threads.cpus >= 1 && threads == ThreadDefault.current)
    #expect(threads.physicalCores.map { $0 <= threads.cpus } ?? true)
    #expect(withThreads(1) { ThreadDefault.current } == threads)
  }
}
