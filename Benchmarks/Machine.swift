import CKernels
import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// This machine as the benchmarks see it: name, memory, and what it can do at best.
final class Machine: CustomStringConvertible {
  let limits = Limits()

  var description: String {
    let peak = rounded(limits.peakFlops * 1e-9, to: 1)
    let read = rounded(limits.readRate(bytes: Limits.beyondCaches) * 1e-9, to: 1)
    let copy = rounded(limits.copyRate(bytes: Limits.beyondCaches) * 1e-9, to: 1)
    return """
      \(name); tier \(Tier.current), threads \(threadCount)
      peak fused multiply-add \(peak) GFLOPS; memory: read \(read) GB/s, copy \(copy) GB/s (read + written)
      """
  }

  private var name: String {
    var characters = [CChar](repeating: 0, count: 128)
    lw_cpu_name(&characters, characters.count)
    let name = String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return name.isEmpty ? "unnamed processor" : name
  }

  /// Refuses operands that would take more than half of the machine's memory.
  func requireMemory(_ bytes: Double) throws(BenchmarkError) {
    let memory = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
    guard bytes <= memory / 2 else {
      let gigabytes = (needed: rounded(bytes * 1e-9, to: 1), here: rounded(memory * 1e-9, to: 1))
      throw BenchmarkError("needs \(gigabytes.needed) GB; this machine has \(gigabytes.here) GB, of which half may be used")
    }
  }
}
