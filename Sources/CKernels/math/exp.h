// Exponentials. Every one starts with the reduction of Cody and Waite,
//
//   x = n ln 2 + r,  n an integer,  |r| <= (ln 2)/2,   so that   exp(x) = 2^n exp(r),
//
// with ln 2 split in two floats: n times the first is a multiple of 2^-24, so the first fused step is exact.
// Coefficients are minimax fits of (exp(r) - 1 - r) / r^2, rounded to float.

// exp(r) within 2^-27.8, r the remainder above.
static const float lw_exp_tail[] = {0x1p-1f, 0x1.555466p-3f, 0x1.555302p-5f, 0x1.1257a4p-7f, 0x1.6fe4a2p-10f};
// expm1(r) within 2^-30.9 of itself, also where it is small.
static const float lw_expm1_tail[] = {0x1p-1f,         0x1.555554p-3f, 0x1.5554eap-5f,
                                      0x1.1113acp-7f, 0x1.6d4cdcp-10f, 0x1.9c6424p-13f};

// The remainder and the integer of the reduction.
typedef struct { vf r; vi n; } lw_reduced;

// An integer as a float and as itself.
typedef struct { vf f; vi i; } lw_integer;

// x / ln 2 rounded to an integer. Requires |x| < 2^21.
LW_INLINE lw_integer lw_binary_exponent(vf x) {
  // Adding 1.5 * 2^23 rounds to an integer, to nearest even, and leaves it in the low bits.
  const vf magic = vf_set1(0x1.8p23f);
  const vf shifted = vf_fma(x, vf_set1(0x1.715476p0f), magic);
  return (lw_integer){.f = vf_sub(shifted, magic), .i = vi_sub(vf_bits(shifted), vf_bits(magic))};
}

LW_INLINE lw_reduced lw_reduce(vf x) {
  const lw_integer n = lw_binary_exponent(x);
  const vf r = vf_fnma(n.f, vf_set1(0x1.62e43p-1f), x);
  return (lw_reduced){.r = vf_fma(n.f, vf_set1(0x1.05c61p-29f), r), .n = n.i};
}

// 2^n for -126 <= n <= 127.
LW_INLINE vf vf_power2(vi n) { return vf_from_bits(vi_shl(vi_add(n, vi_set1(127)), 23)); }

// x * 2^n by adding n to the exponent of x: both must be normal, or n zero.
LW_INLINE vf vf_shift_exponent(vf x, vi n) { return vf_from_bits(vi_add(vf_bits(x), vi_shl(n, 23))); }

// x * 2^n for -252 <= n <= 254, rounded once: two factors, of which the first is exact unless the result overflows.
LW_INLINE vf vf_ldexp(vf x, vi n) {
  const vi half = vi_sar(n, 1);
  return vf_mul(vf_mul(x, vf_power2(half)), vf_power2(vi_sub(n, half)));
}

// e^x = 2^n (1 + m1), -0.3 <= m1 <= 0.42: for callers that fuse 1 + m1 into a product or a sum of their own, and
// scale last, so that a tiny factor does not lose its low bits as a denormal.
typedef struct { vf m1; vi n; } lw_exponential;

LW_INLINE lw_exponential vf_exp_split(lw_reduced z) {
  return (lw_exponential){.m1 = vf_fma(vf_mul(z.r, z.r), LW_POLYNOMIAL(z.r, lw_exp_tail), z.r), .n = z.n};
}

// w e^x / 2^n, for callers that scale in their own way.
LW_INLINE vf vf_times_mantissa(vf w, lw_exponential e) { return vf_fma(w, e.m1, w); }

// lower <= x <= upper; NaN stays NaN.
LW_INLINE vf vf_limit(vf x, float lower, float upper) {
  return vf_max(vf_set1(lower), vf_min(vf_set1(upper), x));
}

// e^x. Overflows to infinity, falls through the denormals to 0; the limits lie just beyond both ends.
LW_INLINE vf vf_exp(vf x) {
  const lw_exponential e = vf_exp_split(lw_reduce(vf_limit(x, -104.0f, 89.0f)));
  return vf_ldexp(vf_add(e.m1, vf_set1(1.0f)), e.n);
}

// e^x - 1 for x <= 44, accurate relative to itself around 0. At -18 it has long rounded to -1.
LW_INLINE vf vf_expm1(vf x) {
  const lw_reduced z = lw_reduce(vf_limit(x, -18.0f, 44.0f));
  const vf m1 = vf_fma(vf_mul(z.r, z.r), LW_POLYNOMIAL(z.r, lw_expm1_tail), z.r);
  const vf scale = vf_power2(z.n);
  return vf_fma(scale, m1, vf_sub(scale, vf_set1(1.0f)));
}
