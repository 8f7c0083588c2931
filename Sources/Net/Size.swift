import Kernels

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Sizes that users give, before anything is multiplied or memory is asked for.
enum Size {
  /// No product of a few sizes below it, of values and parameters that fit in memory, is more than an Int can count.
  private static let most = 1 << 36

  /// The elements of `shape`.
  ///
  /// - Throws: `NetError` when a dimension is negative, or when they are more than this machine's memory can hold.
  @discardableResult
  static func check(_ shape: [Int], _ what: @autoclosure () -> String) throws(NetError) -> Int {
    guard shape.allSatisfy({ $0 >= 0 }) else {
      throw NetError("\(what()) of shape \(shape); expected no negative dimension")
    }
    guard let count = Tensor.count(of: shape), count <= most else {
      throw NetError("\(what()) of shape \(shape) is larger than any memory")
    }
    try checkMemory(count, "\(what()) of shape \(shape)")
    return count
  }

  /// Throws when so many floats are more than this machine's memory can hold. nil is more than an Int can count.
  static func checkMemory(_ floats: Int?, _ what: @autoclosure () -> String) throws(NetError) {
    guard let floats, floats <= memory / MemoryLayout<Float>.stride else {
      let needed = floats.map { "\(saturatingProduct($0, 4) >> 20) MB of memory" } ?? "more memory than can be counted"
      throw NetError("\(what()): \(needed) needed; this machine has \(memory >> 20) MB")
    }
  }

  /// The machine's memory in bytes.
  private static let memory: Int = {
    let (pages, bytes) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    return pages > 0 && bytes > 0 ? Int(pages) * Int(bytes) : .max
  }()

  /// The sum, nil when it is more than an Int can count.
  static func sum(_ counts: some Sequence<Int>) -> Int? {
    counts.reduce(0) { sum, count in
      sum.flatMap { sum in
        let (total, overflow) = sum.addingReportingOverflow(count)
        return overflow ? nil : total
      }
    }
  }

  /// The product, nil when it is more than an Int can count.
  static func product(_ a: Int?, _ b: Int) -> Int? {
    a.flatMap { a in
      let (product, overflow) = a.multipliedReportingOverflow(by: b)
      return overflow ? nil : product
    }
  }
}
