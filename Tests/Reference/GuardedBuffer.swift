#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Elements between two pages without access: one step outside the buffer on the guarded side ends the process.
public final class GuardedBuffer<Element: BitwiseCopyable> {
  /// The end of the buffer that lies directly at an inaccessible page.
  public enum Side: CaseIterable, Sendable { case start, end }

  public let pointer: UnsafeMutablePointer<Element>
  public let count: Int
  private let mapping: UnsafeMutableRawPointer
  private let mappingBytes: Int

  /// A copy of `values` whose `side` touches the guard page.
  public init(_ values: [Element], side: Side = .end) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let bytes = values.count * MemoryLayout<Element>.stride
    let usable = max(1, (bytes + page - 1) / page) * page
    mappingBytes = usable + 2 * page
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    let address = mmap(nil, mappingBytes, PROT_NONE, flags, -1, 0)
    precondition(address != MAP_FAILED, "GuardedBuffer: mmap of \(mappingBytes) bytes failed")
    mapping = address!
    precondition(mprotect(mapping + page, usable, PROT_READ | PROT_WRITE) == 0, "GuardedBuffer: mprotect failed")
    let offset = side == .end ? usable - bytes : 0
    pointer = (mapping + page + offset).bindMemory(to: Element.self, capacity: values.count)
    count = values.count
    for (i, value) in values.enumerated() { (pointer + i).initialize(to: value) }
  }

  public convenience init(repeating value: Element, count: Int, side: Side = .end) {
    self.init(Array(repeating: value, count: count), side: side)
  }

  deinit { munmap(mapping, mappingBytes) }

  public var values: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
