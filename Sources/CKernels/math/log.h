// Logarithms.

// (log(1+f) - f + f^2/2) / f^3 for |f| <= 1/3: with it log(1+f) is within 2^-27.4 of itself.
static const float lw_log_tail[] = {0x1.555506p-2f, -0x1.fffefp-3f,  0x1.99d024p-3f, -0x1.559dc4p-3f,
                                    0x1.1ed746p-3f, -0x1.f31244p-4f, 0x1.1e65f6p-3f, -0x1.080302p-3f};
// (log(1+u) - u) / u^2 for 0 <= u <= 1: with it log(1+u) is within 2^-30 of itself.
static const float lw_log1p_tail[] = {-0x1.fffff8p-2f, 0x1.5553b6p-2f,  -0x1.ffc5ap-3f, 0x1.978b6ep-3f,  -0x1.4a733ap-3f,
                                      0x1.ff2bc8p-4f,  -0x1.54f61ap-4f, 0x1.5907ecp-5f, -0x1.c0b35p-7f, 0x1.1144b4p-9f};

// ln x; -infinity at zero, NaN below it. x = 2^k (1 + f) with 2/3 <= 1 + f < 4/3, so that f is x - 1 exactly around 1
// and nothing cancels: ln x = k ln 2 + f - f^2/2 + f^3 P(f), the small terms first. The first part of ln 2 has nine bits,
// so that k times it is exact.
LW_INLINE vf vf_log(vf x) {
  const vm small = vf_lt(x, vf_set1(0x1p-126f));
  const vf normal = vf_select(small, vf_mul(x, vf_set1(0x1p25f)), x);
  const vi bits = vf_bits(normal);
  const vi k = vi_sar(vi_sub(bits, vi_set1(0x3f2aaaab)), 23);
  const vf f = vf_sub(vf_from_bits(vi_sub(bits, vi_shl(k, 23))), vf_set1(1.0f));
  const vf exponent = vf_sub(vf_from_i(k), vf_select(small, vf_set1(25.0f), vf_zero()));

  const vf f2 = vf_mul(f, f);
  const vf cubic = vf_mul(vf_mul(f2, f), LW_POLYNOMIAL(f, lw_log_tail));
  const vf low = vf_fma(exponent, vf_set1(-0x1.bd0106p-13f), cubic);
  const vf y = vf_fma(exponent, vf_set1(0x1.63p-1f), vf_add(f, vf_fma(f2, vf_set1(-0.5f), low)));

  const vf finite = vf_select(vf_lt(x, vf_set1(__builtin_inff())), y, x);  // infinity and NaN are their own logarithms
  const vf zero = vf_select(vf_eq(x, vf_zero()), vf_set1(-__builtin_inff()), finite);
  return vf_select(vf_lt(x, vf_zero()), vf_set1(__builtin_nanf("")), zero);
}

// ln(1 + u) for 0 <= u <= 1, accurate relative to itself.
LW_INLINE vf vf_log1p_unit(vf u) { return vf_fma(vf_mul(u, u), LW_POLYNOMIAL(u, lw_log1p_tail), u); }
