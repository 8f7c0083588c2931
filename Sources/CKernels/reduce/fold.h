// Folds: many elements to one, in an order that follows from the number of elements alone.
//
// A chunk of LW_CHUNK contiguous elements runs in sixteen lanes, element i in lane i mod 16, ascending; the lanes join
// in the tree of vf_sum. The results of several chunks are folded like elements, recursively.

enum { LW_CHUNK = 4096 };

// Maximum with a NaN that sticks: acc, or x where it is greater or a NaN.
LW_INLINE vf lw_sticky_max(vf acc, vf x) { return vf_select(vm_or(vf_gt(x, acc), vf_ne(x, x)), x, acc); }

// One step of fold f. shift is used by folds of differences only. f is a constant at every call.
LW_INLINE vf lw_fold_step(lw_fold f, vf acc, vf x, vf shift) {
  switch (f) {
    case LW_FOLD_SUM: return vf_add(acc, x);
    case LW_FOLD_ABS: return vf_add(acc, vf_abs(x));
    case LW_FOLD_SQUARE: return vf_fma(x, x, acc);
    case LW_FOLD_DIFFERENCE: return vf_add(acc, vf_sub(x, shift));
    case LW_FOLD_DEVIATION: { const vf d = vf_sub(x, shift); return vf_fma(d, d, acc); }
    case LW_FOLD_MAX: return lw_sticky_max(acc, x);
    case LW_FOLD_ABSMAX: return lw_sticky_max(acc, vf_abs(x));
  }
}

LW_INLINE int lw_fold_has_shift(lw_fold f) { return f == LW_FOLD_DIFFERENCE || f == LW_FOLD_DEVIATION; }
LW_INLINE int lw_fold_is_max(lw_fold f) { return f == LW_FOLD_MAX || f == LW_FOLD_ABSMAX; }
// The fold that joins results of f, and the result of f over nothing.
LW_INLINE lw_fold lw_fold_joiner(lw_fold f) { return lw_fold_is_max(f) ? LW_FOLD_MAX : LW_FOLD_SUM; }
LW_INLINE float lw_fold_nothing(lw_fold f) { return f == LW_FOLD_MAX ? -__builtin_inff() : 0.0f; }
LW_INLINE vf lw_fold_start(lw_fold f) { return vf_set1(lw_fold_nothing(f)); }

// A step with the first n lanes of x; the other lanes keep what they have.
LW_INLINE vf lw_fold_step_n(lw_fold f, vf acc, const float *x, vf shift, int n) {
  const vm used = vi_gt(vi_set1(n), vi_iota());
  return vf_select(used, lw_fold_step(f, acc, vf_load_n(x, n), shift), acc);
}

// The lanes to one. The order does not matter to a maximum.
LW_INLINE float lw_fold_lanes(lw_fold f, vf acc) {
  if (!lw_fold_is_max(f)) return vf_sum(acc);
  float lane[VF];
  vf_store(lane, acc);
  for (int l = 1; l < VF; ++l)
    if (lane[l] > lane[0] || lane[l] != lane[l]) lane[0] = lane[l];
  return lane[0];
}

// Up to LW_CHUNK elements.
LW_INLINE float lw_fold_chunk(lw_fold f, const float *x, size_t n, vf shift) {
  vf acc = lw_fold_start(f);
  size_t i = 0;
  for (; i + VF <= n; i += VF) acc = lw_fold_step(f, acc, vf_load(x + i), shift);
  if (i < n) acc = lw_fold_step_n(f, acc, x + i, shift, (int)(n - i));
  return lw_fold_lanes(f, acc);
}

