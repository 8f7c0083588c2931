import CKernels

/// A SIMD tier: one compiled version of every kernel.
///
/// All tiers give the same bits; they differ in speed. The best one the processor has is taken, unless
/// `KERNELS_MAX_ISA` (scalar, avx2, avx512, neon) caps it.
public enum Tier: String, CaseIterable, Comparable, Sendable {
  case scalar, avx2, avx512, neon

  /// The tiers this build and this processor can run, slowest first.
  public static var available: [Tier] {
    watchForks()
    return found
  }

  private static let found: [Tier] = allCases.filter { $0.table != nil }

  /// The tier kernels called from this thread run on.
  public static var current: Tier { Tier(kernels.pointee.isa) }

  /// The best available tier under the cap of `KERNELS_MAX_ISA`.
  public static var preferred: Tier {
    watchForks()
    return best
  }

  private static let best: Tier = {
    let best = found.last { $0 <= cap } ?? .scalar
    let names = found.map(\.rawValue).joined(separator: " ")
    log("tier \(best): available \(names); cap \(environment("KERNELS_MAX_ISA") ?? "none")")
    return best
  }()

  private static let cap: Tier = {
    guard let name = environment("KERNELS_MAX_ISA"), !name.isEmpty else { return .neon }
    guard let tier = Tier(rawValue: name) else {
      fatalError("KERNELS_MAX_ISA=\(name): expected one of \(allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return tier
  }()

  private var isa: lw_isa {
    switch self {
    case .scalar: LW_SCALAR
    case .avx2: LW_AVX2
    case .avx512: LW_AVX512
    case .neon: LW_NEON
    }
  }

  private init(_ isa: lw_isa) {
    switch isa {
    case LW_AVX2: self = .avx2
    case LW_AVX512: self = .avx512
    case LW_NEON: self = .neon
    default: self = .scalar
    }
  }

  fileprivate var table: UnsafePointer<lw_table>? { lw_table_for(isa) }

  /// scalar < avx2 < avx512 < neon. x86 and ARM tiers never meet on one processor.
  public static func < (a: Tier, b: Tier) -> Bool {
    allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)!
  }
}

/// The kernels of this thread: those of the innermost `withTier`, or the preferred ones.
var kernels: UnsafePointer<lw_table> { lw_current_table() ?? chooseTable() }

/// Looks up the preferred kernels, for the first time.
@inline(never) private func chooseTable() -> UnsafePointer<lw_table> {
  let table = Tier.preferred.table!
  lw_default_table_set(table)
  return table
}

/// Runs `body` with every kernel called from it on `tier`, whatever the environment says.
///
/// - Precondition: `Tier.available` contains `tier`.
public func withTier<R>(_ tier: Tier, _ body: () throws -> R) rethrows -> R {
  guard let table = tier.table else {
    preconditionFailure("withTier: \(tier) is not available here; available: \(Tier.available)")
  }
  let outer = lw_thread_table()
  lw_thread_table_set(table)
  defer { lw_thread_table_set(outer) }
  return try body()
}
