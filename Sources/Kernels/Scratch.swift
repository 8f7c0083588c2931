/// Working memory for kernels that rearrange their operands: kept and handed out again, so that a program in its steady
/// state allocates nothing.
private struct Scratch: ~Copyable {
  /// How many buffers are kept: more than threads use at a time. Beyond, they are freed after use.
  static let slots = 64
  /// Buffers above this are freed after use: a pool of huge ones would outlive the products that needed them.
  static let keptBytes = 64 << 20
  /// Panels start on pages, so that none of them shares a cache line or a translation with its neighbours.
  static let alignment = 4096

  private let kept = Locked<[Buffer]>([])

  struct Buffer: @unchecked Sendable {
    var pointer: UnsafeMutablePointer<Float>
    var capacity: Int
  }

  init() { kept.withLock { $0.reserveCapacity(Scratch.slots) } }

  /// The smallest kept buffer of at least `count` values, or a new one.
  func take(_ count: Int) -> Buffer {
    let found: Buffer? = kept.withLock { kept in
      var best: Int?
      for (i, buffer) in kept.enumerated() where buffer.capacity >= count {
        if best.map({ buffer.capacity < kept[$0].capacity }) ?? true { best = i }
      }
      guard let best else { return nil }
      let buffer = kept[best]
      kept.swapAt(best, kept.count - 1)
      kept.removeLast()
      return buffer
    }
    return found ?? Scratch.allocate(count)
  }

  func give(_ buffer: Buffer) {
    let isKept = kept.withLock { kept in
      guard kept.count < Scratch.slots, buffer.capacity * 4 <= Scratch.keptBytes else { return false }
      kept.append(buffer)
      return true
    }
    if !isKept { free(buffer) }
  }

  private func free(_ buffer: Buffer) { UnsafeMutableRawPointer(buffer.pointer).deallocate() }

  /// Sizes are rounded up to powers of two: products of similar shapes then share buffers.
  private static func allocate(_ count: Int) -> Buffer {
    var capacity = alignment / 4
    while capacity < count { capacity *= 2 }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: capacity * 4, alignment: alignment)
    return Buffer(pointer: memory.bindMemory(to: Float.self, capacity: capacity), capacity: capacity)
  }
}

private let scratch = Scratch()

/// Runs `body` with room for `count` floats, page-aligned, of unspecified content.
func withScratch<R>(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> R) -> R {
  let buffer = scratch.take(count)
  defer { scratch.give(buffer) }
  return body(buffer.pointer)
}
