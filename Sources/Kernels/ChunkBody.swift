/// The non-escaping body of a job, in a form that helpers can be handed.
///
/// Swift stores a non-escaping closure only after copying it to the heap (`withoutActuallyEscaping`), which would be an
/// allocation for every job. Such a closure is two words, its code and its context, and is passed to a function as
/// these two words; so a function that takes the closure can be called as one that takes the words, and the reverse.
/// Whoever makes a `ChunkBody` must keep the closure alive, that is not return, until the last call has ended.
struct ChunkBody: BitwiseCopyable {
  private var code: UInt
  private var context: UInt

  init(_ body: (Int) -> Void) {
    self = unsafeBitCast(TakesWords(call: { $0 }), to: TakesClosure.self).call(body)
  }

  func callAsFunction(_ chunk: Int) {
    unsafeBitCast(CallsClosure(call: { body, chunk in body(chunk) }), to: CallsWords.self).call(self, chunk)
  }

  // Functions are wrapped in structs because unsafeBitCast on a bare function would convert its calling convention.
  private struct TakesWords { let call: (ChunkBody) -> ChunkBody }
  private struct TakesClosure { let call: ((Int) -> Void) -> ChunkBody }
  private struct CallsClosure { let call: ((Int) -> Void, Int) -> Void }
  private struct CallsWords { let call: (ChunkBody, Int) -> Void }
}
