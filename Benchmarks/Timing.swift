#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Seconds one run took: the best round and the middle one.
struct Timing {
  let min: Double
  let median: Double
}

/// Seconds on a clock that only moves forward.
func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// Keeps the optimizer from seeing that a value is not used.
@inline(never) @_optimize(none) func blackHole<T>(_ value: T) {}

/// Runs `body` for about `seconds`, after a warm-up of a tenth of that, and returns the time of one run.
///
/// A round is one run, or as many as last `shortestRound`: reading the clock must not show in the result.
func measure(seconds: Double, shortestRound: Double = 1e-4, _ body: () -> Void) -> Timing {
  let once = warmUp(seconds: seconds / 10, body)
  let runs = max(1, Int((shortestRound / once).rounded(.up)))
  var rounds: [Double] = []
  let end = now() + seconds
  repeat {
    let start = now()
    for _ in 0..<runs { body() }
    rounds.append((now() - start) / Double(runs))
  } while now() < end || rounds.count < 3
  rounds.sort()
  return Timing(min: rounds[0], median: rounds[rounds.count / 2])
}

/// Runs `body` at least twice and for `seconds`; returns the shortest time of one run.
private func warmUp(seconds: Double, _ body: () -> Void) -> Double {
  var best = Double.infinity
  let end = now() + seconds
  var runs = 0
  repeat {
    let start = now()
    body()
    best = min(best, now() - start)
    runs += 1
  } while now() < end || runs < 2
  return max(best, 1e-9)
}

/// Gives other threads time to go to sleep: worker threads of a library spin for a while after its last call.
func pause(seconds: Double) {
  usleep(UInt32(seconds * 1e6))
}
