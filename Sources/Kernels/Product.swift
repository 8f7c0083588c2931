import CKernels

/// The length of a block of k. See `LW_GEMM_KC`.
private let blockLength = Int(LW_GEMM_KC)

/// Calls `body(start, size)` for each block of `0..<k`.
func forEachBlock(of k: Int, _ body: (Int, Int) -> Void) {
  for start in stride(from: 0, to: k, by: blockLength) { body(start, min(blockLength, k - start)) }
}

/// op(X) of a matrix in memory.
struct Operand {
  let pointer: UnsafePointer<Float>
  let ld: Int
  let isTransposed: Bool

  init(_ pointer: UnsafePointer<Float>, ld: Int, isTransposed: Bool) {
    self.pointer = pointer
    self.ld = ld
    self.isTransposed = isTransposed
  }

  /// The address of an element of op(X).
  func at(row: Int, column: Int) -> UnsafePointer<Float> {
    pointer + (isTransposed ? column * ld + row : row * ld + column)
  }
}

/// One matrix product, as the caller stated it.
struct Product {
  enum B {
    case matrix(Operand)
    case packed(Panels)
  }

  let m, n, k: Int
  let alpha: Float
  let a: Operand
  let b: B
  let beta: Float
  let c: UnsafeMutablePointer<Float>
  let ldc: Int
  let epilogue: Epilogue
}

// MARK: Checks

extension Product {
  /// Ends the process with a message when the arguments make no sense.
  func check() {
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

/// The memory a matrix occupies.
private struct Extent {
  let start, end: UInt
  let columns, ld: Int

  init(_ pointer: UnsafePointer<Float>, rows: Int, columns: Int, ld: Int) {
    start = UInt(bitPattern: pointer)
    end = rows == 0 || columns == 0 ? start : start + UInt(((rows - 1) * ld + columns) * 4)
    self.columns = columns
    self.ld = ld
  }

  /// Two matrices of one distance between rows may lie side by side in the same memory, in different columns.
  func overlaps(_ other: Extent) -> Bool {
    guard start < end, other.start < other.end, start < other.end, other.start < end else { return false }
    guard ld == other.ld else { return true }
    let (first, second) = start <= other.start ? (self, other) : (other, self)
    let shift = Int(second.start - first.start) / 4 % ld
    return shift < first.columns || shift + second.columns > ld
  }
}

// MARK: Execution

extension Product {
  func nanoseconds(on table: UnsafePointer<lw_table>) -> Double {
    2 * Double(m) * Double(n) * Double(k) / table.pointee.gemm_tuning.gflops
  }

  func run(on table: UnsafePointer<lw_table>) {
    guard m > 0, n > 0 else { return }
    guard k > 0 else { return join(on: table) }
    let plan = GemmPlan(self, table.pointee.gemm_tuning)
    switch b {
    case .packed(let panels): compute(plan, .packed(panels), on: table)
    case .matrix(let matrix) where plan.path == .packed:
      withScratch(Panels.count(k: k, n: n)) { memory in
        let panels = Panels(memory, k: k, n: n, width: plan.width)
        panels.fill(memory, from: matrix, on: table)
        compute(plan, .packed(panels), on: table)
      }
    case .matrix: compute(plan, b, on: table)
    }
  }

  /// Without a product: C = f(beta*C + bias + residual).
  private func join(on table: UnsafePointer<lw_table>) {
    var none = lw_gemm_sums(m: m, n: n, p: UnsafePointer(c), ld: 0, count: 0, stride: 0)
    withEpilogue { table.pointee.gemm_join(&none, c, ldc, alpha, beta, $0) }
  }

  private func withEpilogue<R>(_ body: (UnsafePointer<lw_gemm_epilogue>?) -> R) -> R {
    guard let raw = epilogue.raw else { return body(nil) }
    return withUnsafePointer(to: raw) { body($0) }
  }

  /// Cuts C into the chunks of the plan and computes them.
  private func compute(_ plan: GemmPlan, _ b: B, on table: UnsafePointer<lw_table>) {
    nonisolated(unsafe) let (table, product) = (table, self)
    parallelFor(plan.rows.count * plan.columns.count, nanoseconds: nanoseconds(on: table)) { chunk in
      let rows = plan.rows.range(chunk % plan.rows.count)
      let columns = plan.columns.range(chunk / plan.rows.count)
      if plan.packsA {
        withScratch(plan.rowsBlock * blockLength) { product.computeChunk(plan, b, rows, columns, packedA: $0, on: table) }
      } else {
        product.computeChunk(plan, b, rows, columns, packedA: nil, on: table)
      }
    }
  }

  /// One chunk of C, all of k. `packedA` has room for `plan.rowsBlock` rows of a block of op(A).
  private func computeChunk(
    _ plan: GemmPlan, _ b: B, _ rows: Range<Int>, _ columns: Range<Int>, packedA: UnsafeMutablePointer<Float>?,
    on table: UnsafePointer<lw_table>
  ) {
    forEachBlock(of: k) { l, size in
      for i in stride(from: rows.lowerBound, to: rows.upperBound, by: plan.rowsBlock) {
        let height = min(plan.rowsBlock, rows.upperBound - i)
        var aBlock = (pointer: a.at(row: i, column: l), ld: a.ld)
        if let packedA {
          table.pointee.gemm_pack_a(height, size, aBlock.pointer, a.ld, a.isTransposed ? 1 : 0, packedA)
          aBlock = (UnsafePointer(packedA), size)
        }
        for j in stride(from: columns.lowerBound, to: columns.upperBound, by: plan.columnsBlock) {
          computeBlock(
            plan, b, aBlock, i: i, height: height, j: j, length: min(plan.columnsBlock, columns.upperBound - j), l: l,
            size: size, on: table)
        }
      }
    }
  }

  /// The block of `size` values of k that starts at l, for `height` rows from i on and `length` columns from j on.
  private func computeBlock(
    _ plan: GemmPlan, _ b: B, _ a: (pointer: UnsafePointer<Float>, ld: Int), i: Int, height: Int, j: Int, length: Int,
    l: Int, size: Int, on table: UnsafePointer<lw_table>
  ) {
    let isLast = l + size == k
    var here = isLast ? epilogue.raw : nil
    here?.bias = epilogue.bias.map { $0 + j }
    here?.residual = epilogue.residual.map { $0 + i * epilogue.ldr + j }
    let (bPointer, ldb, isPacked): (UnsafePointer<Float>, Int, Bool) =
      switch b {
      case .matrix(let matrix): (matrix.at(row: l, column: j), matrix.ld, false)
      case .packed(let panels): (panels.pointer + panels.offset(l: l, size: size, j: j), 0, true)
      }
    func run(_ epilogue: UnsafePointer<lw_gemm_epilogue>?) {
      var block = lw_gemm_block(
        m: height, n: length, k: size, a: a.pointer, lda: a.ld, b: bPointer, ldb: ldb, c: c + i * ldc + j, ldc: ldc,
        alpha: alpha, beta: l == 0 ? beta : 1, epilogue: epilogue, width: Int32(plan.width), packed: isPacked ? 1 : 0,
        panels_outside: plan.panelsOutside ? 1 : 0)
      if plan.path == .stream { table.pointee.gemm_stream(&block) } else { table.pointee.gemm_block(&block) }
    }
    if let here { withUnsafePointer(to: here) { run($0) } } else { run(nil) }
  }
}
