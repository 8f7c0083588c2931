import CKernels

/// The length of a block of k. See `LW_GEMM_KC`.
let blockLength = Int(LW_GEMM_KC)

/// Calls `body(start, size)` for each block of `0..<k`.
func forEachBlock(of k: Int, _ body: (Int, Int) -> Void) {
  for start in stride(from: 0, to: k, by: blockLength) { body(start, min(blockLength, k - start)) }
}

/// One matrix product, as the caller stated it.
struct Product {
  enum A {
    case matrix(Operand)
    /// Patches of images, and the transpose of that matrix: never there as a whole, copied block by block.
    case patches(lw_patches)
    case transposedPatches(lw_patches)
  }

  enum B {
    case matrix(Operand)
    case packed(Panels)
  }

  let m, n, k: Int
  let alpha: Float
  let a: A
  let b: B
  let beta: Float
  let c: UnsafeMutablePointer<Float>
  let ldc: Int
  let epilogue: Epilogue
  /// Where the rows of C lie when they are not `ldc` apart: at these pixels, `ldc` values each. Then alpha is 1 and beta 0.
  var grid: PixelGrid?
}

extension Product.B {
  var isPacked: Bool { if case .packed = self { true } else { false } }
}

extension Product.A {
  /// Whether the tiles cannot read it where it is.
  var needsCopy: Bool { if case .matrix(let a) = self { a.isTransposed } else { true } }
  var isTransposed: Bool { if case .matrix(let a) = self { a.isTransposed } else { isTransposedPatches } }
  var isTransposedPatches: Bool { if case .transposedPatches = self { true } else { false } }
  var isPatches: Bool { if case .matrix = self { false } else { true } }
  /// Of the kernel whose patches it is; 0 of a matrix.
  var taps: Int {
    switch self {
    case .matrix: 0
    case .patches(let patches), .transposedPatches(let patches): patches.kernel_height * patches.kernel_width
    }
  }
}

// MARK: Checks

extension Product {
  /// Ends the process with a message when the arguments of a product of matrices make no sense.
  func check() {
    guard case .matrix(let a) = a else { return }
    precondition(m >= 0 && n >= 0 && k >= 0, "gemm: m \(m), n \(n), k \(k); expected at least 0")
    let aRow = a.isTransposed ? m : k
    precondition(a.ld >= aRow, "gemm: lda \(a.ld); expected at least \(aRow)")
    precondition(ldc >= n, "gemm: ldc \(ldc); expected at least \(n)")
    precondition(epilogue.residual == nil || epilogue.ldr >= n, "gemm: ldr \(epilogue.ldr); expected at least \(n)")
    let output = Extent(UnsafePointer(c), rows: m, columns: n, ld: ldc)
    precondition(
      !output.overlaps(Extent(a.pointer, rows: a.isTransposed ? k : m, columns: aRow, ld: a.ld)), "gemm: C overlaps A")
    if case .matrix(let b) = b {
      let bRow = b.isTransposed ? k : n
      precondition(b.ld >= bRow, "gemm: ldb \(b.ld); expected at least \(bRow)")
      precondition(
        !output.overlaps(Extent(b.pointer, rows: b.isTransposed ? n : k, columns: bRow, ld: b.ld)), "gemm: C overlaps B")
    }
  }
}

// MARK: Execution

extension Product {
  func nanoseconds(on table: UnsafePointer<lw_table>) -> Double { nanoseconds(table.pointee.gemm_tuning) }

  /// The serial time, roughly: that of the arithmetic in whole vectors, or of reading B where few rows share it; of the results; and
  /// of finding the taps of patches.
  func nanoseconds(_ tuning: lw_gemm_tuning) -> Double {
    let n = Double(wholeVectors(n)), m = Double(m)
    let arithmetic = n * Double(k) * max(2 * m / tuning.gflops, 4 / tuning.bandwidth)
    return arithmetic + m * (n * GemmPlan.resultNanoseconds + Double(a.taps) * GemmPlan.tapNanoseconds)
  }

