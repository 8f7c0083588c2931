import CKernels

/// dx = the gradient of a convolution with respect to its input: dy, `[batch, outputHeight, outputWidth, filters]`, sent back
/// through `weights` to `[batch, height, width, channels]`.
///
/// Every element of dx is one sum over kernel row r, kernel column s and filter f, all ascending, of
/// `dy[b, i, j, f] * w[r, s, c, f]` for the taps whose output pixel (i, j) would lie on it: with strides, those that reach this
/// element at all; i and j may lie outside the output, where dy counts as 0. The sum is cut at blocks of 384 like any
/// matrix product. Small images with few channels go another way, which docs/NUMERICS.md states.
///
/// - Precondition: as for `conv2d`; dx overlaps neither dy nor the weights.
public func conv2dBackwardData(
  _ shape: Conv2DShape, _ dy: UnsafePointer<Float>, weights: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
  accuracy: ConvAccuracy = .standard
) {
  shape.check("conv2dBackwardData")
  shape.checkBackwardData(dy, weights, dx, .none, "conv2dBackwardData")
  if let m = shape.winogradTile(accuracy) {
    Winograd(m: m, backwardData: shape).run(dy, weights: weights, into: dx, .none, on: kernels)
  } else {
    shape.runBackwardData(dy, weights, dx, .none, on: kernels)
  }
}

/// y = activation(the transposed convolution of x + bias + residual): what `conv2dBackwardData` computes, as a layer.
///
/// `shape` is that of the convolution this is the adjoint of. So x is laid out like its output, `[batch, outputHeight,
/// outputWidth, filters]`; y like its input, `[batch, height, width, channels]`; and the weights are its weights,
/// `[kernelHeight, kernelWidth, channels / groups, filters]`, which from this side are (height, width, output, input) as in Keras.
///
/// - Parameters:
///   - epilogue: a bias of `channels` values, a residual laid out like y with pixels `ldr` apart, an activation.
/// - Precondition: as for `conv2d`; y overlaps neither x nor the weights.
public func conv2dTranspose(
  _ shape: Conv2DShape, _ x: UnsafePointer<Float>, weights: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
  epilogue: Epilogue = .none
) {
  shape.check("conv2dTranspose")
  shape.checkBackwardData(x, weights, y, epilogue, "conv2dTranspose")
  shape.runBackwardData(x, weights, y, epilogue, on: kernels)
}

/// dw = the gradient of a convolution with respect to its weights, `[kernelHeight, kernelWidth, channels / groups, filters]`:
/// the transposed matrix of patches times dy, a sum over batch, output row and output column, all ascending, cut at blocks of 384.
/// Where `accuracy` allows Winograd's algorithm, docs/NUMERICS.md states the bits; `relaxed` is the same as `standard`.
///
/// - Precondition: as for `conv2d`; dw overlaps neither x nor dy.
public func conv2dBackwardWeights(
  _ shape: Conv2DShape, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, into dw: UnsafeMutablePointer<Float>,
  accuracy: ConvAccuracy = .standard
) {
  shape.check("conv2dBackwardWeights")
  let output = Extent(UnsafePointer(dw), count: shape.weightCount)
  precondition(!output.overlaps(Extent(x, count: shape.inputCount)), "conv2dBackwardWeights: dw overlaps x")
  precondition(!output.overlaps(Extent(dy, count: shape.outputCount)), "conv2dBackwardWeights: dw overlaps dy")
  let table = kernels
  guard !shape.isDepthwise else { return depthwiseBackwardWeights(shape, x: x, dy: dy, into: dw, on: table) }
  if shape.winogradTile(accuracy) != nil, shape.outputRows > 0 {
    return WinogradGradient(shape, x: x, dy: dy, into: dw, on: table).run()
  }
  nonisolated(unsafe) let (x, dy, dw) = (x, dy, dw)
  shape.runGroups(on: table) { group in
    let first = group * shape.groupFilters
    let a: Product.A =
      shape.isPointwise
      ? .matrix(Operand(x + group * shape.groupChannels, ld: shape.channels, isTransposed: true))
      : .transposedPatches(shape.patches(x, group: group))
    return Product(
      m: shape.patchLength, n: shape.groupFilters, k: shape.outputRows, alpha: 1, a: a,
      b: .matrix(Operand(dy + first, ld: shape.filters, isTransposed: false)), beta: 0, c: dw + first, ldc: shape.filters,
      epilogue: .none)
  }
}

