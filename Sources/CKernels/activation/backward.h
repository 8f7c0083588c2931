// Derivatives of the activation functions, f'(x): from y = f(x) where that is enough, otherwise from x.

// y in (0, 1): y - y^2 with one rounding.
LW_INLINE vf vf_sigmoid_derivative(vf y) { return vf_fnma(y, y, y); }

LW_INLINE vf vf_tanh_derivative(vf y) { return vf_fnma(y, y, vf_set1(1.0f)); }

// sigmoid(x) = 1 - e^-y.
LW_INLINE vf vf_softplus_derivative(vf y) { return vf_neg(vf_expm1(vf_neg(y))); }

// P(N <= x) + x density(x): h = (R(a) - a / sqrt(2 pi)) exp(-a^2/2), a = |x|, below 0, and 1 - h above. h is held times
// 2^76, where it stays normal. At 15 it has underflowed to 0.
LW_INLINE vf vf_gelu_derivative(vf x) {
  const vf near = vf_limit(x, -15.0f, 15.0f), a = vf_abs(near);
  const lw_exponential gauss = lw_gauss(a);
  const vf difference = vf_fnma(a, vf_set1(0x1.988454p-26f), lw_mills(a));
  const vf h = vf_mul(vf_times_mantissa(difference, gauss), vf_power2(vi_add(gauss.n, vi_set1(100))));
  const vm negative = vf_lt(near, vf_zero());
  const vf sign = vf_select(negative, vf_set1(-0x1p-76f), vf_set1(0x1p-76f));
  return vf_fnma(h, sign, vf_select(negative, vf_zero(), vf_set1(1.0f)));
}

// With s = sigmoid(v) and its complement c = 1 - s: s + slope s c, where slope is x dv/dx.
LW_INLINE vf lw_gate_derivative(vf v, vf slope) {
  const vf u = vf_exp(vf_neg(vf_abs(v))), one = vf_set1(1.0f);
  const vf r = vf_div(one, vf_add(one, u)), ur = vf_mul(u, r);
  const vm negative = vf_lt(v, vf_zero());
  const vf s = vf_select(negative, ur, r), c = vf_select(negative, r, ur);
  return vf_fma(vf_mul(slope, s), c, s);
}

LW_INLINE vf vf_silu_derivative(vf x) {
  const vf near = vf_limit(x, -110.0f, 110.0f);  // beyond: 0 or 1, also at infinity
  return lw_gate_derivative(near, near);
}

LW_INLINE vf vf_gelu_tanh_derivative(vf x) {
  const vf near = vf_limit(x, -10.9f, 10.9f);
  const vf c1 = vf_set1(0x1.988454p0f), c3 = vf_set1(0x1.2444f2p-4f), square = vf_mul(near, near);
  const vf v = vf_mul(near, vf_fma(c3, square, c1));
  return lw_gate_derivative(v, vf_mul(near, vf_fma(vf_mul(vf_set1(3.0f), c3), square, c1)));
}

// 0 up to -3, 1 from 3 on, x/3 + 1/2 between.
LW_INLINE vf vf_hard_swish_derivative(vf x) {
  const vf inside = vf_fma(x, vf_set1(0x1.555556p-2f), vf_set1(0.5f));
  const vf high = vf_select(vf_ge(x, vf_set1(3.0f)), vf_set1(1.0f), inside);
  return vf_select(vf_le(x, vf_set1(-3.0f)), vf_zero(), high);
}

// With t = e^x, n = t (t + 2) and r = 1 / (n + 2): n r + x 4 t (t + 1) r^2.
LW_INLINE vf vf_mish_derivative(vf x) {
  const vf near = vf_limit(x, -110.0f, 20.0f), one = vf_set1(1.0f), two = vf_set1(2.0f);  // beyond: 0 or 1
  const vf t = vf_exp(near), n = vf_mul(t, vf_add(t, two)), r = vf_div(one, vf_add(n, two));
  const vf slope = vf_mul(vf_mul(vf_set1(4.0f), vf_mul(t, vf_add(t, one))), r);
  return vf_fma(vf_mul(near, slope), r, vf_mul(n, r));
}

// (1 - |y|)^2 = 1 / (1 + |x|)^2.
LW_INLINE vf vf_softsign_derivative(vf y) {
  const vf rest = vf_sub(vf_set1(1.0f), vf_abs(y));
  return vf_mul(rest, rest);
}

// dy f'(x). v is x for the kinds whose derivative needs the input (GELU, SiLU, mish, hard swish), y for the others.
LW_INLINE vf vf_activate_gradient(int kind, float alpha, vf v, vf dy) {
  const vm off = vf_le(v, vf_zero());
  switch (kind) {
    case LW_RELU: return vf_select(off, vf_zero(), dy);
    case LW_LEAKY_RELU: return vf_select(off, vf_mul(vf_set1(alpha), dy), dy);
    case LW_ELU: return vf_select(off, vf_mul(vf_add(v, vf_set1(alpha)), dy), dy);
    case LW_SIGMOID: return vf_mul(vf_sigmoid_derivative(v), dy);
    case LW_TANH: return vf_mul(vf_tanh_derivative(v), dy);
    case LW_SOFTPLUS: return vf_mul(vf_softplus_derivative(v), dy);
    case LW_GELU: return vf_mul(vf_gelu_derivative(v), dy);
    case LW_GELU_TANH: return vf_mul(vf_gelu_tanh_derivative(v), dy);
    case LW_SILU: return vf_mul(vf_silu_derivative(v), dy);
    case LW_SELU: return vf_mul(vf_select(off, vf_add(v, vf_set1(0x1.c212ccp0f)), vf_set1(0x1.0cfabep0f)), dy);
    case LW_RELU6: return vf_select(vm_or(off, vf_ge(v, vf_set1(6.0f))), vf_zero(), dy);
    case LW_HARD_SIGMOID:
      return vf_select(vm_or(off, vf_ge(v, vf_set1(1.0f))), vf_zero(), vf_mul(vf_set1(0x1.555556p-3f), dy));
    case LW_HARD_SWISH: return vf_mul(vf_hard_swish_derivative(v), dy);
    case LW_MISH: return vf_mul(vf_mish_derivative(v), dy);
    case LW_SOFTSIGN: return vf_mul(vf_softsign_derivative(v), dy);
    default: return dy;
  }
}
