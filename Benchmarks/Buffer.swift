import Reference

/// Floats on a page boundary, so that two runs of the benchmarks meet the same alignment.
final class Buffer {
  let count: Int
  let pointer: UnsafeMutablePointer<Float>
  private let storage: UnsafeMutableRawPointer

  init(_ count: Int, filledWith value: Float) {
    self.count = count
    storage = .allocate(byteCount: max(1, count) * MemoryLayout<Float>.stride, alignment: 4096)
    pointer = storage.bindMemory(to: Float.self, capacity: count)
    pointer.initialize(repeating: value, count: count)
  }

  convenience init(_ values: [Float]) {
    self.init(values.count, filledWith: 0)
    pointer.update(from: values, count: values.count)
  }

  /// Seeded values, uniform in `range`.
  convenience init(random count: Int, seed: UInt64, in range: ClosedRange<Float> = -1...1) {
    self.init(count, filledWith: 0)
    var generator = SplitMix64(seed: seed)
    let width = range.upperBound - range.lowerBound
    for i in 0..<count { pointer[i] = range.lowerBound + width * (Float(generator.next() >> 40) * 0x1p-24) }
  }

  deinit { storage.deallocate() }

  var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