// MARK: Backward data as matrix products

extension Conv2DShape {
  fileprivate func checkBackwardData(
    _ dy: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ epilogue: Epilogue,
    _ function: StaticString
  ) {
    precondition(
      epilogue.residual == nil || epilogue.ldr >= channels, "\(function): ldr \(epilogue.ldr); expected at least \(channels)")
    let result = Extent(UnsafePointer(dx), count: inputCount)
    precondition(!result.overlaps(Extent(dy, count: outputCount)), "\(function): the result overlaps the input")
    precondition(!result.overlaps(Extent(weights, count: weightCount)), "\(function): the result overlaps the weights")
  }

  /// Input pixels whose row and column leave the same rests when divided by the strides see the same taps: each such
  /// phase is a convolution of dy without strides.
  fileprivate func runBackwardData(
    _ dy: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ epilogue: Epilogue,
    on table: UnsafePointer<lw_table>
  ) {
    guard !isDepthwise else { return depthwiseBackwardData(self, dy, weights: weights, into: dx, epilogue: epilogue, on: table) }
    guard !addsTaps else { return addTaps(dy, weights, dx, epilogue, on: table) }
    for row in 0..<min(strideHeight, height) {
      let vertical = Phase(
        row, size: height, stride: strideHeight, kernel: kernelHeight, dilation: dilationHeight, padding: padding.top)
      for column in 0..<min(strideWidth, width) {
        let horizontal = Phase(
          column, size: width, stride: strideWidth, kernel: kernelWidth, dilation: dilationWidth, padding: padding.left)
        for group in 0..<groups {
          runPhase(vertical, horizontal, group, dy, weights, dx, epilogue, on: table)
        }
      }
    }
  }

  private func runPhase(
    _ vertical: Phase, _ horizontal: Phase, _ group: Int, _ dy: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
    _ dx: UnsafeMutablePointer<Float>, _ epilogue: Epilogue, on table: UnsafePointer<lw_table>
  ) {
    let taps = TransposedTaps(
      pointer: weights + (vertical.firstTap * kernelWidth + horizontal.firstTap) * groupChannels * filters
        + group * groupFilters,
      ld: filters, rows: groupFilters, columns: horizontal.taps,
      rowStep: vertical.tapStep * kernelWidth * groupChannels * filters,
      columnStep: horizontal.tapStep * groupChannels * filters)
    let patches = lw_patches(
      x: dy + group * groupFilters, height: outputHeight, width: outputWidth, ldx: filters, channels: groupFilters,
      rows: vertical.count, columns: horizontal.count, kernel_height: vertical.taps, kernel_width: horizontal.taps,
      stride_height: 1, stride_width: 1, dilation_height: -vertical.outputStep, dilation_width: -horizontal.outputStep,
      top: -vertical.firstOutput, left: -horizontal.firstOutput)
    let first = group * groupChannels
    let pixel = vertical.rest * width + horizontal.rest
    let isWhole = strideHeight == 1 && strideWidth == 1
    let grid = PixelGrid(
      rows: vertical.count, columns: horizontal.count, rowStep: strideHeight * width, columnStep: strideWidth,
      imageStep: height * width)
    let k = vertical.taps * horizontal.taps * groupFilters
    withScratch(Panels.count(k: k, n: groupChannels)) { memory in
      let panels = Panels(memory, k: k, n: groupChannels, width: tileWidth(n: groupChannels, table.pointee.gemm_tuning))
      panels.fill(memory, from: taps, on: table)
      let product = Product(
        m: batch * vertical.count * horizontal.count, n: groupChannels, k: k, alpha: 1,
        a: isPointwise ? .matrix(Operand(patches.x, ld: filters, isTransposed: false)) : .patches(patches),
        b: .packed(panels), beta: 0, c: dx + pixel * channels + first, ldc: channels,
        epilogue: epilogue.shifted(columns: first, rows: pixel), grid: isWhole ? nil : grid)
      product.run(on: table)
    }
  }
}

// MARK: Backward data as patches that are added up

extension Conv2DShape {
  /// Whether the gradient of the input is computed as a product that gives each output pixel's part in all inputs of its patch, and
  /// these are added where patches overlap. The other way multiplies zeros, around the output and beside the few channels; this one
  /// needs memory for the patches of an image.
  fileprivate var addsTaps: Bool {
    let pixels = outputHeight * outputWidth
    let gathered = height * width * kernelHeight * kernelWidth * groupFilters * wholeVectors(groupChannels)
    return pixels * patchLength <= 65_536
      && 2 * pixels * groupFilters * wholeVectors(patchLength) * strideHeight * strideWidth <= gathered
  }

