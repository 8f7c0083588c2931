import Kernels
import Net

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

let infoCommand = Command(
  name: "info",
  summary: "Tells the processor, the SIMD tier and the threads in use",
  details: """
    KERNELS_MAX_ISA (\(Tier.allCases.map(\.rawValue).joined(separator: ", "))) caps the tier, KERNELS_NUM_THREADS sets the threads:
    without it there are as many as the processors this process may run on, their physical cores and the CPU quota of its container allow.
    KERNELS_VERBOSE=1 tells of each choice of a kernel on standard error.
    """,
  options: [Option(name: "--json", kind: .flag, help: "one JSON object on standard output")],
  examples: ["info", "info --json"],
  body: { arguments in
    let tiers = Tier.available.map(\.rawValue)
    let threads = ThreadDefault.current
    guard arguments.has("--json") else {
      Output.line(
        """
        version    \(version)
        processor  \(processorName)
        tier       \(Tier.current) (available: \(tiers.joined(separator: " ")))
        threads    \(threadCount) (\(reason(for: threads)))
        zlib       \(canReadGzip ? "found: .gz files can be read" : "not found: gunzip .gz files first")
        """)
      return 0
    }
    let line: JSON = .object([
      "version": .string(version), "processor": .string(processorName), "tier": .string(Tier.current.rawValue),
      "tiers": .array(tiers.map(JSON.string)), "threads": .integer(threadCount),
      "threadsDecidedBy": .string(threads.reason.rawValue), "cpus": .integer(threads.cpus),
      "physicalCores": threads.physicalCores.map(JSON.integer) ?? .null, "cpuQuota": threads.quota.map(JSON.real) ?? .null,
      "zlib": .bool(canReadGzip),
    ])
    Output.line(line.description)
    return 0
  })

/// What decided how many threads there are.
private func reason(for threads: ThreadDefault) -> String {
  switch threads.reason {
  case .environment: "KERNELS_NUM_THREADS"
  case .processors: "the processors this process may run on"
  case .physicalCores: "physical cores; \(threads.cpus) processors share them"
  case .quota: "a CPU quota of \(decimal(threads.quota ?? 0, 2)) in \(threads.quotaPath ?? "")"
  }
}

/// What the processor calls itself, or the kind of machine where the system does not tell.
private var processorName: String {
  #if canImport(Darwin)
    var size = 0
    sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
    var name = [CChar](repeating: 0, count: max(size, 1))
    if size > 0, sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 {
      return name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
  #else
    if let file = fopen("/proc/cpuinfo", "r") {
      defer { fclose(file) }
      var line = [CChar](repeating: 0, count: 512)
      while fgets(&line, Int32(line.count), file) != nil {
        let text = line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        let parts = text.split(separator: ":", maxSplits: 1).map { $0.trimmed }
        if parts.count == 2, parts[0] == "model name" { return parts[1] }
      }
    }
  #endif
  var machine = utsname()
  uname(&machine)
  return withUnsafeBytes(of: machine.machine) { String(cString: $0.bindMemory(to: CChar.self).baseAddress!) }
}

extension Substring {
  /// Without white space at both ends.
  fileprivate var trimmed: String {
    let start = drop { $0.isWhitespace }
    return String(start.reversed().drop { $0.isWhitespace }.reversed())
  }
}
