// The activation functions of sixteen floats, y = f(x). Formulas as users know them stand above those that are computed.

// max(0, x), NaN and -0 pass.
LW_INLINE vf vf_relu(vf x) { return vf_max(vf_zero(), x); }

LW_INLINE vf vf_leaky_relu(vf x, vf slope) { return vf_select(vf_gt(x, vf_zero()), x, vf_mul(slope, x)); }

// x, or alpha (e^x - 1) where x is not positive.
LW_INLINE vf vf_elu(vf x, vf alpha) {
  return vf_select(vf_gt(x, vf_zero()), x, vf_mul(alpha, vf_expm1(vf_min(vf_zero(), x))));
}

// 2^-shift (1 + e^x), for e^x = 2^n (1 + m1) with -126 <= n - shift <= 127. Summed so that one rounding counts:
// (1 + 2^n) + 2^n m1 while n <= 0, where the first sum is exact or 2^n negligible; 2^n + (1 + 2^n m1) above.
LW_INLINE vf lw_one_plus(lw_exponential e, int shift) {
  const vf unit = vf_power2(vi_set1(-shift)), scale = vf_power2(vi_sub(e.n, vi_set1(shift)));
  const vm large = vf_gt(scale, unit);
  const vf high = vf_select(large, scale, vf_add(scale, unit)), low = vf_select(large, unit, vf_zero());
  return vf_add(high, vf_fma(scale, e.m1, low));
}

// 1 / (1 + e^-x), both sides of the fraction times 2^-64: they stay normal, also where the quotient is denormal.
LW_INLINE vf vf_sigmoid(vf x) {
  const lw_exponential e = vf_exp_split(lw_reduce(vf_limit(vf_neg(x), -40.0f, 105.0f)));
  return vf_div(vf_set1(0x1p-64f), lw_one_plus(e, 64));
}

// (tanh(x)/x - 1) / x^2 in x^2 for |x| <= 0.6: with it tanh is within 2^-28 of itself.
static const float lw_tanh_small[] = {-0x1.55553ep-2f, 0x1.1109bep-3f, -0x1.b89abap-5f, 0x1.54c3c2p-6f, -0x1.828776p-8f};

// x + x^3 P(x^2) up to 0.6, beyond it 1 - 2 / (e^2|x| + 1). From |x| = 9.1 on that has rounded to 1.
LW_INLINE vf vf_tanh(vf x) {
  const vf square = vf_mul(x, x);
  const vf small = vf_fma(vf_mul(square, x), LW_POLYNOMIAL(square, lw_tanh_small), x);
  const vf magnitude = vf_min(vf_set1(10.0f), vf_abs(x)), one = vf_set1(1.0f), two = vf_set1(2.0f);
  const lw_exponential e = vf_exp_split(lw_reduce(vf_add(magnitude, magnitude)));
  const vf scale = vf_power2(e.n);
  const vf large = vf_sub(one, vf_div(two, vf_fma(scale, e.m1, vf_add(scale, one))));
  return vf_select(vf_gt(magnitude, vf_set1(0.6f)), vf_copysign(large, x), small);
}

// ln(1 + e^x) = max(0, x) + ln(1 + e^-|x|).
LW_INLINE vf vf_softplus(vf x) {
  return vf_add(vf_relu(x), vf_log1p_unit(vf_exp(vf_neg(vf_abs(x)))));
}

// w / (1 + e^x), the denominator computed as in sigmoid. The numerator w is scaled by 2^-32, with which it would lose low
// bits when it is tiny; there, callers make sure, the result is w/2.
LW_INLINE vf lw_gated(vf w, lw_exponential e) {
  const vf quotient = vf_div(vf_mul(w, vf_set1(0x1p-32f)), lw_one_plus(e, 32));
  return vf_select(vf_lt(vf_abs(w), vf_set1(0x1p-60f)), vf_mul(w, vf_set1(0.5f)), quotient);
}

// x sigmoid(x) = x / (1 + e^-x). From -109 on it has underflowed to 0.
LW_INLINE vf vf_silu(vf x) {
  const lw_reduced z = lw_reduce(vf_limit(vf_neg(x), -40.0f, 110.0f));
  return lw_gated(vf_max(vf_set1(-110.0f), x), vf_exp_split(z));
}

// x P(N <= x), computed as max(0, x) - |x| Q(|x|) with the upper tail Q, which loses one bit at most. The exponent of the
// tail goes into its factor |x|, times 2^24 against the 2^-24 of the other: both are normal, and a denormal result is
// rounded once. From |x| = 14.5 on the tail has underflowed to 0.
LW_INLINE vf vf_gelu(vf x) {
  const vf a = vf_min(vf_set1(14.5f), vf_abs(x));
  const lw_exponential gauss = lw_gauss(a);
  const vf scaled = vf_shift_exponent(vf_mul(a, vf_set1(0x1p24f)), gauss.n);
  return vf_fnma(vf_times_mantissa(lw_mills(a), gauss), scaled, vf_relu(x));
}

