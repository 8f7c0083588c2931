import CKernels

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

/// The pixels of an image that the rows of a product belong to, when these are not all of them in order: every
/// `columnStep`-th pixel of every row that `rowStep` names.
struct PixelGrid {
  /// Of the grid, in one image.
  let rows, columns: Int
  /// From one pixel of the grid to the next, in pixels of the image.
  let rowStep, columnStep: Int
  /// From an image to the next, in pixels.
  let imageStep: Int

  func pixel(_ row: Int) -> Int {
    row / (rows * columns) * imageStep + row / columns % rows * rowStep + row % columns * columnStep
  }

  /// Calls `body(row, length)` for each part of `range` that lies in one row of an image.
  func forEachRun(of range: Range<Int>, _ body: (Int, Int) -> Void) {
    var row = range.lowerBound
    while row < range.upperBound {
      let length = min(columns - row % columns, range.upperBound - row)
      body(row, length)
      row += length
    }
  }
}
