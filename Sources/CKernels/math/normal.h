// The normal distribution: its upper tail, and erf.

// With Q(a) = P(N > a), the upper tail, R(a) = Q(a) exp(a^2/2) is rational for all that matters:
//
//   R(a) = N(a) / (a (c N(a) + G(a)) + d),  c near sqrt(2 pi), N of degree 4, G of degree 2,  within 2^-25.7 for a <= 13.2
//
// (2^-24 up to 15). All coefficients are positive, so nothing cancels; c N is most of the denominator where a is large, so
// the rounding errors of N cancel there; and d = 7/4 has them weigh little where a is small, as does a numerator near 1.
// The numerator is given times 2^-24.
static const float lw_mills_numerator[] = {0x1.cp-25f, 0x1.9ae0ecp-25f, 0x1.637a58p-26f, 0x1.480a24p-28f, 0x1.181b86p-31f};
static const float lw_mills_rest[] = {0x1.9db0c6p-1f, 0x1.9e8156p-3f, 0x1.5ddd2ap-6f};
// erf(x)/x - 1 in x^2 for |x| <= 1, within 2^-29.
static const float lw_erf_small[] = {0x1.06eba8p-3f,  -0x1.81273ep-2f, 0x1.ce2ce6p-4f, -0x1.b7f71ap-6f,
                                     0x1.53f224p-8f, -0x1.a3515ep-11f, 0x1.4771fcp-14f};

// exp(-a^2/2). The reduction takes n ln 2 from the exact square, or the rounding error of the square would be worth 50 ulp
// at a = 14; the first part of ln 2 has so few bits that its product with n is exact. Requires |a| <= 15.
LW_INLINE lw_exponential lw_gauss(vf a) {
  const vf half = vf_mul(a, vf_set1(-0.5f));
  const lw_integer n = lw_binary_exponent(vf_mul(half, a));
  const vf r = vf_fma(half, a, vf_mul(n.f, vf_set1(-0x1.62e4p-1f)));
  return vf_exp_split((lw_reduced){.r = vf_fnma(n.f, vf_set1(0x1.7f7d1cp-20f), r), .n = n.i});
}

// 2^-24 R(a), which is Mills' ratio up to a constant.
LW_INLINE vf lw_mills(vf a) {
  const vf numerator = LW_POLYNOMIAL(a, lw_mills_numerator);
  const vf slope = vf_fma(numerator, vf_set1(0x1.40d96p25f), LW_POLYNOMIAL(a, lw_mills_rest));
  return vf_div(numerator, vf_fma(a, slope, vf_set1(1.75f)));
}

// erf(x): x + x P(x^2) up to 1, 1 - 2 Q(x sqrt 2) beyond, which has long rounded to 1 where a is cut.
LW_INLINE vf vf_erf(vf x) {
  const vf magnitude = vf_abs(x);
  const vf small = vf_fma(x, LW_POLYNOMIAL(vf_mul(x, x), lw_erf_small), x);
  const vf a = vf_min(vf_set1(8.0f), vf_mul(magnitude, vf_set1(0x1.6a09e6p0f)));
  const lw_exponential gauss = lw_gauss(a);
  const vf tail = vf_shift_exponent(vf_times_mantissa(lw_mills(a), gauss), gauss.n);
  const vf large = vf_copysign(vf_fnma(tail, vf_set1(0x1p25f), vf_set1(1.0f)), x);
  return vf_select(vf_gt(magnitude, vf_set1(1.0f)), large, small);
}