// The argument 2 sqrt(2/pi) (a + 0.044715 a^3) of the tanh form as a sum of two floats.
typedef struct { vf high, low; } lw_double;
LW_INLINE lw_double lw_gelu_argument(vf a) {
  const vf c1 = vf_set1(0x1.988454p0f), c1Low = vf_set1(-0x1.857936p-25f);
  const vf c3 = vf_set1(0x1.2444f2p-4f), c3Low = vf_set1(0x1.49b16ap-29f);
  const vf square = vf_mul(a, a), squareLow = vf_fma(a, a, vf_neg(square));
  // product + productLow = c3 a^2, then sum + sumLow = c1 + c3 a^2 (Knuth's two-sum), then times a.
  const vf product = vf_mul(c3, square);
  const vf productLow = vf_fma(c3, squareLow, vf_fma(c3Low, square, vf_fma(c3, square, vf_neg(product))));
  const vf sum = vf_add(c1, product), part = vf_sub(sum, c1);
  const vf sumError = vf_add(vf_sub(c1, vf_sub(sum, part)), vf_sub(product, part));
  const vf sumLow = vf_add(sumError, vf_add(c1Low, productLow));
  const vf high = vf_mul(sum, a);
  return (lw_double){high, vf_fma(sumLow, a, vf_fma(sum, a, vf_neg(high)))};
}

// x/2 (1 + tanh(v/2)) = x / (1 + e^-v) with v above. From -10.9 on it has underflowed to 0, from 6 on it is x.
LW_INLINE vf vf_gelu_tanh(vf x) {
  const lw_double v = lw_gelu_argument(vf_limit(x, -10.9f, 6.0f));
  const lw_reduced z = lw_reduce(vf_neg(v.high));
  return lw_gated(vf_max(vf_set1(-10.9f), x), vf_exp_split((lw_reduced){.r = vf_sub(z.r, v.low), .n = z.n}));
}

// scale x, or scale alpha (e^x - 1): the fixed point mean 0, variance 1 (Klambauer and others 2017).
LW_INLINE vf vf_selu(vf x) {
  const vf negative = vf_mul(vf_set1(0x1.c212ccp0f), vf_expm1(vf_min(vf_zero(), x)));
  return vf_select(vf_gt(x, vf_zero()), vf_mul(vf_set1(0x1.0cfabep0f), x), negative);
}

LW_INLINE vf vf_relu6(vf x) { return vf_min(vf_set1(6.0f), vf_relu(x)); }

// relu6(x + 3) / 6, by a factor: 6 times it rounds to 1.
LW_INLINE vf vf_hard_sigmoid(vf x) { return vf_mul(vf_relu6(vf_add(x, vf_set1(3.0f))), vf_set1(0x1.555556p-3f)); }

// x relu6(x + 3) / 6; the limit keeps minus infinity times 0 away.
LW_INLINE vf vf_hard_swish(vf x) { return vf_mul(vf_max(vf_set1(-3.0f), x), vf_hard_sigmoid(x)); }

// x tanh(ln(1 + t)) = x (t + 2) t / (t (t + 2) + 2) with t = e^x, of which the last factor comes last, split, so that a denormal
// result is rounded once. From -110 on it has underflowed to 0, from 20 on it is x.
LW_INLINE vf vf_mish(vf x) {
  const lw_exponential e = vf_exp_split(lw_reduce(vf_limit(x, -110.0f, 20.0f)));
  const vf two = vf_set1(2.0f), t = vf_ldexp(vf_add(e.m1, vf_set1(1.0f)), e.n), sum = vf_add(t, two);
  const vf w = vf_mul(vf_max(vf_set1(-110.0f), x), vf_div(sum, vf_fma(t, sum, two)));
  return vf_select(vf_gt(x, vf_set1(20.0f)), x, vf_ldexp(vf_times_mantissa(w, e), e.n));
}

// x / (1 + |x|), from 2^100 on 1 as infinity is.
LW_INLINE vf vf_softsign(vf x) {
  const vf near = vf_limit(x, -0x1p100f, 0x1p100f);
  return vf_div(near, vf_add(vf_set1(1.0f), vf_abs(near)));
}

// f(x) for any kind; with a constant kind only its case remains.
LW_INLINE vf vf_activate(int kind, float alpha, vf x) {
  switch (kind) {
    case LW_RELU: return vf_relu(x);
    case LW_LEAKY_RELU: return vf_leaky_relu(x, vf_set1(alpha));
    case LW_ELU: return vf_elu(x, vf_set1(alpha));
    case LW_SIGMOID: return vf_sigmoid(x);
    case LW_TANH: return vf_tanh(x);
    case LW_SOFTPLUS: return vf_softplus(x);
    case LW_GELU: return vf_gelu(x);
    case LW_GELU_TANH: return vf_gelu_tanh(x);
    case LW_SILU: return vf_silu(x);
    case LW_SELU: return vf_selu(x);
    case LW_RELU6: return vf_relu6(x);
    case LW_HARD_SIGMOID: return vf_hard_sigmoid(x);
    case LW_HARD_SWISH: return vf_hard_swish(x);
    case LW_MISH: return vf_mish(x);
    case LW_SOFTSIGN: return vf_softsign(x);
    default: return x;
  }
}