  func run(on table: UnsafePointer<lw_table>) {
    guard m > 0, n > 0 else { return }
    guard k > 0, alpha != 0 else { return runWithoutProduct(on: table) }
    let plan = GemmPlan(self, table.pointee.gemm_tuning)
    switch b {
    case .packed(let panels): compute(plan, .packed(panels), on: table)
    case .matrix(let matrix) where plan.path == .packed && !plan.packsAsItGoes:
      withScratch(Panels.count(k: k, n: n)) { memory in
        let panels = Panels(memory, k: k, n: n, width: plan.width)
        panels.fill(memory, from: matrix, on: table)
        compute(plan, .packed(panels), on: table)
      }
    case .matrix: compute(plan, b, on: table)
    }
  }

  /// C = f(beta*C + bias + residual): without values of k, and with alpha 0, for which nothing is read of A and B.
  private func runWithoutProduct(on table: UnsafePointer<lw_table>) {
    nonisolated(unsafe) let (table, product) = (table, self)
    forEachRowGroup(rows: m, columns: n, nanoseconds: 0.3) { start, length in
      let sums = Sums(UnsafePointer(product.c), ld: 0, count: 0, stride: 0)
      product.finish(start..<start + length, 0..<product.n, sums, on: table)
    }
  }

  private func compute(_ plan: GemmPlan, _ b: B, on table: UnsafePointer<lw_table>) {
    if plan.blocksAtOnce > 1 { computeBlocks(plan, b, on: table) } else { computeChunks(plan, b, on: table) }
  }

  /// Cuts C into the chunks of the plan and computes each with all of k.
  private func computeChunks(_ plan: GemmPlan, _ b: B, on table: UnsafePointer<lw_table>) {
    nonisolated(unsafe) let (table, product) = (table, self)
    parallelFor(plan.rows.count * plan.columns.count, nanoseconds: nanoseconds(on: table)) { chunk in
      let rows = plan.rows.range(chunk % plan.rows.count)
      let columns = plan.columns.range(chunk / plan.rows.count)
      if product.grid == nil {
        product.accumulate(plan, b, rows, columns, 0..<product.k, into: .c, on: table)
      } else {
        withScratch(rows.count * columns.count) { sums in
          let target = Target.sums(sums, ld: columns.count, row: rows.lowerBound, column: columns.lowerBound)
          product.accumulate(plan, b, rows, columns, 0..<product.k, into: target, on: table)
          product.finish(rows, columns, Sums(UnsafePointer(sums), ld: columns.count, count: 1, stride: 0), on: table)
        }
      }
    }
  }

  /// A small C and a long k: the sums of several blocks of k are computed side by side and then joined in order, which
  /// makes the same additions as one block after the other.
  private func computeBlocks(_ plan: GemmPlan, _ b: B, on table: UnsafePointer<lw_table>) {
    let blocks = (k + blockLength - 1) / blockLength
    nonisolated(unsafe) let (table, product) = (table, self)
    withScratch(plan.blocksAtOnce * m * n) { memory in
      nonisolated(unsafe) let memory = memory
      for first in stride(from: 0, to: blocks, by: plan.blocksAtOnce) {
        let count = min(plan.blocksAtOnce, blocks - first)
        parallelFor(count, nanoseconds: nanoseconds(on: table) * Double(count) / Double(blocks)) { i in
          let l = (first + i) * blockLength
          let target = Target.sums(memory + i * m * n, ld: n, row: 0, column: 0)
          product.accumulate(plan, b, 0..<product.m, 0..<product.n, l..<min(l + blockLength, product.k), into: target, on: table)
        }
        let sums = Sums(UnsafePointer(memory), ld: n, count: count, stride: m * n)
        finish(0..<m, 0..<n, sums, isFirst: first == 0, isLast: first + count == blocks, on: table)
      }
    }
  }

