// Losses of whole rows that are not softmax.

LW_INLINE float lw_sqrt_of(float x) {
  float lane[VF];
  vf_store(lane, vf_sqrt(vf_set1(x)));
  return lane[0];
}

// A length for a denominator: at least 10^-8.
LW_INLINE float lw_length(float squares) {
  const float length = lw_sqrt_of(squares);
  return length > 1e-8f ? length : 1e-8f;
}

// -c with c = p t / (|p| |t|); its derivative is (c / |p|^2) p - t / (|p| |t|).
static void lw_cosine_loss(size_t rows, size_t columns, const float *predictions, size_t ldp, const float *targets, size_t ldt,
                           float gradient_scale, float *losses, float *gradient, size_t ldg) {
  for (size_t r = 0; r < rows; ++r) {
    const float *p = predictions + r * ldp, *t = targets + r * ldt;
    const float length = lw_length(lw_row_dot(p, p, columns));
    const float product = length * lw_length(lw_row_dot(t, t, columns));
    const float cosine = lw_row_dot(p, t, columns) / product;
    losses[r] = -cosine;
    if (!gradient) continue;
    float *g = gradient + r * ldg;
    const vf along = vf_set1(gradient_scale * (cosine / (length * length))), across = vf_set1(gradient_scale / product);
    LW_ALONG(columns, { vf_store(g + i, vf_fnma(across, vf_load(t + i), vf_mul(along, vf_load(p + i)))); },
             { vf_store_n(g + i, vf_fnma(across, vf_load_n(t + i, rest), vf_mul(along, vf_load_n(p + i, rest))), rest); })
  }
}

LW_INLINE vf lw_information_step(vf t, vf sum) { return vf_select(vf_eq(t, vf_zero()), sum, vf_fma(t, vf_log(t), sum)); }

// sum t ln t over a chunk. Lanes beyond the end are 0 and add nothing.
LW_INLINE float lw_information_chunk(const float *t, size_t n) {
  vf sum = vf_zero();
  LW_ALONG(n, { sum = lw_information_step(vf_load(t + i), sum); }, { sum = lw_information_step(vf_load_n(t + i, rest), sum); })
  return vf_sum(sum);
}
LW_INLINE float lw_row_information(const float *t, size_t n) { LW_SUM_CHUNKS(n, lw_information_chunk(t + at, part)); }

static void lw_add_information(size_t rows, size_t columns, const float *t, size_t ldt, float *y) {
  for (size_t r = 0; r < rows; ++r) y[r] += lw_row_information(t + r * ldt, columns);
}
