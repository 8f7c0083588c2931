// One pass of an optimizer over its parameters: every array is read once and written once.
//
// keep = 1 - learningRate * weightDecay is decoupled weight decay: the weights shrink before the step. It is exactly 1
// without decay, which leaves them as they are.

LW_INLINE vf lw_sgd_step(const lw_sgd *o, vf w, vf g) {
  return vf_fnma(vf_set1(o->rate), g, vf_mul(w, vf_set1(o->keep)));
}

static void lw_sgd_update(const lw_sgd *o, float *w, const float *g, size_t n) {
  size_t i = 0;
  for (; i + VF <= n; i += VF) vf_store(w + i, lw_sgd_step(o, vf_load(w + i), vf_load(g + i)));
  const int rest = (int)(n - i);
  if (rest) vf_store_n(w + i, lw_sgd_step(o, vf_load_n(w + i, rest), vf_load_n(g + i, rest)), rest);
}

// v = momentum * v + g, or g on the first step; w -= rate * (nesterov ? g + momentum * v : v).
LW_INLINE vf lw_momentum_step(const lw_momentum *o, int nesterov, vf w, vf g, vf v) {
  const vf d = nesterov ? vf_fma(vf_set1(o->momentum), v, g) : v;
  return vf_fnma(vf_set1(o->rate), d, vf_mul(w, vf_set1(o->keep)));
}

LW_INLINE void lw_momentum_pass(const lw_momentum *o, int nesterov, int first, float *w, const float *g, float *v, size_t n) {
  const vf mu = vf_set1(o->momentum);
  size_t i = 0;
  for (; i + VF <= n; i += VF) {
    const vf a = vf_load(g + i), b = first ? a : vf_fma(mu, vf_load(v + i), a);
    vf_store(v + i, b);
    vf_store(w + i, lw_momentum_step(o, nesterov, vf_load(w + i), a, b));
  }
  const int rest = (int)(n - i);
  if (rest == 0) return;
  const vf a = vf_load_n(g + i, rest), b = first ? a : vf_fma(mu, vf_load_n(v + i, rest), a);
  vf_store_n(v + i, b, rest);
  vf_store_n(w + i, lw_momentum_step(o, nesterov, vf_load_n(w + i, rest), a, b), rest);
}

// The velocity is not read on the first step.
static void lw_momentum_update(const lw_momentum *o, int nesterov, int first, float *w, const float *g, float *v, size_t n) {
  if (nesterov && first) lw_momentum_pass(o, 1, 1, w, g, v, n);
  else if (nesterov) lw_momentum_pass(o, 1, 0, w, g, v, n);
  else if (first) lw_momentum_pass(o, 0, 1, w, g, v, n);
  else lw_momentum_pass(o, 0, 0, w, g, v, n);
}

// g += l2 * w;  m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * g * g;
// w = keep * w - rate * (m / (sqrt(v) * scale + epsilon)), where the caller has put the bias corrections into rate and
// scale. The square root and the division are what it costs, and are exact.
LW_INLINE vf lw_adam_step(const lw_adam *o, vf w, vf g, vf *m, vf *v) {
  g = vf_fma(vf_set1(o->l2), w, g);
  *m = vf_fma(vf_set1(o->one_minus_beta1), g, vf_mul(vf_set1(o->beta1), *m));
  *v = vf_fma(vf_mul(vf_set1(o->one_minus_beta2), g), g, vf_mul(vf_set1(o->beta2), *v));
  const vf d = vf_div(*m, vf_fma(vf_sqrt(*v), vf_set1(o->scale), vf_set1(o->epsilon)));
  return vf_fnma(vf_set1(o->rate), d, vf_mul(w, vf_set1(o->keep)));
}

static void lw_adam_update(const lw_adam *o, float *w, const float *g, float *m, float *v, size_t n) {
  size_t i = 0;
  for (; i + VF <= n; i += VF) {
    vf a = vf_load(m + i), b = vf_load(v + i);
    vf_store(w + i, lw_adam_step(o, vf_load(w + i), vf_load(g + i), &a, &b));
    vf_store(m + i, a);
    vf_store(v + i, b);
  }
  const int rest = (int)(n - i);
  if (rest == 0) return;
  vf a = vf_load_n(m + i, rest), b = vf_load_n(v + i, rest);
  vf_store_n(w + i, lw_adam_step(o, vf_load_n(w + i, rest), vf_load_n(g + i, rest), &a, &b), rest);
  vf_store_n(m + i, a, rest);
  vf_store_n(v + i, b, rest);
}
