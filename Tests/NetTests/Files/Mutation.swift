import Reference

/// `bytes` after one to four accidents: a byte replaced, a bit flipped, a piece cut out, doubled or filled, the end lost.
func mutated(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
  var bytes = bytes
  for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
    // Most of what can go wrong is in headers: half of the accidents happen in the first 64 bytes.
    let reach = Bool.random(using: &random) ? min(64, bytes.count) : bytes.count
    let at = Int.random(in: 0..<reach, using: &random)
    let end = min(bytes.count, at + Int.random(in: 1...16, using: &random))
    switch Int.random(in: 0..<6, using: &random) {
    case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 2: bytes.removeSubrange(at..<end)
    case 3: bytes.insert(contentsOf: bytes[at..<end], at: at)
    case 4: bytes.replaceSubrange(at..<end, with: repeatElement(Bool.random(using: &random) ? 0xFF : 0, count: end - at))
    default: bytes.removeSubrange(at...)
    }
  }
  return bytes
}
