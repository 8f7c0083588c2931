// The rows of attention: scores to probabilities in one pass over a row while it is in the cache, and back.

// How many of the keys the query of row r sees.
LW_INLINE size_t lw_attention_seen(const lw_attention_rows *a, size_t r) {
  const size_t past = a->first + r + 1;
  return a->is_causal && past < a->columns ? past : a->columns;
}

// x = scale x, and -infinity where the mask is 0.
LW_INLINE vf lw_attention_score(vf x, vf scale, vf mask) {
  return vf_select(vf_ne(mask, vf_zero()), vf_mul(x, scale), vf_set1(-__builtin_inff()));
}
LW_INLINE void lw_attention_scores(const float *mask, float scale, float *x, size_t n) {
  const vf s = vf_set1(scale);
  if (mask) {
    LW_ALONG(n, { vf_store(x + i, lw_attention_score(vf_load(x + i), s, vf_load(mask + i))); },
             { vf_store_n(x + i, lw_attention_score(vf_load_n(x + i, rest), s, vf_load_n(mask + i, rest)), rest); })
  } else {
    LW_ALONG(n, { vf_store(x + i, vf_mul(vf_load(x + i), s)); },
             { vf_store_n(x + i, vf_mul(vf_load_n(x + i, rest), s), rest); })
  }
}

LW_INLINE void lw_attention_hide(float *x, size_t from, size_t to) {
  for (size_t i = from; i < to; ++i) x[i] = 0.0f;
}

// y = softmax(scale x) over the keys seen, 0 for the others. A query that sees nothing gets zeros.
static void lw_attention_softmax(const lw_attention_rows *a, float *x, size_t ld) {
  for (size_t r = 0; r < a->rows; ++r, x += ld) {
    const size_t n = lw_attention_seen(a, r);
    lw_attention_scores(a->mask, a->scale, x, n);
    const float highest = lw_row_maximum(x, n);
    // Below everything: exp(-inf - 0) is 0, and a NaN stays one.
    const float sum = lw_row_exp(x, n, highest == -__builtin_inff() ? 0.0f : highest, x);
    const vf s = vf_set1(sum == 0.0f ? 1.0f : sum);
    LW_ALONG(n, { vf_store(x + i, vf_div(vf_load(x + i), s)); },
             { vf_store_n(x + i, vf_div(vf_load_n(x + i, rest), s), rest); })
    lw_attention_hide(x, n, a->columns);
  }
}

// dx = scale y (dy - sum y dy) over the keys seen, 0 for the others, in the place of dy.
static void lw_attention_softmax_gradient(const lw_attention_rows *a, const float *y, size_t ldy, float *dy, size_t lddy) {
  const vf scale = vf_set1(a->scale);
  for (size_t r = 0; r < a->rows; ++r, y += ldy, dy += lddy) {
    const size_t n = lw_attention_seen(a, r);
    const vf dot = vf_set1(lw_row_dot(y, dy, n));
#define LW_ATTENTION_GRADIENT(y, dy) vf_mul(vf_mul(y, vf_sub(dy, dot)), scale)
    LW_ALONG(n, { vf_store(dy + i, LW_ATTENTION_GRADIENT(vf_load(y + i), vf_load(dy + i))); },
             { vf_store_n(dy + i, LW_ATTENTION_GRADIENT(vf_load_n(y + i, rest), vf_load_n(dy + i, rest)), rest); })
#undef LW_ATTENTION_GRADIENT
    lw_attention_hide(dy, n, a->columns);
  }
}
