import Kernels
import Reference
import Testing

@Suite struct RandomTests {
  @Test(arguments: Tier.available) func philoxGivesThePublishedAnswer(tier: Tier) {
    var words = [UInt32](repeating: 0, count: 4)
    withTier(tier) { RandomStream(seed: 0, stream: 0).bits(from: 0, into: &words, count: 4) }
    #expect(words == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
  }
}