  /// Sums of products that are not yet in C: `count` matrices, `stride` apart.
  private struct Sums {
    let pointer: UnsafePointer<Float>
    let ld, count, stride: Int

    init(_ pointer: UnsafePointer<Float>, ld: Int, count: Int, stride: Int) {
      (self.pointer, self.ld, self.count, self.stride) = (pointer, ld, count, stride)
    }
  }

  /// C = f(beta*C + alpha*sums + bias + residual) in these rows and columns. With several calls for one C, only the first
  /// takes beta and only the last takes what follows the sums.
  private func finish(
    _ rows: Range<Int>, _ columns: Range<Int>, _ sums: Sums, isFirst: Bool = true, isLast: Bool = true,
    on table: UnsafePointer<lw_table>
  ) {
    func join(_ row: Int, _ height: Int, pixel: Int, step: Int) {
      var part = lw_gemm_sums(
        m: height, n: columns.count, p: sums.pointer + (row - rows.lowerBound) * sums.ld, ld: sums.ld, count: sums.count,
        stride: sums.stride)
      let to = c + pixel * ldc + columns.lowerBound
      withEpilogue(isLast, row: pixel, column: columns.lowerBound, step: step) {
        table.pointee.gemm_join(&part, to, step * ldc, alpha, isFirst ? beta : 1, $0)
      }
    }
    if let grid {
      grid.forEachRun(of: rows) { join($0, $1, pixel: grid.pixel($0), step: grid.columnStep) }
    } else {
      join(rows.lowerBound, rows.count, pixel: rows.lowerBound, step: 1)
    }
  }

  /// The epilogue as it looks from an element of C, with rows `step` apart; nil when there is none.
  private func withEpilogue<R>(
    _ isLast: Bool, row: Int, column: Int, step: Int = 1, _ body: (UnsafePointer<lw_gemm_epilogue>?) -> R
  ) -> R {
    guard isLast, var here = epilogue.shifted(columns: column, rows: row).raw else { return body(nil) }
    here.ldr = step * epilogue.ldr
    return withUnsafePointer(to: here) { body($0) }
  }

  /// Where the sums of a chunk go: into C, with all that belongs to it; or plain, to be joined with C later.
  private enum Target {
    case c
    case sums(UnsafeMutablePointer<Float>, ld: Int, row: Int, column: Int)
  }

  /// Sums over whole blocks of k, for these rows and columns of C.
  private func accumulate(
    _ plan: GemmPlan, _ b: B, _ rows: Range<Int>, _ columns: Range<Int>, _ part: Range<Int>, into target: Target,
    on table: UnsafePointer<lw_table>
  ) {
    if plan.gathersA, case .patches(let patches) = a {
      return accumulateGathered(plan, b, PatchWindow(patches), rows, columns, part, into: target, on: table)
    }
    let window: PatchWindow? = if case .transposedPatches(let patches) = a { PatchWindow(packing: patches) } else { nil }
    let count = plan.copyCount + plan.panelsCount + (window?.count ?? 0)
    guard count > 0 else { return accumulate(plan, b, rows, columns, part, into: target, Copies(), on: table) }
    withScratch(count) {
      let copies = Copies(
        a: plan.copiesA ? $0 : nil, b: plan.packsAsItGoes ? $0 + plan.copyCount : nil, window: window,
        pixels: $0 + plan.copyCount + plan.panelsCount)
      accumulate(plan, b, rows, columns, part, into: target, copies, on: table)
    }
  }

  /// Room for a block of op(A) and one of B, where they are copied, and for the pixels that a window copies first.
  private struct Copies {
    var a, b: UnsafeMutablePointer<Float>?
    var window: PatchWindow?
    var pixels: UnsafeMutablePointer<Float>?
  }

