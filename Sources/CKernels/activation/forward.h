// The activation functions of sixteen floats, y = f(x). Formulas as users know them stand above those that are computed.

// max(0, x), NaN and -0 pass.
LW_INLINE vf vf_relu(vf x) { return vf_max(vf_zero(), x); }

LW_INLINE vf vf_leaky_relu(vf x, vf slope) { return vf_select(vf_gt(x, vf_zero()), x, vf_mul(slope, x)); }

// x, or alpha (e^x - 1) where x is not positive.
LW_INLINE vf vf_elu(vf x, vf alpha) {
  return vf_select(vf_gt(x, vf_zero()), x, vf_mul(alpha, vf_expm1(vf_min(vf_zero(), x))));
}

// 1 / (1 + e^-x), with u = e^-|x| <= 1: 1 / (1 + u) to the right of zero, u / (1 + u) to its left.
LW_INLINE vf vf_sigmoid(vf x) {
  const vf u = vf_exp(vf_neg(vf_abs(x))), one = vf_set1(1.0f);
  return vf_div(vf_select(vf_lt(x, vf_zero()), u, one), vf_add(one, u));
}

// tanh |x| = t / (t + 2) with t = e^2|x| - 1. From |x| = 9.1 on it has rounded to 1.
LW_INLINE vf vf_tanh(vf x) {
  const vf magnitude = vf_min(vf_set1(10.0f), vf_abs(x));
  const vf t = vf_expm1(vf_add(magnitude, magnitude));
  return vf_copysign(vf_div(t, vf_add(t, vf_set1(2.0f))), x);
}

// ln(1 + e^x) = max(0, x) + ln(1 + e^-|x|).
LW_INLINE vf vf_softplus(vf x) {
  return vf_add(vf_relu(x), vf_log1p_unit(vf_exp(vf_neg(vf_abs(x)))));
}

// x sigmoid(x). To the left of zero the exponential is scaled last, so that tiny results keep their accuracy.
LW_INLINE vf vf_silu(vf x) {
  const vf one = vf_set1(1.0f);
  const lw_scaled e = vf_exp_scaled(lw_reduce(vf_limit(vf_neg(vf_abs(x)), -110.0f, 0.0f)));
  const vf divisor = vf_add(one, vf_ldexp(e.mantissa, e.exponent));
  const vm negative = vf_lt(x, vf_zero());
  const vf left = vf_mul(vf_max(vf_set1(-110.0f), x), e.mantissa);
  const vf quotient = vf_div(vf_select(negative, left, x), divisor);
  return vf_select(negative, vf_ldexp(quotient, e.exponent), quotient);
}

// x P(N <= x) = max(0, x) - |x| Q(|x|), Q the upper tail: neither side of zero cancels. From |x| = 14.5 on the tail is 0.
LW_INLINE vf vf_gelu(vf x) {
  const vf a = vf_min(vf_set1(14.5f), vf_abs(x));
  const lw_scaled e = lw_gauss(a);
  return vf_sub(vf_relu(x), vf_ldexp(vf_mul(vf_mul(a, lw_mills(a)), e.mantissa), e.exponent));
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

// x/2 (1 + tanh(v/2)) = x sigmoid(v) with v above, computed as silu is. From |x| = 11 on the left side is 0.
LW_INLINE vf vf_gelu_tanh(vf x) {
  const vf one = vf_set1(1.0f);
  const vf a = vf_min(vf_set1(11.0f), vf_abs(x));
  const lw_double v = lw_gelu_argument(a);
  const lw_reduced z = lw_reduce(vf_neg(v.high));
  const lw_scaled e = vf_exp_scaled((lw_reduced){.r = vf_sub(z.r, v.low), .n = z.n});
  const vf divisor = vf_add(one, vf_ldexp(e.mantissa, e.exponent));
  const vm negative = vf_lt(x, vf_zero());
  const vf quotient = vf_div(vf_select(negative, vf_neg(vf_mul(a, e.mantissa)), x), divisor);
  return vf_select(negative, vf_ldexp(quotient, e.exponent), quotient);
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
    default: return x;
  }
}
