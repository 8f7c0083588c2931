import CKernels

/// How a product is carried out. Nothing here changes a bit of the result.
struct GemmPlan {
  enum Path: String {
    /// B packed into panels.
    case packed
    /// B read where it lies.
    case inPlace
    /// Few rows: B read once, in the order it lies in memory, packed or not.
    case stream
  }

  /// What decided the path.
  enum Reason: String {
    case packedBefore = "B was packed beforehand"
    case fewRowsOfPacked = "B was packed beforehand; at most 2 rows: several panels side by side"
    case transposedB = "B is transposed: packing turns it"
    case fewRows = "at most 4 rows: B is read once"
    case seldomReused = "B is reused too seldom to pay for a copy"
    case narrow = "a block of so narrow a B stays in the cache"
    case reused = "B is reused enough to pay for a copy"

    var path: Path {
      switch self {
      case .packedBefore, .transposedB, .reused: .packed
      case .fewRows, .fewRowsOfPacked: .stream
      case .seldomReused, .narrow: .inPlace
      }
    }
  }

  let reason: Reason
  let path: Path
  /// Of a tile and of a panel of B, in vectors of 16 columns.
  let width: Int
  /// Whether tiles read the patches of A in the images.
  let gathersA: Bool
  /// Whether op(A) is copied block by block into compact rows.
  let copiesA: Bool
  /// Whether B is packed block by block, each just before its only use, and not as a whole beforehand.
  let packsAsItGoes: Bool
  /// The chunks of C that are computed independently.
  let rows: Cut
  let columns: Cut
  /// MC and NC: the rows and columns of C that go through one block of k together.
  let rowsBlock: Int
  let columnsBlock: Int
  let panelsOutside: Bool
  /// How many blocks of k are computed side by side. 1: one after the other, for each chunk of C.
  let blocksAtOnce: Int

  init(_ product: Product, _ tuning: lw_gemm_tuning) {
    let (m, n, k) = (product.m, product.n, product.k)
    reason = GemmPlan.choosePath(product, tuning)
    path = reason.path
    if case .packed(let panels) = product.b { width = panels.width } else { width = tileWidth(m: m, n: n, tuning) }
    let nanoseconds = product.nanoseconds(tuning)
    let chunks = GemmPlan.chunks(nanoseconds)
    let columnUnit = path == .stream ? 64 : 16 * width
    let columnUnits = (n + columnUnit - 1) / columnUnit
    // Panels that several chunks of rows would pack each for itself are packed beforehand.
    packsAsItGoes =
      path == .packed && m <= GemmPlan.packAsItGoesRows && !product.b.isPacked && columnUnits >= min(chunks, threadCount)
    panelsOutside = packsAsItGoes || (path == .inPlace && m <= tuning.in_place_rows)
    gathersA = product.a.isPatches && !product.a.isTransposed && !panelsOutside && path != .stream
    copiesA = !gathersA && (product.a.needsCopy || (path == .packed && n >= tuning.pack_a_columns))
    let height = tileRows(width, tuning)
    rowsBlock = copiesA && !packsAsItGoes ? GemmPlan.equalBlock(m, most: Int(tuning.rows_block), unit: height) : m
    let isWhole = (panelsOutside && !packsAsItGoes) || path == .stream
    columnsBlock = isWhole ? n : max(16 * width, Int(tuning.columns_block) / (16 * width) * 16 * width)

    // Patches are copied for each chunk anew: half as many chunks.
    let wanted = copiesA && product.a.isPatches ? max(1, chunks / 2) : chunks
    if path == .stream {
      // Of a B in place, chunks read pieces of rows: the longer the better.
      columns = Cut(n, unit: columnUnit, into: reason == .fewRows ? min(chunks, threadCount) : chunks)
      rows = Cut(m, unit: height, into: 1)
    } else if panelsOutside {
      // Few rows: a chunk keeps all of them, and so the use of a panel once it is in the cache.
      columns = Cut(n, unit: columnUnit, into: min(wanted, columnUnits))
      rows = Cut(m, unit: height, into: (wanted + columns.count - 1) / columns.count)
    } else {
      // Rows first: a chunk with all columns copies its rows of A once.
      let most = product.grid == nil ? m : GemmPlan.sumsRows
      let blocks = Cut(m, unit: height, into: max(min(chunks, max(1, m / Int(tuning.rows_block))), (m + most - 1) / most))
      columns = Cut(n, unit: columnUnit, into: min((wanted + blocks.count - 1) / blocks.count, columnUnits))
      // Where that makes too few chunks of a product with few columns, of as few rows as need be.
      let isEnough = blocks.count * columns.count >= min(chunks, threadCount)
      rows = isEnough ? blocks : Cut(m, unit: height, into: (chunks + columns.count - 1) / columns.count)
    }
    let blocks = (k + blockLength - 1) / blockLength
    let isFew = rows.count * columns.count < chunks
    // A block of k of a transposed A, as in the gradient of weights, is one piece of memory; some of its columns are many.
    let canSplit = chunks > 1 && product.grid == nil && m * n <= GemmPlan.sumsCount / chunks
    let isSplit = canSplit && blocks >= chunks && (isFew || (product.a.isTransposed && path != .stream))
    blocksAtOnce = isSplit ? min(blocks, GemmPlan.sumsCount / (m * n)) : 1
    note(product, nanoseconds: nanoseconds)
  }