  fileprivate func addTaps(
    _ dy: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ epilogue: Epilogue,
    on table: UnsafePointer<lw_table>
  ) {
    for group in 0..<groups {
      withScratch(Panels.count(k: groupFilters, n: patchLength)) { memory in
        let panels = Panels(
          memory, k: groupFilters, n: patchLength, width: tileWidth(n: patchLength, table.pointee.gemm_tuning))
        panels.fill(memory, from: Operand(weights + group * groupFilters, ld: filters, isTransposed: true), on: table)
        nonisolated(unsafe) let (table, dy, dx, epilogue) = (table, dy, dx, epilogue)
        forEach(batch, nanoseconds: 2 * Double(multiplyAdds / groups) / table.pointee.gemm_tuning.gflops) {
          addTaps(image: $0, group, dy, panels, dx, epilogue, on: table)
        }
      }
    }
  }

  private func addTaps(
    image: Int, _ group: Int, _ dy: UnsafePointer<Float>, _ weights: Panels, _ dx: UnsafeMutablePointer<Float>,
    _ epilogue: Epilogue, on table: UnsafePointer<lw_table>
  ) {
    let pixels = outputHeight * outputWidth, first = group * groupChannels
    let a = Product.A.matrix(Operand(dy + image * pixels * filters + group * groupFilters, ld: filters, isTransposed: false))
    let y = dx + image * height * width * channels + first
    withScratch(pixels * patchLength + 16) {
      Product(
        m: pixels, n: patchLength, k: groupFilters, alpha: 1, a: a, b: .packed(weights), beta: 0, c: $0, ldc: patchLength,
        epilogue: .none
      ).run(on: table)
      var patches = patches(dx, group: group)
      table.pointee.conv_fold(&patches, $0, patchLength, y)
    }
    guard epilogue.raw != nil else { return }
    Product(
      m: height * width, n: groupChannels, k: 0, alpha: 1, a: a, b: .packed(weights), beta: 1, c: y, ldc: channels,
      epilogue: epilogue.shifted(columns: first, rows: image * height * width)
    ).run(on: table)
  }
}

/// One dimension of a phase: input positions `rest`, `rest + stride`, ..., and the taps that reach them.
///
/// Tap r reaches position y from output `(y + padding - r * dilation) / stride`, if that is whole: so taps that do are
/// `stride / gcd(stride, dilation)` apart, and each next one comes from an output `dilation / gcd` earlier.
private struct Phase {
  /// The first position, and how many there are.
  let rest, count: Int
  let firstTap, tapStep, taps: Int
  /// The output from which the first tap reaches the first position, and how much earlier each next tap's is.
  let firstOutput, outputStep: Int

  init(_ rest: Int, size: Int, stride: Int, kernel: Int, dilation: Int, padding: Int) {
    self.rest = rest
    count = (size - rest + stride - 1) / stride
    let divisor = greatestCommonDivisor(stride, dilation)
    tapStep = stride / divisor
    outputStep = dilation / divisor
    if let first = (0..<min(tapStep, kernel)).first(where: { (rest + padding - $0 * dilation) % stride == 0 }) {
      firstTap = first
      taps = (kernel - first + tapStep - 1) / tapStep
    } else {
      firstTap = 0
      taps = 0
    }
    firstOutput = (rest + padding - firstTap * dilation) / stride
  }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }

/// Some taps of HWIO weights, each transposed to filters x channels, one below the other: taps in `columns` columns whose
/// first elements lie `rowStep` and `columnStep` apart, with `rows` filters each.
struct TransposedTaps {
  let pointer: UnsafePointer<Float>
  let ld, rows, columns, rowStep, columnStep: Int

  /// Calls `body(row, count, part)` for each tap that has rows in `range`: `count` of them, in `part`, the first being `row`.
  func forEachPart(of range: Range<Int>, _ body: (Int, Int, Operand) -> Void) {
    var row = range.lowerBound
    while row < range.upperBound {
      let (tap, filter) = row.quotientAndRemainder(dividingBy: rows)
      let count = min(rows - filter, range.upperBound - row)
      let start = pointer + tap / columns * rowStep + tap % columns * columnStep + filter
      body(row, count, Operand(start, ld: ld, isTransposed: true))
      row += count
    }
  }
}
