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

// dy f'(x). v is x for the kinds whose derivative needs the input (GELU, SiLU), y for the others.
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
    default: return dy;
  }
}