// Four whole chunks side by side: one chain of dependent additions would wait for each of them.
LW_INLINE void lw_fold_four_chunks(lw_fold f, const float *x, vf shift, float *y) {
  vf a = lw_fold_start(f), b = a, c = a, d = a;
  for (size_t i = 0; i < LW_CHUNK; i += VF) {
    a = lw_fold_step(f, a, vf_load(x + i), shift);
    b = lw_fold_step(f, b, vf_load(x + i + LW_CHUNK), shift);
    c = lw_fold_step(f, c, vf_load(x + i + 2 * LW_CHUNK), shift);
    d = lw_fold_step(f, d, vf_load(x + i + 3 * LW_CHUNK), shift);
  }
  y[0] = lw_fold_lanes(f, a);
  y[1] = lw_fold_lanes(f, b);
  y[2] = lw_fold_lanes(f, c);
  y[3] = lw_fold_lanes(f, d);
}

// y[c] = the fold of chunk c, for every chunk of x[0..<n].
LW_INLINE void lw_fold_chunks_of(lw_fold f, const float *x, size_t n, float shift, float *y) {
  const vf s = vf_set1(shift);
  for (; n >= 4 * LW_CHUNK; n -= 4 * LW_CHUNK, x += 4 * LW_CHUNK, y += 4) lw_fold_four_chunks(f, x, s, y);
  while (n > 0) {
    const size_t part = n < LW_CHUNK ? n : LW_CHUNK;
    *y++ = lw_fold_chunk(f, x, part, s);
    x += part;
    n -= part;
  }
}

static void lw_fold_chunks(lw_fold f, const float *x, size_t n, float shift, float *y) {
  switch (f) {
    case LW_FOLD_SUM: lw_fold_chunks_of(LW_FOLD_SUM, x, n, shift, y); break;
    case LW_FOLD_ABS: lw_fold_chunks_of(LW_FOLD_ABS, x, n, shift, y); break;
    case LW_FOLD_SQUARE: lw_fold_chunks_of(LW_FOLD_SQUARE, x, n, shift, y); break;
    case LW_FOLD_DIFFERENCE: lw_fold_chunks_of(LW_FOLD_DIFFERENCE, x, n, shift, y); break;
    case LW_FOLD_DEVIATION: lw_fold_chunks_of(LW_FOLD_DEVIATION, x, n, shift, y); break;
    case LW_FOLD_MAX: lw_fold_chunks_of(LW_FOLD_MAX, x, n, shift, y); break;
    case LW_FOLD_ABSMAX: lw_fold_chunks_of(LW_FOLD_ABSMAX, x, n, shift, y); break;
  }
}

// Elements under one of at most LW_CHUNK results of the level below the top, for n elements in all: a power of LW_CHUNK.
LW_INLINE size_t lw_fold_span(size_t n) {
  size_t span = LW_CHUNK;
  while (n / span >= LW_CHUNK && n > span * LW_CHUNK) span *= LW_CHUNK;
  return span;
}

// Any number of elements, to one. Recursion is two deep up to 2^24 elements, three up to 2^36.
static float lw_fold_all(lw_fold f, const float *x, size_t n, float shift) {
  float result, partial[LW_CHUNK];
  if (n == 0) return lw_fold_nothing(f);
  if (n <= LW_CHUNK) {
    lw_fold_chunks(f, x, n, shift, &result);
    return result;
  }
  const size_t span = lw_fold_span(n), parts = (n + span - 1) / span;
  if (span == LW_CHUNK) {
    lw_fold_chunks(f, x, n, shift, partial);
  } else {
    for (size_t p = 0; p < parts; ++p)
      partial[p] = lw_fold_all(f, x + p * span, p + 1 < parts ? span : n - p * span, shift);
  }
  lw_fold_chunks(lw_fold_joiner(f), partial, parts, 0, &result);
  return result;
}

// y[i] = the fold of row i. shift has one value for each row and may be y.
static void lw_fold_rows(lw_fold f, size_t rows, size_t columns, const float *x, size_t ldx, const float *shift, float *y) {
  for (size_t i = 0; i < rows; ++i) y[i] = lw_fold_all(f, x + i * ldx, columns, lw_fold_has_shift(f) ? shift[i] : 0.0f);
}