  private func accumulate(
    _ plan: GemmPlan, _ b: B, _ rows: Range<Int>, _ columns: Range<Int>, _ part: Range<Int>, into target: Target,
    _ copies: Copies, on table: UnsafePointer<lw_table>
  ) {
    for l in stride(from: part.lowerBound, to: part.upperBound, by: blockLength) {
      let size = min(blockLength, part.upperBound - l)
      for i in stride(from: rows.lowerBound, to: rows.upperBound, by: plan.rowsBlock) {
        let height = min(plan.rowsBlock, rows.upperBound - i)
        let a = rowsOfA(plan, i, height, l, size, copies, on: table)
        computeColumns(
          plan, b, a, i: i, height: height, columns, l: l, size: size, isFirst: l == part.lowerBound, into: target,
          panels: copies.b, on: table)
      }
    }
  }

  /// The block of `size` values of k that starts at l, for `height` rows from i on and these columns, as many at a time as fit
  /// the cache.
  private func computeColumns(
    _ plan: GemmPlan, _ b: B, _ a: Rows, i: Int, height: Int, _ columns: Range<Int>, l: Int, size: Int, isFirst: Bool,
    into target: Target, panels: UnsafeMutablePointer<Float>?, on table: UnsafePointer<lw_table>
  ) {
    for j in stride(from: columns.lowerBound, to: columns.upperBound, by: plan.columnsBlock) {
      let length = min(plan.columnsBlock, columns.upperBound - j)
      computeBlock(
        plan, b, a, i: i, height: height, j: j, length: length, l: l, size: size, isFirst: isFirst, into: target,
        panels: panels, on: table)
    }
  }

  /// The same when the tiles read patches where they lie: block after block of output pixels, each with all of k, so that what
  /// is copied of the images serves all of k.
  private func accumulateGathered(
    _ plan: GemmPlan, _ b: B, _ window: PatchWindow, _ rows: Range<Int>, _ columns: Range<Int>, _ part: Range<Int>,
    into target: Target, on table: UnsafePointer<lw_table>
  ) {
    withScratch(window.count) { memory in
      var i = rows.lowerBound
      while i < rows.upperBound {
        let end = window.end(from: i, in: rows)
        let (patches, first) = window.patches(i..<end, in: memory, on: table)
        withUnsafePointer(to: patches) { patches in
          for l in stride(from: part.lowerBound, to: part.upperBound, by: blockLength) {
            let a = Rows(patches: patches, row: first, column: l)
            computeColumns(
              plan, b, a, i: i, height: end - i, columns, l: l, size: min(blockLength, part.upperBound - l),
              isFirst: l == part.lowerBound, into: target, panels: nil, on: table)
          }
        }
        i = end
      }
    }
  }

  /// Some rows of op(A) in one block of k, as the tiles read them: rows `ld` apart or, transposed, columns; or rows of patches.
  private struct Rows {
    let pointer: UnsafePointer<Float>
    let ld: Int
    let isTransposed: Bool
    var patches: UnsafePointer<lw_patches>?
    var row = 0, column = 0

    init(pointer: UnsafePointer<Float>, ld: Int, isTransposed: Bool) {
      (self.pointer, self.ld, self.isTransposed) = (pointer, ld, isTransposed)
    }

    init(patches: UnsafePointer<lw_patches>, row: Int, column: Int) {
      self.init(pointer: patches.pointee.x, ld: 0, isTransposed: false)
      (self.patches, self.row, self.column) = (patches, row, column)
    }
  }

