// Softmax followed by cross-entropy: loss and gradient while a row is in the cache. The exponentials wait in the gradient.
// With t the targets after label smoothing and d = m - x the depth below the maximum: loss = sum t (log sum exp(-d) + d).
// What has no target adds nothing, however deep: 0 times infinity is 0 here.

LW_INLINE float lw_weighted_depth(float target, float depth) { return target == 0 ? 0.0f : target * depth; }

// One class a row: t is e/K everywhere and 1 - e more at the label.
LW_INLINE void lw_cross_entropy_row(const lw_cross_entropy *c, const float *x, int32_t label, float *loss, float *gradient) {
  const float m = lw_row_maximum(x, c->columns), labelDepth = m - x[label];
  const float kept = 1.0f - c->smoothing, spread = c->smoothing / (float)c->columns;
  const float depth = c->smoothing == 0 ? 0.0f : lw_row_depth(x, c->columns, m);
  const float sum = lw_row_exp(x, c->columns, m, gradient);
  *loss = lw_log_of(sum)
      + (c->smoothing == 0 ? labelDepth : __builtin_fmaf(spread, depth, lw_weighted_depth(kept, labelDepth)));
  if (!gradient) return;

  const float atLabel = (gradient[label] / sum - (kept + spread)) * c->gradient_scale;
  const vf s = vf_set1(sum), t = vf_set1(spread), scale = vf_set1(c->gradient_scale);
  LW_ALONG(c->columns, { vf_store(gradient + i, vf_mul(vf_sub(vf_div(vf_load(gradient + i), s), t), scale)); },
           { vf_store_n(gradient + i, vf_mul(vf_sub(vf_div(vf_load_n(gradient + i, rest), s), t), scale), rest); })
  gradient[label] = atLabel;
}

static void lw_cross_entropy_labels(const lw_cross_entropy *c, const int32_t *labels) {
  for (size_t r = 0; r < c->rows; ++r)
    lw_cross_entropy_row(c, c->logits + r * c->ld, labels[r], c->losses + r, c->gradient ? c->gradient + r * c->ldg : NULL);
}

// A target after label smoothing: (1 - e) t + e/K.
typedef struct { vf kept, spread; } lw_smoothing;
LW_INLINE lw_smoothing lw_smoothing_of(const lw_cross_entropy *c) {
  return (lw_smoothing){vf_set1(1.0f - c->smoothing), vf_set1(c->smoothing / (float)c->columns)};
}
LW_INLINE vf lw_smooth(lw_smoothing s, vf target) { return vf_fma(s.kept, target, s.spread); }

// sum t over a chunk, and sum t (m - x).
LW_INLINE float lw_target_chunk(const float *t, size_t n, lw_smoothing s) {
  vf sum = vf_zero();
  LW_ALONG(n, { sum = vf_add(sum, lw_smooth(s, vf_load(t + i))); },
           { sum = vf_add(sum, lw_first_lanes(lw_smooth(s, vf_load_n(t + i, rest)), rest)); })
  return vf_sum(sum);
}
LW_INLINE vf lw_target_depth_step(vf t, vf depth, vf sum) {
  return vf_select(vf_eq(t, vf_zero()), sum, vf_fma(t, depth, sum));
}
LW_INLINE float lw_target_depth_chunk(const float *t, const float *x, size_t n, lw_smoothing s, vf m) {
  vf sum = vf_zero();
  LW_ALONG(n, { sum = lw_target_depth_step(lw_smooth(s, vf_load(t + i)), vf_sub(m, vf_load(x + i)), sum); }, {
    const vf target = lw_first_lanes(lw_smooth(s, vf_load_n(t + i, rest)), rest);
    sum = lw_target_depth_step(target, vf_sub(m, vf_load_n(x + i, rest)), sum);
  })
  return vf_sum(sum);
}
LW_INLINE float lw_row_targets(const float *t, size_t n, lw_smoothing s) {
  LW_SUM_CHUNKS(n, lw_target_chunk(t + at, part, s));
}
LW_INLINE float lw_row_target_depth(const float *t, const float *x, size_t n, lw_smoothing s, float m) {
  LW_SUM_CHUNKS(n, lw_target_depth_chunk(t + at, x + at, part, s, vf_set1(m)));
}

// A target for every class: loss = (sum t) log sum + sum t d, gradient = (sum t) softmax - t.
LW_INLINE void lw_cross_entropy_soft_row(const lw_cross_entropy *c, const float *x, const float *t, float *loss,
                                         float *gradient) {
  const lw_smoothing smoothing = lw_smoothing_of(c);
  const float m = lw_row_maximum(x, c->columns);
  const float weight = lw_row_targets(t, c->columns, smoothing);
  const float depth = lw_row_target_depth(t, x, c->columns, smoothing, m);
  const float sum = lw_row_exp(x, c->columns, m, gradient);
  *loss = __builtin_fmaf(lw_log_of(sum), weight, depth);
  if (!gradient) return;

  const vf s = vf_set1(sum), w = vf_set1(weight), scale = vf_set1(c->gradient_scale);
#define LW_SOFT_GRADIENT(e, target) \
  vf_mul(vf_fma(vf_div(e, s), w, vf_neg(lw_smooth(smoothing, target))), scale)
  LW_ALONG(c->columns, { vf_store(gradient + i, LW_SOFT_GRADIENT(vf_load(gradient + i), vf_load(t + i))); },
           { vf_store_n(gradient + i, LW_SOFT_GRADIENT(vf_load_n(gradient + i, rest), vf_load_n(t + i, rest)), rest); })
#undef LW_SOFT_GRADIENT
}

static void lw_cross_entropy_targets(const lw_cross_entropy *c, const float *targets, size_t ldt) {
  for (size_t r = 0; r < c->rows; ++r)
    lw_cross_entropy_soft_row(c, c->logits + r * c->ld, targets + r * ldt, c->losses + r,
                              c->gradient ? c->gradient + r * c->ldg : NULL);
}
