#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How memory for many values is asked for.
private enum Pages {
  /// Kernels walk matrices whose rows lie pages apart, and the processor remembers few pages. Where Linux has huge ones, a
  /// buffer of at least this many bytes lies on them: a training step of a convolutional network takes up to a sixth less time.
  static let hugeBytes = 2 << 20
  /// Large buffers start on pages, so that none of them shares a cache line or a translation with its neighbours.
  static let bytes = 4096
  static let cacheLine = 64
}

extension UnsafeMutablePointer where Pointee == Float {
  /// Room for `count` floats, of unspecified content, at the start of a cache line; to be freed with `deallocate`.
  package static func allocateUninitialized(_ count: Int) -> Self {
    let size = max(count, 1) * MemoryLayout<Float>.stride
    let isHuge = size >= Pages.hugeBytes
    let alignment = isHuge ? Pages.hugeBytes : size >= Pages.bytes ? Pages.bytes : Pages.cacheLine
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: alignment)
    #if os(Linux)
      // Advice only: without huge pages everything works, if slower.
      if isHuge { madvise(memory, size, Int32(MADV_HUGEPAGE)) }
    #endif
    return memory.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  /// `count` zeros at the start of a cache line; to be freed with `deallocate`.
  package static func allocateZeros(_ count: Int) -> Self {
    let start = allocateUninitialized(count)
    start.initialize(repeating: 0, count: max(count, 1))
    return start
  }
}
