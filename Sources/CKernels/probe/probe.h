// Probes: the best this tier can do on this processor, for the benchmarks to state results as a part of it.

// Chains of fused multiply-adds that run side by side. They must cover latency times instructions a cycle (2 x 4 zmm,
// 2 x 4 or 2 x 5 ymm, 4 x 4 q registers) and still fit the register file beside their two constants.
enum { LW_PROBE_CHAINS = LW_TIER_ISA == LW_AVX512 ? 12 : 6 };

static size_t lw_probe_fma(size_t rounds, float *sink) {
  // Every chain tends to term / (1 - factor): no overflow, no denormals, and nothing the compiler could foresee.
  const vf factor = vf_bcast(sink), term = vf_set1(1.0f);
  vf chain[LW_PROBE_CHAINS];
  LW_UNROLL for (int c = 0; c < LW_PROBE_CHAINS; ++c) chain[c] = vf_set1((float)c);
  for (size_t r = 0; r < rounds; ++r)
    LW_UNROLL for (int c = 0; c < LW_PROBE_CHAINS; ++c) chain[c] = vf_fma(chain[c], factor, term);
  vf total = vf_zero();
  LW_UNROLL for (int c = 0; c < LW_PROBE_CHAINS; ++c) total = vf_add(total, chain[c]);
  sink[1] = vf_sum(total);
  return rounds * LW_PROBE_CHAINS * VF * 2;
}

static float lw_probe_read(size_t count, const float *x) {
  vf lane[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
  size_t i = 0;
  for (; i + 4 * VF <= count; i += 4 * VF)
    LW_UNROLL for (int l = 0; l < 4; ++l) lane[l] = vf_add(lane[l], vf_load(x + i + VF * l));
  for (; i < count; i += VF) lane[0] = vf_add(lane[0], vf_load_n(x + i, count - i < VF ? (int)(count - i) : VF));
  return vf_sum(vf_add(vf_add(lane[0], lane[1]), vf_add(lane[2], lane[3])));
}
