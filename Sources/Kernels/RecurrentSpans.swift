#if compiler(>=6.2)

  /// `recurrent` on spans, whose lengths are those that the shape says.
  ///
  /// - Parameter saved: `s.savedCount` values for `recurrentGradient`; without it there can be no gradient.
  public func recurrent(
    _ s: RecurrentShape, _ x: Span<Float>, kernel: Span<Float>, recurrentKernel: Span<Float>, bias: Span<Float>? = nil,
    mask: Span<Float>? = nil, initialState: Span<Float>? = nil, into y: inout MutableSpan<Float>
  ) {
    checkSpans(s, x.count, kernel.count, recurrentKernel.count, bias?.count, mask?.count, "recurrent")
    checkSpan(y.count, s.outputCount, "y", "recurrent")
    if let count = initialState?.count { checkSpan(count, s.stateCount, "initialState", "recurrent") }
    x.withPointer { x in
      withWeights(kernel, recurrentKernel, bias) { weights in
        withPointer(mask) { mask in
          withPointer(initialState) { initialState in
            y.withPointer { recurrent(s, x, weights: weights, mask: mask, initialState: initialState, into: $0) }
          }
        }
      }
    }
  }

  /// The same, keeping in `saved` (`s.savedCount` values) what `recurrentGradient` needs.
  public func recurrent(
    _ s: RecurrentShape, _ x: Span<Float>, kernel: Span<Float>, recurrentKernel: Span<Float>, bias: Span<Float>? = nil,
    mask: Span<Float>? = nil, initialState: Span<Float>? = nil, into y: inout MutableSpan<Float>,
    saved: inout MutableSpan<Float>
  ) {
    checkSpans(s, x.count, kernel.count, recurrentKernel.count, bias?.count, mask?.count, "recurrent")
    checkSpan(y.count, s.outputCount, "y", "recurrent")
    checkSpan(saved.count, s.savedCount, "saved", "recurrent")
    if let count = initialState?.count { checkSpan(count, s.stateCount, "initialState", "recurrent") }
    x.withPointer { x in
      withWeights(kernel, recurrentKernel, bias) { weights in
        withPointer(mask) { mask in
          withPointer(initialState) { initialState in
            y.withPointer { y in
              saved.withPointer {
                recurrent(s, x, weights: weights, mask: mask, initialState: initialState, into: y, saved: $0)
              }
            }
          }
        }
      }
    }
  }

  /// `recurrentGradient` on spans, whose lengths are those that the shape says: all gradients but that of the initial state.
  public func recurrentGradient(
    _ s: RecurrentShape, _ x: Span<Float>, kernel: Span<Float>, recurrentKernel: Span<Float>, mask: Span<Float>? = nil,
    saved: inout MutableSpan<Float>, dy: Span<Float>, into dx: inout MutableSpan<Float>,
    kernelGradient: inout MutableSpan<Float>, recurrentKernelGradient: inout MutableSpan<Float>,
    biasGradient: inout MutableSpan<Float>
  ) {
    let name: StaticString = "recurrentGradient"
    checkSpans(s, x.count, kernel.count, recurrentKernel.count, biasGradient.count, mask?.count, name)
    checkSpan(saved.count, s.savedCount, "saved", name)
    checkSpan(dy.count, s.outputCount, "dy", name)
    checkSpan(dx.count, s.inputCount, "dx", name)
    checkSpan(kernelGradient.count, s.kernelCount, "kernelGradient", name)
    checkSpan(recurrentKernelGradient.count, s.recurrentKernelCount, "recurrentKernelGradient", name)
    x.withPointer { x in
      withWeights(kernel, recurrentKernel, nil) { weights in
        withPointer(mask) { mask in
          dy.withPointer { dy in
            saved.withPointer { saved in
              dx.withPointer { dx in
                kernelGradient.withPointer { kernelGradient in
                  recurrentKernelGradient.withPointer { recurrentKernelGradient in
                    biasGradient.withPointer {
                      recurrentGradient(
                        s, x, weights: weights, mask: mask, saved: saved, dy: dy, into: dx, kernelGradient: kernelGradient,
                        recurrentKernelGradient: recurrentKernelGradient, biasGradient: $0)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// `rowsDiffer` on spans of `rows` x `columns` and `rows` elements.
  public func rowsDiffer(rows: Int, columns: Int, _ x: Span<Float>, from value: Float, into y: inout MutableSpan<Float>) {
    checkContiguous(rows: rows, columns: columns, x.count, "rowsDiffer")
    checkSpan(y.count, rows, "y", "rowsDiffer")
    x.withPointer { x in y.withPointer { rowsDiffer(rows: rows, columns: columns, x, from: value, into: $0) } }
  }

  private func withWeights(
    _ kernel: Span<Float>, _ recurrentKernel: Span<Float>, _ bias: Span<Float>?, _ body: (RecurrentWeights) -> Void
  ) {
    kernel.withPointer { kernel in
      recurrentKernel.withPointer { recurrentKernel in
        withPointer(bias) { body(RecurrentWeights(kernel: kernel, recurrentKernel: recurrentKernel, bias: $0)) }
      }
    }
  }

  private func checkSpans(
    _ s: RecurrentShape, _ x: Int, _ kernel: Int, _ recurrentKernel: Int, _ bias: Int?, _ mask: Int?,
    _ function: StaticString
  ) {
    s.check(function)
    checkSpan(x, s.inputCount, "x", function)
    checkSpan(kernel, s.kernelCount, "kernel", function)
    checkSpan(recurrentKernel, s.recurrentKernelCount, "recurrentKernel", function)
    if let bias { checkSpan(bias, s.biasCount, "bias", function) }
    if let mask { checkSpan(mask, s.rows, "mask", function) }
  }

  private func checkSpan(_ count: Int, _ expected: Int, _ name: StaticString, _ function: StaticString) {
    precondition(count == expected, "\(function): \(name) has \(count) elements; the shape says \(expected)")
  }

#endif
