// Penalties on the size of weights, and what keeps their norms in bounds.

// y[i] = |x[i]|^p = e^(p ln |x|), for p > 0.
static void lw_absolute_power(float p, const float *x, float *y, size_t n) {
  const vf exponent = vf_set1(p);
  for (size_t i = 0; i < n; i += VF) {
    const int part = n - i < VF ? (int)(n - i) : VF;
    vf_store_n(y + i, vf_exp(vf_mul(exponent, vf_log(vf_abs(vf_load_n(x + i, part))))), part);
  }
}

// The magnitude with the sign of x; x where that is 0 or NaN.
LW_INLINE vf lw_signed(vf magnitude, vf x) { return vf_select(vf_gt(vf_abs(x), vf_zero()), vf_copysign(magnitude, x), x); }

LW_INLINE vf lw_penalty_slope(const lw_penalty *p, int power, vf x) {
  const vf linear = vf_fma(vf_set1(p->twice_l2), x, lw_signed(vf_set1(p->l1), x));
  if (!power) return linear;
  const vf root = vf_exp(vf_mul(vf_set1(p->exponent), vf_log(vf_abs(x))));
  return vf_fma(vf_set1(p->power), lw_signed(root, x), linear);
}

LW_INLINE void lw_penalty_gradient_of(const lw_penalty *p, int power, const float *x, const float *dy, float *dx, size_t n) {
  for (size_t i = 0; i < n; i += VF) {
    const int part = n - i < VF ? (int)(n - i) : VF;
    vf_store_n(dx + i, vf_add(vf_load_n(dy + i, part), lw_penalty_slope(p, power, vf_load_n(x + i, part))), part);
  }
}

static void lw_penalty_gradient(const lw_penalty *p, const float *x, const float *dy, float *dx, size_t n) {
  if (p->power == 0) lw_penalty_gradient_of(p, 0, x, dy, dx, n);
  else lw_penalty_gradient_of(p, 1, x, dy, dx, n);
}

// What makes norms obey: (rate clip(norm) + (1 - rate) norm) / (10^-7 + norm). A NaN stays one.
static void lw_norm_factors(float minimum, float maximum, float rate, const float *norms, float *y, size_t n) {
  const vf share = vf_set1(rate), rest = vf_set1(1.0f - rate);
  for (size_t i = 0; i < n; i += VF) {
    const int part = n - i < VF ? (int)(n - i) : VF;
    const vf norm = vf_load_n(norms + i, part);
    const vf wanted = vf_fma(share, vf_limit(norm, minimum, maximum), vf_mul(rest, norm));
    vf_store_n(y + i, vf_div(wanted, vf_add(vf_set1(1e-7f), norm)), part);
  }
}
