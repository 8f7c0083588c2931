/// Which processors are hardware threads of one core, as Linux tells in /sys/devices/system/cpu.
enum CoreTopology {
  /// How many physical cores the processors of these numbers belong to; nil where the system tells of none of them.
  static func coreCount(of cpus: [Int], root: String) -> Int? {
    var (cores, isKnown) = (0, false)
    var covered: Set<Int> = []
    for cpu in cpus where !covered.contains(cpu) {
      cores += 1
      guard let siblings = siblings(of: cpu, root: root) else { continue }
      isKnown = true
      covered.formUnion(siblings)
    }
    return isKnown ? cores : nil
  }

  /// The processors of the core that `cpu` belongs to, itself included. The second file is the older name of the first.
  private static func siblings(of cpu: Int, root: String) -> Set<Int>? {
    var found: Set<Int>?
    for file in ["core_cpus_list", "thread_siblings_list"] {
      guard let text = SmallFile.read("\(root)/sys/devices/system/cpu/cpu\(cpu)/topology/\(file)"),
        let list = list(SmallFile.trimmed(text)), list.contains(cpu)
      else { continue }
      if list.count > 1 { return list }
      found = list
    }
    return found
  }

  /// `0-3,8` as numbers; nil where the text is something else.
  private static func list(_ text: ArraySlice<UInt8>) -> Set<Int>? {
    var numbers: Set<Int> = []
    for part in text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let bounds = part.split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false).map(SmallFile.count)
      guard let first = bounds[0], let last = bounds[bounds.count - 1], first <= last, last < 1 << 16 else { return nil }
      numbers.formUnion(first...last)
    }
    return numbers
  }
}
