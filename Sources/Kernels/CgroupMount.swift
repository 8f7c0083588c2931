/// A place where a hierarchy of control groups that can limit processor time is mounted: a line of /proc/self/mountinfo (proc(5)).
struct CgroupMount: Equatable {
  enum Version: CaseIterable { case one, two }

  let version: Version
  /// The group that lies at `point`, as a path in the hierarchy: in a container often not its root.
  let root: [UInt8]
  let point: [UInt8]

  /// nil for a line about anything else.
  init?(_ line: ArraySlice<UInt8>) {
    let fields = line.split(separator: UInt8(ascii: " "))
    guard fields.count >= 10, let dash = fields[6...].firstIndex(of: [UInt8(ascii: "-")]), dash + 3 < fields.count else {
      return nil
    }
    switch String(decoding: fields[dash + 1], as: UTF8.self) {
    case "cgroup2": version = .two
    case "cgroup" where CgroupMount.hasCPU(fields[dash + 3]): version = .one
    default: return nil
    }
    root = CgroupMount.unescaped(fields[3])
    point = CgroupMount.unescaped(fields[4])
  }

  /// The folders of a group and of all groups around it, as far as they are mounted.
  static func folders(_ mounts: [CgroupMount], group: [UInt8]) -> [[UInt8]] {
    let found = mounts.compactMap { mount in mount.parts(of: group).map { mount.folders($0) } }
    // A group that lies in no mount: what is mounted was made for this process, or it would not be told another path of it.
    return found.isEmpty ? mounts.map(\.point) : found.flatMap { $0 }
  }

  /// Where the group lies below `point`; nil where it does not.
  private func parts(of group: [UInt8]) -> [ArraySlice<UInt8>]? {
    let (group, root) = (CgroupMount.parts(group), CgroupMount.parts(root))
    let isOutside = (group + root).contains([UInt8(ascii: "."), UInt8(ascii: ".")])
    return !isOutside && group.starts(with: root) ? Array(group[root.count...]) : nil
  }

  private func folders(_ parts: [ArraySlice<UInt8>]) -> [[UInt8]] {
    parts.reduce(into: [point]) { folders, part in folders.append(folders.last! + [UInt8(ascii: "/")] + part) }
  }

  private static func parts(_ path: [UInt8]) -> [ArraySlice<UInt8>] { path.split(separator: UInt8(ascii: "/")) }

  /// Whether `cpu` is one of the words between commas.
  fileprivate static func hasCPU(_ list: ArraySlice<UInt8>) -> Bool {
    list.split(separator: UInt8(ascii: ",")).contains { $0.elementsEqual("cpu".utf8) }
  }

  /// With the bytes that `\040` and the like stand for.
  private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var (bytes, rest) = ([UInt8](), text)
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3, let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
        bytes.append(code)
        rest.removeFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }
}

extension CgroupMount.Version {
  /// The path of this process's group, of a line `id:controllers:path` of /proc/self/cgroup (cgroups(7)); the root where there is none.
  func group(in lines: [ArraySlice<UInt8>]) -> [UInt8] {
    for line in lines {
      let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isOurs = self == .two ? fields[0] == [UInt8(ascii: "0")] && fields[1].isEmpty : CgroupMount.hasCPU(fields[1])
      if isOurs { return Array(fields[2]) }
    }
    return [UInt8(ascii: "/")]
  }
}