  /// The values a copy of a block of op(A) takes, whole pages of them; 0 without copies.
  var copyCount: Int { copiesA ? (wholeVectors(rowsBlock) * blockLength + 16 + 1023) / 1024 * 1024 : 0 }
  /// The values a packed block of B takes; 0 when none is packed.
  var panelsCount: Int { packsAsItGoes ? Panels.count(k: blockLength, n: columnsBlock) : 0 }

  /// How many chunks are worth it for a product of so much time.
  private static func chunks(_ nanoseconds: Double) -> Int {
    guard threadCount > 1, nanoseconds >= serialNanoseconds else { return 1 }
    return max(threadCount, min(chunksPerThread * threadCount, Int(nanoseconds / chunkNanoseconds)))
  }

  /// Below this, cutting a product costs more than a second core brings.
  private static let serialNanoseconds = 4000.0
  /// The time that a value of the result costs beside its multiplications: it is stored, and registers begin anew.
  static let resultNanoseconds = 0.1
  /// The time to find a tap of a patch.
  static let tapNanoseconds = 0.7
  /// A chunk should not take less time than this: each packs or copies for itself.
  private static let chunkNanoseconds = 4000.0
  /// With at most so many rows a block of B serves all of them while it is in the cache, and packed as a whole it would go to
  /// a farther one and back.
  private static let packAsItGoesRows = 128
  /// Enough that a core that is late does not keep the others waiting, few enough that each chunk stays large.
  private static let chunksPerThread = 4
  /// Sums of blocks computed side by side take at most this many values: 4 MB.
  private static let sumsCount = 1 << 20
  /// Rows of a chunk whose sums are collected before they go to their pixels.
  private static let sumsRows = 384

  /// Blocks of about `most` rows, as equal as tiles of `unit` rows allow.
  private static func equalBlock(_ m: Int, most: Int, unit: Int) -> Int {
    let blocks = max(1, (m + most / 2) / most)
    let rows = (m + blocks - 1) / blocks
    return (rows + unit - 1) / unit * unit
  }

  private static func choosePath(_ product: Product, _ tuning: lw_gemm_tuning) -> Reason {
    switch product.b {
    case .packed(let panels) where product.m <= 2 && panels.width == 1: .fewRowsOfPacked
    case .packed: .packedBefore
    case .matrix(let b) where b.isTransposed: .transposedB
    case .matrix where product.m <= 4 && product.n > 64 && !product.a.isTransposedPatches: .fewRows
    case .matrix(let b) where product.m <= tuning.in_place_rows && !hasConflicts(b, product.m): .seldomReused
    case .matrix(let b) where product.n <= tuning.in_place_columns && !isRagged(b, product.m): .narrow
    case .matrix: .reused
    }
  }

  /// Whether vectors of B lie across cache lines, so that a panel takes up to twice its room in the nearest cache, and there are rows
  /// enough to pay for a copy.
  private static func isRagged(_ b: Operand, _ m: Int) -> Bool { b.ld % 16 != 0 && m > packAsItGoesRows }

  /// Whether the rows of a panel of `b` fall into few sets of the cache and push each other out: their distance is a multiple of a
  /// page, or half of one. A product with few rows does not use them again often enough to pay for a copy.
  private static func hasConflicts(_ b: Operand, _ m: Int) -> Bool { b.ld % 512 == 0 && m > (b.ld % 1024 == 0 ? 24 : 40) }

  private func note(_ product: Product, nanoseconds: Double) {
    guard isVerbose else { return }
    let size = "\(product.m)x\(product.n)x\(product.k)"
    let cut = blocksAtOnce > 1 ? "\(blocksAtOnce) blocks at once" : "\(rows.count) x \(columns.count) chunks"
    let why = "\(reason.rawValue); about \(Int(nanoseconds / 1000)) us on one core"
    let how = packsAsItGoes ? "packed block by block" : path.rawValue
    logOnce("gemm \(size): \(how), tile width \(16 * width), \(cut) (\(why))")
  }
}

/// `0..<size` in `count` ranges whose inner borders are multiples of `unit`, as equal as that allows.
struct Cut {
  let size, unit, count: Int

  init(_ size: Int, unit: Int, into count: Int) {
    self.size = size
    self.unit = unit
    self.count = max(1, min(count, (size + unit - 1) / unit))
  }

  func range(_ i: Int) -> Range<Int> {
    let units = (size + unit - 1) / unit
    func border(_ i: Int) -> Int { min(size, units * i / count * unit) }
    return border(i)..<border(i + 1)
  }
}

/// The tallest tile at this width, in rows.
func tileRows(_ width: Int, _ tuning: lw_gemm_tuning) -> Int {
  switch width {
  case 1: Int(tuning.rows.0)
  case 2: Int(tuning.rows.1)
  case 3: Int(tuning.rows.2)
  default: Int(tuning.rows.3)
  }
}

/// The width of the tiles for a result with many rows, in vectors of 16 columns.
func tileWidth(n: Int, _ tuning: lw_gemm_tuning) -> Int {
  let vectors = max(1, (n + 15) / 16)
  let (wide, usual) = (Int(tuning.wide), Int(tuning.usual))
  return min(vectors, vectors % wide == 0 ? wide : usual)
}

/// The width of the tiles for a result with m rows: a tile with few rows is made wider, until it has enough independent
/// chains to hide the latency of an addition (eight: two units times four cycles).
func tileWidth(m: Int, n: Int, _ tuning: lw_gemm_tuning) -> Int {
  let widest = min(4, max(1, (n + 15) / 16))
  var width = tileWidth(n: n, tuning)
  while width < widest, min(m, tileRows(width, tuning)) * width * Int(tuning.registers) < 8 { width += 1 }
  return width
}
