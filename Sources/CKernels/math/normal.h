// The normal distribution: its upper tail, and erf.

// R(a) = Q(a) exp(a^2/2), Q(a) = P(N > a), in u = (a - k) / (a + k) for 0 <= a <= 14.6, within 2^-29. u spreads the fast
// part near 0 over half of its range; k is the value near 4 whose R(k), the first coefficient, is a float almost exactly
// (2^-34).
#define lw_mills_k 0x1.11ep2f
static const float lw_mills_ratio[] = {0x1.6bbad2p-4f, -0x1.4be6e6p-3f, 0x1.f5e1e6p-4f, -0x1.3535b2p-4f,
                                       0x1.2b4d6ap-5f, -0x1.a221f8p-7f, 0x1.3c410cp-9f, 0x1.2c888ep-12f,
                                       -0x1.4333e8p-12f, 0x1.da4dc6p-16f, 0x1.017946p-15f};
// erf(x)/x - 1 in x^2 for |x| <= 1, within 2^-29.
static const float lw_erf_small[] = {0x1.06eba8p-3f,  -0x1.81273ep-2f, 0x1.ce2ce6p-4f, -0x1.b7f71ap-6f,
                                     0x1.53f224p-8f, -0x1.a3515ep-11f, 0x1.4771fcp-14f};

// exp(-a^2/2), with the rounding error of a^2 carried along: at a = 14 it would be worth 50 ulp. Requires |a| <= 15.
LW_INLINE lw_exponential lw_gauss(vf a) {
  const vf half = vf_mul(a, vf_set1(-0.5f));
  const vf square = vf_mul(half, a);
  const lw_reduced z = lw_reduce(square);
  return vf_exp_split((lw_reduced){.r = vf_add(z.r, vf_fma(half, a, vf_neg(square))), .n = z.n});
}

// R(a), which is Mills' ratio up to a constant. The roundings of a - k, a + k and their quotient would be worth 3 ulp, so
// they are made good: the quotient is exact for an argument that is off by `miss`, and R' = a R - 1/sqrt(2 pi) is at hand.
LW_INLINE vf lw_mills(vf a) {
  const vf k = vf_set1(lw_mills_k), sum = vf_add(a, k), difference = vf_sub(a, k);
  const vf sumLow = vf_sub(a, vf_sub(sum, k)), differenceLow = vf_sub(a, vf_add(difference, k));
  const vf u = vf_div(difference, sum);
  const vf ratio = LW_POLYNOMIAL(u, lw_mills_ratio);
  const vf remainder = vf_fnma(u, sumLow, vf_add(differenceLow, vf_fnma(u, sum, difference)));
  const vf miss = vf_mul(remainder, vf_mul(sum, vf_set1(0.5f / lw_mills_k)));  // da/du = (a + k)^2 / 2k
  return vf_fma(vf_fma(a, ratio, vf_set1(-0x1.988454p-2f)), miss, ratio);
}

// erf(x): x + x P(x^2) up to 1, 1 - 2 Q(x sqrt 2) beyond.
LW_INLINE vf vf_erf(vf x) {
  const vf magnitude = vf_abs(x);
  const vf small = vf_fma(x, LW_POLYNOMIAL(vf_mul(x, x), lw_erf_small), x);
  const vf a = vf_min(vf_set1(14.0f), vf_mul(magnitude, vf_set1(0x1.6a09e6p0f)));
  const vf tail = vf_times_exp(lw_mills(a), lw_gauss(a));
  const vf large = vf_copysign(vf_fnma(tail, vf_set1(2.0f), vf_set1(1.0f)), x);
  return vf_select(vf_gt(magnitude, vf_set1(1.0f)), large, small);
}
