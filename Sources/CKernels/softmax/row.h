// What softmax and its losses do along one row. Sums follow the rule of reduce/fold.h: chunks of 4096 in sixteen lanes,
// the chunks' results summed like elements. A row has at most 4096 chunks, so their results fit on the stack.

// The largest element of a row; -infinity of an empty one. A NaN may get lost here: it comes back with its exponential.
LW_INLINE float lw_row_maximum(const float *x, size_t n) {
  const vf lowest = vf_set1(-__builtin_inff());
  vf a = lowest, b = lowest;
  size_t i = 0;
  for (; i + 2 * VF <= n; i += 2 * VF) {
    a = vf_max(a, vf_load(x + i));
    b = vf_max(b, vf_load(x + i + VF));
  }
  for (; i < n; i += VF) {
    const int rest = n - i < VF ? (int)(n - i) : VF;
    a = vf_max(a, vf_select(vi_gt(vi_set1(rest), vi_iota()), vf_load_n(x + i, rest), lowest));
  }
  float lane[VF];
  vf_store(lane, vf_max(a, b));
  LW_UNROLL for (int half = VF / 2; half > 0; half /= 2)
    LW_UNROLL for (int l = 0; l < half; ++l) lane[l] = lane[l] > lane[l + half] ? lane[l] : lane[l + half];
  return lane[0];
}

LW_INLINE float lw_log_of(float x) {
  float lane[VF];
  vf_store(lane, vf_log(vf_set1(x)));
  return lane[0];
}

// Runs `whole(i)` for each whole vector of a chunk, then `part(i, rest)` for what remains.
#define LW_ALONG(n, whole, part) \
  { \
    size_t i = 0; \
    for (; i + VF <= (n); i += VF) { whole } \
    if (i < (n)) { const int rest = (int)((n) - i); part } \
  }

// The first n lanes of x, zero beyond.
LW_INLINE vf lw_first_lanes(vf x, int n) { return vf_select(vi_gt(vi_set1(n), vi_iota()), x, vf_zero()); }

// sum exp(x - m) over a chunk; the exponentials to e when there is one. e may be x.
LW_INLINE float lw_exp_chunk(const float *x, size_t n, vf m, float *e) {
  vf sum = vf_zero();
  LW_ALONG(n, {
    const vf y = vf_exp(vf_sub(vf_load(x + i), m));
    if (e) vf_store(e + i, y);
    sum = vf_add(sum, y);
  }, {
    const vf y = vf_exp(vf_sub(vf_load_n(x + i, rest), m));
    if (e) vf_store_n(e + i, y, rest);
    sum = vf_add(sum, lw_first_lanes(y, rest));
  })
  return vf_sum(sum);
}

// sum (m - x) over a chunk.
LW_INLINE float lw_depth_chunk(const float *x, size_t n, vf m) {
  vf sum = vf_zero();
  LW_ALONG(n, { sum = vf_add(sum, vf_sub(m, vf_load(x + i))); },
           { sum = vf_add(sum, lw_first_lanes(vf_sub(m, vf_load_n(x + i, rest)), rest)); })
  return vf_sum(sum);
}

// The same over rows of any length.
#define LW_SUM_CHUNKS(n, chunk) \
  if ((n) <= LW_CHUNK) { const size_t at = 0, part = (n); return chunk; } \
  float partial[LW_CHUNK]; \
  size_t chunks = 0; \
  for (size_t at = 0; at < (n); at += LW_CHUNK) { \
    const size_t part = (n) - at < LW_CHUNK ? (n) - at : LW_CHUNK; \
    partial[chunks++] = chunk; \
  } \
  return lw_fold_all(LW_FOLD_SUM, partial, chunks, 0)

LW_INLINE float lw_row_exp(const float *x, size_t n, float m, float *e) {
  LW_SUM_CHUNKS(n, lw_exp_chunk(x + at, part, vf_set1(m), e ? e + at : e));
}
LW_INLINE float lw_row_depth(const float *x, size_t n, float m) {
  LW_SUM_CHUNKS(n, lw_depth_chunk(x + at, part, vf_set1(m)));
}
