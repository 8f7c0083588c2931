import CKernels

/// What the caller allows a convolution to trade for speed. Each choice gives the same bits everywhere; they differ in
/// rounding errors.
public enum ConvAccuracy: Sendable {
  /// Sums of products in the order of a matrix product, nothing else.
  case direct
  /// Also Winograd's F(2x2, 3x3), for 3 x 3 kernels without strides, dilations and groups, with at least 16 channels and 16
  /// filters: errors as small as those of `direct`.
  case standard
  /// For the same kernels F(4x4, 3x3), with errors up to ten times larger.
  case relaxed
}

/// y = activation(conv(x, weights) + bias + residual), float32, with x in NHWC and weights in HWIO order; see ``Conv2DShape``.
///
/// It is the product of the matrix of patches, `[batch * outputHeight * outputWidth, kernelHeight * kernelWidth * channels]`
/// with zeros for the padding, and the weights, and with `.direct` has the bits `gemm` would give (unless it is depthwise, with
/// as many groups as channels); but that matrix is never in memory: its rows are read from the image, and beside the operands a
/// convolution takes room for a copy of the weights and for the parts of images that some hundred pixels need. Where `accuracy`
/// allows Winograd's algorithm, docs/NUMERICS.md states its bits; it takes room for some tiles and for the transformed filters,
/// 16/9 of the weights (4 times with `relaxed`).
///
/// - Parameters:
///   - epilogue: a bias of `filters` values, a residual laid out like y with pixels `ldr` apart, an activation.
/// - Precondition: no size is negative; kernel, strides, dilations are at least 1; groups divide channels and filters; y
///   overlaps neither x nor the weights.
public func conv2d(
  _ shape: Conv2DShape, _ x: UnsafePointer<Float>, weights: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
  accuracy: ConvAccuracy = .standard, epilogue: Epilogue = .none
) {
  shape.check("conv2d")
  shape.checkForward(x, y, epilogue)
  let output = Extent(UnsafePointer(y), count: shape.outputCount)
  precondition(!output.overlaps(Extent(weights, count: shape.weightCount)), "conv2d: y overlaps the weights")
  if shape.isDepthwise {
    depthwiseForward(shape, x, weights: weights, into: y, epilogue: epilogue, on: kernels)
  } else if let m = shape.winogradTile(accuracy) {
    Winograd(m: m, forward: shape).run(x, weights: weights, into: y, epilogue, on: kernels)
  } else {
    shape.runForward(x, y, epilogue, on: kernels) { .matrix(shape.weights(weights, group: $0)) }
  }
}

/// `conv2d` with weights that were packed beforehand: worth it for weights that are used again, as in inference.
///
/// `shape` may have any batch, height and width; the rest of it must be as packed. Every bit of the result is as in the
/// unpacked form with the accuracy given to `filters`.
public func conv2d(
  _ shape: Conv2DShape, _ x: UnsafePointer<Float>, filters: PackedFilters, into y: UnsafeMutablePointer<Float>,
  epilogue: Epilogue = .none
) {
  shape.check("conv2d")
  shape.checkForward(x, y, epilogue)
  filters.check(shape)
  if let weights = filters.depthwise {
    return weights.withUnsafeBufferPointer {
      guard let weights = $0.baseAddress else { return }
      depthwiseForward(shape, x, weights: weights, into: y, epilogue: epilogue, on: kernels)
    }
  }
  withExtendedLifetime(filters) {
    if let winograd = filters.winograd {
      Winograd(m: winograd.m, forward: shape).run(x, winograd.filters, into: y, epilogue, on: kernels)
    } else {
      shape.runForward(x, y, epilogue, on: kernels) { .packed(filters.panels(group: $0)) }
    }
  }
}

/// The weights of a convolution in the layout `conv2d` likes best, made once and used as often as needed, from any thread.
///
/// It is a copy: the weights it was made from may change or go away.
public final class PackedFilters: @unchecked Sendable {
  /// The shape it was made for, which stands for any batch.
  public let shape: Conv2DShape
  public let accuracy: ConvAccuracy
  /// One for each group, unless `winograd` or `depthwise` takes their place.
  private let matrices: [PackedMatrix]
  let winograd: KeptWinogradFilters?
  /// The weights of a depthwise convolution, which are best as they are.
  fileprivate let depthwise: [Float]?

