import Kernels

/// Runs `body` on every tier of this machine with 1, 2, 3 and 7 threads; `place` says which, for messages.
func everywhere(_ body: (_ place: String) throws -> Void) rethrows {
  for tier in Tier.available {
    for threads in [1, 2, 3, 7] {
      try withTier(tier) { try withThreads(threads) { try body("\(tier), \(threads) threads") } }
    }
  }
}

/// Lengths around vectors, chunks and pieces.
let awkwardCounts = [0, 1, 15, 16, 17, 4095, 4096, 4097, 2 * 4096 + 3, 2 * 16384 + 33]
