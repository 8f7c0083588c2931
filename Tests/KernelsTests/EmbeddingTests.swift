import Kernels
import Reference
import Testing

@Suite struct EmbeddingTests {
  static let shapes = [(0, 3, 2), (1, 1, 1), (5, 0, 3), (7, 15, 4), (100, 16, 7), (33, 17, 50), (2000, 40, 3), (300, 131, 29)]

  private static func tokens(_ count: Int, _ vocabulary: Int) -> [Float] {
    randomIntegers(count, seed: 1, in: 0...vocabulary - 1)
  }

  @Test(arguments: shapes) func equalsTheReferenceEverywhere(count: Int, columns: Int, vocabulary: Int) {
    let tokens = Self.tokens(count, vocabulary)
    let table = randomValues(vocabulary * columns, seed: 2), dy = randomValues(count * columns, seed: 3)
    let expected = naiveEmbedding(columns: columns, tokens: tokens, table: table)
    let gradient = naiveEmbeddingGradient(columns: columns, vocabulary: vocabulary, tokens: tokens, dy: dy)
    everywhere { place in
      var y = [Float](repeating: 7, count: count * columns + 1)
      embedding(count: count, columns: columns, vocabulary: vocabulary, tokens: tokens, table: table, into: &y)
      #expect(bitMismatch(y, expected + [7]) == nil, "\(place)")
      var result = [Float](repeating: 7, count: vocabulary * columns + 1)
      embeddingGradient(count: count, columns: columns, vocabulary: vocabulary, tokens: tokens, dy: dy, into: &result)
      #expect(bitMismatch(result, gradient + [7]) == nil, "\(place), gradient")
    }
  }

  @Test func staysInsideItsBuffers() {
    for tier in Tier.available {
      for side in GuardedBuffer<Float>.Side.allCases {
        let (count, columns, vocabulary) = (9, 17, 3)
        let tokens = GuardedBuffer(Self.tokens(count, vocabulary), side: side)
        let table = GuardedBuffer(randomValues(vocabulary * columns, seed: 2), side: side)
        let y = GuardedBuffer<Float>(repeating: 0, count: count * columns, side: side)
        withTier(tier) {
          embedding(
            count: count, columns: columns, vocabulary: vocabulary, tokens: tokens.pointer, table: table.pointer, into: y.pointer)
          embeddingGradient(
            count: count, columns: columns, vocabulary: vocabulary, tokens: tokens.pointer, dy: y.pointer, into: table.pointer)
        }
        let rows = naiveEmbedding(columns: columns, tokens: tokens.values, table: randomValues(vocabulary * columns, seed: 2))
        #expect(bitMismatch(y.values, rows) == nil)
      }
    }
  }

  @Test func findsInvalidTokens() {
    func first(_ tokens: [Float]) -> Int? { firstInvalidToken(tokens, count: tokens.count, vocabulary: 3) }
    #expect(first([0, 1, 2, 0]) == nil && first([]) == nil)
    #expect(first([0, 3]) == 1 && first([-1]) == 0 && first([1, 2, 0.5]) == 2 && first([.nan]) == 0 && first([.infinity]) == 0)
  }

  @Test func wrongTokensStopTheProgram() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var y: [Float] = [0, 0]
      embedding(count: 2, columns: 1, vocabulary: 2, tokens: [1, 2], table: [0, 0], into: &y)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("embedding: token 2.0 at 1; expected a whole number in 0..<2"))
  }

  #if compiler(>=6.2)
    @Test func takeSpans() {
      var y: [Float] = [0, 0, 0, 0]
      var a = y.mutableSpan
      embedding(columns: 2, tokens: [1, 0].span, table: [1, 2, 3, 4].span, into: &a)
      #expect(y == [3, 4, 1, 2])
      var gradient: [Float] = [7, 7, 7, 7]
      var b = gradient.mutableSpan
      embeddingGradient(columns: 2, tokens: [1, 1].span, dy: [1, 2, 3, 4].span, into: &b)
      #expect(gradient == [0, 0, 4, 6])
    }
  #endif
}
