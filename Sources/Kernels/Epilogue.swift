import CKernels

/// What a matrix product does with each finished element, while it is still in a register or the nearest cache:
/// `C = activation(C + bias + residual)`.
///
/// The pointers must stay valid until the function that gets the epilogue returns. `Epilogue(bias: array)` is therefore wrong, and the
/// compiler warns of it: that pointer ends with the initializer. Write
/// `bias.withUnsafeBufferPointer { conv2d(..., epilogue: Epilogue(bias: $0.baseAddress)) }`, or use the overloads on spans.
public struct Epilogue {
  /// n values, one a column of C; nil for none.
  public var bias: UnsafePointer<Float>?
  /// m x n values, rows `ldr` apart, added after the bias; nil for none. It may be C's own memory only if it is exactly C.
  public var residual: UnsafePointer<Float>?
  /// The distance between rows of `residual`, in elements: at least n.
  public var ldr: Int
  public var activation: Activation

  public init(
    @_nonEphemeral bias: UnsafePointer<Float>? = nil, @_nonEphemeral residual: UnsafePointer<Float>? = nil, ldr: Int = 0,
    activation: Activation = .linear
  ) {
    self.bias = bias
    self.residual = residual
    self.ldr = ldr
    self.activation = activation
  }

  /// C is left as the product made it.
  public static var none: Epilogue { Epilogue() }

  /// This as it looks from an element of C, `columns` to the right and `rows` of the residual down.
  func shifted(columns: Int = 0, rows: Int = 0) -> Epilogue {
    var here = self
    here.bias = bias.map { $0 + columns }
    here.residual = residual.map { $0 + rows * ldr + columns }
    return here
  }

  private var isNone: Bool { bias == nil && residual == nil && activation == .linear }

  /// The kernels' form of this, or nil when there is nothing to do.
  var raw: lw_gemm_epilogue? {
    guard !isNone else { return nil }
    return lw_gemm_epilogue(
      bias: bias, residual: residual, ldr: ldr, activation: activation.cKind, activation_alpha: activation.alpha)
  }
}
