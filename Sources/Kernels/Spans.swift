#if compiler(>=6.2)

  /// A place for the pointer of nothing: kernels get it with a count of zero and never look at it.
  @inline(__always)
  private func nowhere<T>(_: T.Type) -> UnsafeMutablePointer<T> { UnsafeMutablePointer(bitPattern: 64)! }

  extension Span where Element: BitwiseCopyable {
    /// Calls `body` with the address of the elements, which is not nil even when there are none.
    func withPointer<R>(_ body: (UnsafePointer<Element>) -> R) -> R {
      withUnsafeBufferPointer { body($0.baseAddress ?? UnsafePointer(nowhere(Element.self))) }
    }
  }

  extension MutableSpan where Element: BitwiseCopyable {
    /// Calls `body` with the address of the elements, which is not nil even when there are none.
    mutating func withPointer<R>(_ body: (UnsafeMutablePointer<Element>) -> R) -> R {
      withUnsafeMutableBufferPointer { body($0.baseAddress ?? nowhere(Element.self)) }
    }
  }

  /// Calls `body` with the address of the elements, nil when there is no span.
  func withPointer<T: BitwiseCopyable, R>(_ span: Span<T>?, _ body: (UnsafePointer<T>?) -> R) -> R {
    if let span { span.withPointer { body($0) } } else { body(nil) }
  }

  /// Stops the program when two spans that belong together differ in length.
  func checkCounts(_ a: Int, _ b: Int, _ function: StaticString) {
    precondition(a == b, "\(function): spans of \(a) and \(b) elements; expected as many in each")
  }

  /// Stops the program when a span has no room for `batch` matrices, `stride` elements apart, with rows `ld` apart.
  func checkRoom(
    batch: Int = 1, stride: Int = 0, rows: Int, columns: Int, ld: Int, count: Int, _ name: StaticString,
    _ function: StaticString
  ) {
    checkMatrix(rows: rows, columns: columns, ld: ld, name, function)
    precondition(batch >= 0 && stride >= 0, "\(function): batch \(batch), stride \(stride); expected neither negative")
    let needed = batch == 0 || rows == 0 || columns == 0 ? 0 : (batch - 1) * stride + (rows - 1) * ld + columns
    precondition(needed <= count, "\(function): \(name) needs \(needed) elements for its shape; its span has \(count)")
  }

  /// Stops the program unless `count` elements are exactly a contiguous matrix.
  func checkContiguous(rows: Int, columns: Int, _ count: Int, _ function: StaticString) {
    precondition(rows >= 0 && columns >= 0, "\(function): \(rows) rows, \(columns) columns; expected neither negative")
    precondition(count == rows * columns, "\(function): a span of \(count) elements; expected \(rows) x \(columns)")
  }

  /// Calls `body` with the addresses of two spans and their common count.
  func mapSpan<T: BitwiseCopyable>(
    _ x: Span<T>, _ y: inout MutableSpan<Float>, _ function: StaticString,
    _ body: (UnsafePointer<T>, UnsafeMutablePointer<Float>, Int) -> Void
  ) {
    checkCounts(x.count, y.count, function)
    x.withPointer { x in
      let count = y.count
      y.withPointer { body(x, $0, count) }
    }
  }

  /// Calls `body` with the addresses of three spans and their common count.
  func zipSpans(
    _ x: Span<Float>, _ y: Span<Float>, _ z: inout MutableSpan<Float>, _ function: StaticString,
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
  ) {
    checkCounts(x.count, y.count, function)
    y.withPointer { y in mapSpan(x, &z, function) { body($0, y, $1, $2) } }
  }

#endif