  /// Rows i ..< i + height of op(A) in the block of `size` values of k that starts at l, copied when there is room for it.
  private func rowsOfA(
    _ plan: GemmPlan, _ i: Int, _ height: Int, _ l: Int, _ size: Int, _ copies: Copies, on table: UnsafePointer<lw_table>
  ) -> Rows {
    switch (a, copies.a) {
    case (.matrix(let a), let copy?):
      // Turned, a tile's rows fill the lines they lie in and leave room for B in the nearest cache. Few rows, which would be turned
      // value by value, tiles can read as columns.
      let staysTransposed = a.isTransposed && plan.path != .stream && height < 16
      let (from, outer, inner) = (a.at(row: i, column: l), staysTransposed ? size : height, staysTransposed ? height : size)
      table.pointee.gemm_pack_a(outer, inner, from, a.ld, a.isTransposed && !staysTransposed ? 1 : 0, copy)
      return Rows(pointer: UnsafePointer(copy), ld: inner, isTransposed: staysTransposed)
    case (.matrix(let a), nil): return Rows(pointer: a.at(row: i, column: l), ld: a.ld, isTransposed: false)
    case (.patches(var patches), let copy):
      table.pointee.conv_pack(&patches, i, height, l, size, copy!, wholeVectors(size))
      return Rows(pointer: UnsafePointer(copy!), ld: wholeVectors(size), isTransposed: false)
    case (.transposedPatches(let patches), let copy):
      let ld = wholeVectors(height)
      var start = l
      while start < l + size {
        let end = copies.window?.end(from: start, in: l..<l + size) ?? l + size
        var (pixels, first) = copies.window?.patches(start..<end, in: copies.pixels, on: table) ?? (patches, start)
        table.pointee.conv_pack(&pixels, first, end - start, i, height, copy! + (start - l) * ld, ld)
        start = end
      }
      return Rows(pointer: UnsafePointer(copy!), ld: ld, isTransposed: true)
    }
  }

  /// Columns j ..< j + length of op(B) in the block of `size` values of k that starts at l, and the distance of its rows unless
  /// they are packed; packed now when there is room for it.
  private func columnsOfB(
    _ plan: GemmPlan, _ b: B, _ j: Int, _ length: Int, _ l: Int, _ size: Int, panels: UnsafeMutablePointer<Float>?,
    on table: UnsafePointer<lw_table>
  ) -> (pointer: UnsafePointer<Float>, ld: Int, isPacked: Bool) {
    switch (b, panels) {
    case (.packed(let panels), _): return (panels.pointer + panels.offset(l: l, size: size, j: j), 0, true)
    case (.matrix(let b), nil): return (b.at(row: l, column: j), b.ld, false)
    case (.matrix(let b), let panels?):
      table.pointee.gemm_pack_b(
        size, length, Int32(plan.width), b.at(row: l, column: j), b.ld, b.isTransposed ? 1 : 0, panels)
      return (UnsafePointer(panels), 0, true)
    }
  }

  /// The block of `size` values of k that starts at l, for `height` rows from i on and `length` columns from j on.
  private func computeBlock(
    _ plan: GemmPlan, _ b: B, _ a: Rows, i: Int, height: Int, j: Int, length: Int,
    l: Int, size: Int, isFirst: Bool, into target: Target, panels: UnsafeMutablePointer<Float>?, on table: UnsafePointer<lw_table>
  ) {
    let (bPointer, ldb, isPacked) = columnsOfB(plan, b, j, length, l, size, panels: panels, on: table)
    var block = lw_gemm_block(
      m: height, n: length, k: size, a: a.pointer, lda: a.ld, b: bPointer, ldb: ldb, c: c, ldc: ldc, alpha: alpha,
      beta: isFirst ? beta : 1, epilogue: nil, width: Int32(plan.width),
      transposed: a.isTransposed ? 1 : 0, packed: isPacked ? 1 : 0,
      panels_outside: plan.panelsOutside ? 1 : 0, patches: a.patches, patch_row: a.row, patch_column: a.column)
    func run() {
      if plan.path == .stream { table.pointee.gemm_stream(&block) } else { table.pointee.gemm_block(&block) }
    }
    switch target {
    case .c:
      block.c = c + i * ldc + j
      withEpilogue(l + size == k, row: i, column: j) {
        block.epilogue = $0
        run()
      }
    case .sums(let sums, let ld, let row, let column):
      block.c = sums + (i - row) * ld + j - column
      block.ldc = ld
      block.alpha = 1
      block.beta = isFirst ? 0 : 1
      run()
    }
  }
}

/// `count` rounded up to whole vectors.
func wholeVectors(_ count: Int) -> Int { (count + 15) / 16 * 16 }