  /// Packs `weights`, `[kernelHeight, kernelWidth, channels / groups, filters]`. The batch of `shape` is ignored.
  ///
  /// - Precondition: as for `conv2d`.
  public init(_ shape: Conv2DShape, _ weights: UnsafePointer<Float>, accuracy: ConvAccuracy = .standard) {
    shape.check("PackedFilters")
    self.shape = shape
    self.accuracy = accuracy
    winograd = shape.winogradTile(accuracy).map { KeptWinogradFilters(Winograd(m: $0, forward: shape), weights) }
    depthwise = shape.isDepthwise ? Array(UnsafeBufferPointer(start: weights, count: shape.weightCount)) : nil
    guard winograd == nil && depthwise == nil else {
      matrices = []
      return
    }
    matrices = (0..<shape.groups).map {
      let group = shape.weights(weights, group: $0)
      return PackedMatrix(k: shape.patchLength, n: shape.groupFilters, group.pointer, ldb: group.ld)
    }
  }

  func panels(group: Int) -> Panels { matrices[group].panels }

  func check(_ other: Conv2DShape) {
    var expected = shape
    (expected.batch, expected.height, expected.width) = (other.batch, other.height, other.width)
    precondition(other == expected, "conv2d: shape \(other) with filters packed for \(shape)")
  }
}

// MARK: As a matrix product

extension Conv2DShape {
  /// Whether the input itself is the matrix of patches.
  var isPointwise: Bool {
    kernelHeight == 1 && kernelWidth == 1 && strideHeight == 1 && strideWidth == 1 && padding == .none
  }

  /// Values of a patch, of one group.
  var patchLength: Int { kernelHeight * kernelWidth * groupChannels }

  /// The weights of a group: patchLength x groupFilters.
  func weights(_ weights: UnsafePointer<Float>, group: Int) -> Operand {
    Operand(weights + group * groupFilters, ld: filters, isTransposed: false)
  }

  /// The patches of x under each output pixel.
  func patches(_ x: UnsafePointer<Float>, group: Int) -> lw_patches {
    lw_patches(
      x: x + group * groupChannels, height: height, width: width, ldx: channels, channels: groupChannels, rows: outputHeight,
      columns: outputWidth, kernel_height: kernelHeight, kernel_width: kernelWidth, stride_height: strideHeight,
      stride_width: strideWidth, dilation_height: dilationHeight, dilation_width: dilationWidth, top: padding.top,
      left: padding.left)
  }

  fileprivate func checkForward(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ epilogue: Epilogue) {
    precondition(
      epilogue.residual == nil || epilogue.ldr >= filters, "conv2d: ldr \(epilogue.ldr); expected at least \(filters)")
    precondition(
      !Extent(UnsafePointer(y), count: outputCount).overlaps(Extent(x, count: inputCount)), "conv2d: y overlaps x")
  }

  fileprivate func runForward(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ epilogue: Epilogue, on table: UnsafePointer<lw_table>,
    weights: (Int) -> Product.B
  ) {
    nonisolated(unsafe) let (x, y, epilogue) = (x, y, epilogue)
    runGroups(on: table) { group in
      let first = group * groupFilters
      let a: Product.A =
        isPointwise
        ? .matrix(Operand(x + group * groupChannels, ld: channels, isTransposed: false)) : .patches(patches(x, group: group))
      return Product(
        m: outputRows, n: groupFilters, k: patchLength, alpha: 1, a: a, b: weights(group), beta: 0, c: y + first, ldc: filters,
        epilogue: epilogue.shifted(columns: first))
    }
  }

  /// Runs one product for each group.
  func runGroups(on table: UnsafePointer<lw_table>, _ product: (Int) -> Product) {
    nonisolated(unsafe) let table = table
    forEach(groups, nanoseconds: 2 * Double(multiplyAdds) / table.pointee.gemm_tuning.gflops) { product($0).run(on: table) }
  }
}
