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

// Reading and copying go through four quarters of the array side by side: processors fetch ahead for several streams at
// once, and one alone does not fill the memory's bandwidth.
enum { LW_PROBE_STREAMS = 4 };

static float lw_probe_read(size_t count, const float *x) {
  const size_t quarter = count / (LW_PROBE_STREAMS * VF) * VF;
  vf lane[LW_PROBE_STREAMS] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
  for (size_t i = 0; i < quarter; i += VF)
    LW_UNROLL for (int s = 0; s < LW_PROBE_STREAMS; ++s) lane[s] = vf_add(lane[s], vf_load(x + s * quarter + i));
  float rest = 0;
  for (size_t i = LW_PROBE_STREAMS * quarter; i < count; ++i) rest += x[i];
  return rest + vf_sum(vf_add(vf_add(lane[0], lane[1]), vf_add(lane[2], lane[3])));
}

static void lw_probe_copy(size_t count, const float *x, float *y) {
  const size_t quarter = count / (LW_PROBE_STREAMS * VF) * VF;
  for (size_t i = 0; i < quarter; i += VF)
    LW_UNROLL for (int s = 0; s < LW_PROBE_STREAMS; ++s) vf_store(y + s * quarter + i, vf_load(x + s * quarter + i));
  for (size_t i = LW_PROBE_STREAMS * quarter; i < count; ++i) y[i] = x[i];
}
