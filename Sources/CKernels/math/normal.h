// The normal distribution: its upper tail, and erf.

// Q(a) exp(a^2/2) (a + 4) in u = (a - 4) / (a + 4), for 0 <= a <= 14.5, within 2^-24.2: the tail without its exponential.
static const float lw_tail_ratio[] = {0x1.82b4bcp-1f,  -0x1.373e38p-1f, 0x1.8c6d9ep-2f,  -0x1.7e0006p-3f, 0x1.eed3ep-5f,
                                      -0x1.ed289cp-8f, -0x1.cc55d2p-9f, 0x1.9b7552p-10f, 0x1.7612fep-13f, -0x1.15bb2ep-13f};
// erf(x)/x - 1 in x^2 for |x| <= 1, within 2^-29.
static const float lw_erf_small[] = {0x1.06eba8p-3f,  -0x1.81273ep-2f, 0x1.ce2ce6p-4f, -0x1.b7f71ap-6f,
                                     0x1.53f224p-8f, -0x1.a3515ep-11f, 0x1.4771fcp-14f};

// exp(-a^2/2), with the rounding error of a^2 carried along: at a = 14 it would be worth 50 ulp. Requires |a| <= 15.
LW_INLINE lw_scaled lw_gauss(vf a) {
  const vf half = vf_mul(a, vf_set1(-0.5f));
  const vf square = vf_mul(half, a);
  const lw_reduced z = lw_reduce(square);
  return vf_exp_scaled((lw_reduced){.r = vf_add(z.r, vf_fma(half, a, vf_neg(square))), .n = z.n});
}

// Q(a) exp(a^2/2), where Q(a) = P(N > a), for 0 <= a <= 14.5.
LW_INLINE vf lw_mills(vf a) {
  const vf t = vf_div(vf_set1(1.0f), vf_add(a, vf_set1(4.0f)));
  return vf_mul(t, LW_POLYNOMIAL(vf_fma(t, vf_set1(-8.0f), vf_set1(1.0f)), lw_tail_ratio));
}

// erf(x): x + x P(x^2) up to 1, 1 - 2 Q(x sqrt 2) beyond.
LW_INLINE vf vf_erf(vf x) {
  const vf magnitude = vf_abs(x);
  const vf small = vf_fma(x, LW_POLYNOMIAL(vf_mul(x, x), lw_erf_small), x);
  const vf a = vf_min(vf_set1(14.0f), vf_mul(magnitude, vf_set1(0x1.6a09e6p0f)));
  const lw_scaled gauss = lw_gauss(a);
  const vf tail = vf_ldexp(vf_mul(lw_mills(a), gauss.mantissa), gauss.exponent);
  const vf large = vf_copysign(vf_fnma(tail, vf_set1(2.0f), vf_set1(1.0f)), x);
  return vf_select(vf_gt(magnitude, vf_set1(1.0f)), large, small);
}
