import Kernels
import Testing

@Suite struct TierTests {
  @Test func scalarIsAlwaysAvailable() {
    #expect(Tier.available.contains(.scalar))
    #expect(Tier.available.contains(Tier.preferred))
  }

  @Test(arguments: Tier.available) func withTierSetsTheTierForItsBodyOnly(tier: Tier) {
    let outer = Tier.current
    withTier(tier) { #expect(Tier.current == tier) }
    #expect(Tier.current == outer)
  }
}
