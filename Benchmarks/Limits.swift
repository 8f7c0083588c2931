import CKernels
import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the tier and the threads in use can do at best, measured when first asked for.
///
/// A workload's limit is the longer of two times: its multiply-adds at the peak rate, and its bytes at the rate at which
/// the same threads read or copy a buffer of the same size. So a workload that fits a cache is compared with that cache.
final class Limits {
  struct Bound {
    let name: String
    let seconds: Double
  }

  /// Larger than the caches of most machines.
  static let beyondCaches = 256 << 20

  private(set) lazy var peakFlops = measurePeakFlops()
  private var readRates: [Int: Double] = [:]
  private var copyRates: [Int: Double] = [:]

  func bound(_ cost: Cost) -> Bound {
    let isCopy = cost.bytesWritten * 4 >= cost.bytes
    let size = Self.bufferSize(holding: cost.bytes)
    let rate = isCopy ? copyRate(bytes: size) : readRate(bytes: size)
    let memory = Bound(name: isCopy ? "copy" : "read", seconds: cost.bytes / rate)
    let arithmetic = Bound(name: "peak FMA", seconds: cost.flops / peakFlops)
    return arithmetic.seconds >= memory.seconds ? arithmetic : memory
  }

  /// Bytes a second at which a buffer of `bytes` is read over and over.
  func readRate(bytes: Int) -> Double {
    if let rate = readRates[bytes] { return rate }
    let rate = measureReadRate(bytes: bytes)
    readRates[bytes] = rate
    return rate
  }

  /// Bytes a second, those read and those written together, at which half of `bytes` is copied to the other half.
  func copyRate(bytes: Int) -> Double {
    if let rate = copyRates[bytes] { return rate }
    let rate = measureCopyRate(bytes: bytes)
    copyRates[bytes] = rate
    return rate
  }

  /// The next power of two, between 64 KB and `beyondCaches`: few sizes need measuring.
  private static func bufferSize(holding bytes: Double) -> Int {
    var size = 64 << 10
    while Double(size) < bytes, size < beyondCaches { size *= 2 }
    return size
  }

  // Each thread gets a few equal chunks, so that one that comes late can be helped out.
  private var chunks: Int { 4 * threadCount }

  private func measurePeakFlops() -> Double {
    let table = currentTable()
    let count = chunks
    let operands = Buffer(2 * 16 * count, filledWith: 0.5)  // one cache line of sink a chunk
    nonisolated(unsafe) let sink = operands.pointer
    let flops = Double(table.pointee.probe_fma(1, sink)) * Double(count)
    // Chunks of about 0.2 ms on a core of 100 GFLOPS.
    let rounds = 100_000
    let timing = measure(seconds: 0.1) {
      parallelFor(count, nanoseconds: 2e5 * Double(count)) { chunk in
        _ = table.pointee.probe_fma(rounds, sink + 32 * chunk)
      }
    }
    return flops * Double(rounds) / timing.min
  }

  private func measureReadRate(bytes: Int) -> Double {
    let table = currentTable()
    let count = bytes / 4
    let buffer = Buffer(count, filledWith: 1)
    let sums = Buffer(16 * chunks, filledWith: 0)
    nonisolated(unsafe) let (x, sum) = (buffer.pointer, sums.pointer)
    let parts = chunks
    let timing = measure(seconds: 0.1) {
      parallelFor(parts, nanoseconds: Double(bytes) / 20) { part in
        let range = share(part, of: parts, in: count)
        sum[16 * part] = table.pointee.probe_read(range.count, x + range.lowerBound)
      }
    }
    return Double(bytes) / timing.min
  }

  private func measureCopyRate(bytes: Int) -> Double {
    let count = bytes / 8
    let (source, target) = (Buffer(count, filledWith: 1), Buffer(count, filledWith: 0))
    nonisolated(unsafe) let (x, y) = (source.pointer, target.pointer)
    let parts = chunks
    // Which of the two is faster depends on the size and the processor; the limit is the faster.
    let library = measure(seconds: 0.1) {
      parallelFor(parts, nanoseconds: Double(bytes) / 20) { part in
        let range = share(part, of: parts, in: count)
        memcpy(y + range.lowerBound, x + range.lowerBound, 4 * range.count)
      }
    }
    let table = currentTable()
    let loop = measure(seconds: 0.1) {
      parallelFor(parts, nanoseconds: Double(bytes) / 20) { part in
        let range = share(part, of: parts, in: count)
        table.pointee.probe_copy(range.count, x + range.lowerBound, y + range.lowerBound)
      }
    }
    return Double(bytes) / min(library.min, loop.min)
  }
}

/// The kernels of the tier in use: everything here runs inside `withTier`, which sets them for the thread.
private func currentTable() -> UnsafePointer<lw_table> { lw_thread_table()! }

/// Part number `part` of `count` elements cut into `parts` nearly equal ranges.
private func share(_ part: Int, of parts: Int, in count: Int) -> Range<Int> {
  part * count / parts..<(part + 1) * count / parts
}
