import CKernels

/// Working memory for kernels that rearrange their operands: kept and handed out again, so that a program in its steady
/// state allocates nothing. Helpers keep their own while they are at work, all other threads share one pool.
private struct Scratch: ~Copyable {
  /// How many buffers are kept: more than threads use at a time. Beyond, they are freed after use.
  static let slots = 64
  /// Buffers above this are freed after use: a pool of huge ones would outlive the products that needed them.
  static let keptBytes = 64 << 20
  /// The smallest buffer, in values: a page.
  static let least = 1024

  private struct State {
    var kept: [Buffer] = []
    /// The capacity of all buffers handed out, now and at most since `measurePeak` began.
    var inUse = 0, peak = 0
  }

  private let state = Locked(State())

  struct Buffer: @unchecked Sendable {
    var pointer: UnsafeMutablePointer<Float>
    var capacity: Int

    init(pointer: UnsafeMutablePointer<Float>, capacity: Int) { (self.pointer, self.capacity) = (pointer, capacity) }

    /// nil for none.
    init?(_ raw: lw_buffer) {
      guard let pointer = raw.pointer else { return nil }
      self.init(pointer: pointer, capacity: raw.capacity)
    }
  }

  init() { state.withLock { $0.kept.reserveCapacity(Scratch.slots) } }

  /// The smallest kept buffer of at least `count` values, or a new one.
  func take(_ count: Int) -> Buffer {
    if let own = Buffer(lw_take_kept_buffer(count)) { return own }
    let found: Buffer? = state.withLock { state in
      let best = Scratch.smallest(state.kept, of: count)
      state.inUse += best.map { state.kept[$0].capacity } ?? Scratch.capacity(count)
      state.peak = max(state.peak, state.inUse)
      guard let best else { return nil }
      let buffer = state.kept[best]
      state.kept.swapAt(best, state.kept.count - 1)
      state.kept.removeLast()
      return buffer
    }
    return found ?? Scratch.allocate(count)
  }

  private static func smallest(_ kept: [Buffer], of count: Int) -> Int? {
    var best: Int?
    for (i, buffer) in kept.enumerated() where buffer.capacity >= count {
      if best.map({ buffer.capacity < kept[$0].capacity }) ?? true { best = i }
    }
    return best
  }

  func give(_ buffer: Buffer) {
    guard lw_keep_buffer(lw_buffer(pointer: buffer.pointer, capacity: buffer.capacity)) == 0 else { return }
    let isKept = state.withLock { state in
      state.inUse -= buffer.capacity
      guard state.kept.count < Scratch.slots, buffer.capacity * 4 <= Scratch.keptBytes else { return false }
      state.kept.append(buffer)
      return true
    }
    if !isKept { free(buffer) }
  }

  /// The most that is in use at a time while `body` runs, in values.
  func measurePeak(_ body: () -> Void) -> Int {
    state.withLock { $0.peak = $0.inUse }
    body()
    return state.withLock { $0.peak }
  }

  /// Nothing but the first use.
  func touch() {}

  private func free(_ buffer: Buffer) { buffer.pointer.deallocate() }

  /// Sizes are rounded up to powers of two: products of similar shapes then share buffers.
  private static func capacity(_ count: Int) -> Int {
    var capacity = least
    while capacity < count { capacity *= 2 }
    return capacity
  }

  private static func allocate(_ count: Int) -> Buffer {
    let capacity = capacity(count)
    return Buffer(pointer: .allocateUninitialized(capacity), capacity: capacity)
  }
}

private let scratch = Scratch()

/// Runs `body` on a thread that keeps its working memory to itself meanwhile.
func keepingScratch(_ body: () -> Void) {
  lw_keep_buffers(1)
  body()
  lw_keep_buffers(0)
  while let own = Scratch.Buffer(lw_take_kept_buffer(0)) { scratch.give(own) }
}

func makeScratch() { scratch.touch() }

/// Runs `body` with room for `count` floats, page-aligned, of unspecified content.
func withScratch<R>(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> R) -> R {
  watchForks()
  let buffer = scratch.take(count)
  defer { scratch.give(buffer) }
  return body(buffer.pointer)
}

/// The working memory that `body` has in use at its fullest moment, in values; other threads' is counted too.
func peakScratch(_ body: () -> Void) -> Int { scratch.measurePeak(body) }

/// Hands out consecutive parts of one piece of working memory.
struct Carver {
  private var next: UnsafeMutablePointer<Float>

  init(_ memory: UnsafeMutablePointer<Float>) { next = memory }

  mutating func take(_ count: Int) -> UnsafeMutablePointer<Float> {
    defer { next += count }
    return next
  }
}
