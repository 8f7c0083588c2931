// Which elements of an axis a window covers, and which windows cover an element.

typedef struct { ptrdiff_t start, end; } lw_range;  // start ..< end

// The elements of window o, padding cut off. Never empty when size > before and size > after.
LW_INLINE lw_range lw_pool_window(const lw_pool_axis *a, ptrdiff_t o) {
  if (a->size == 0) return (lw_range){o * a->input / a->output, ((o + 1) * a->input + a->output - 1) / a->output};
  const ptrdiff_t start = o * a->stride - a->before, end = start + a->size;
  return (lw_range){start > 0 ? start : 0, end < a->input ? end : a->input};
}

// How many elements of window o an average divides by: those it covers, or these and the padding it covers.
LW_INLINE ptrdiff_t lw_pool_counted(const lw_pool_axis *a, ptrdiff_t o, int counts_padding) {
  if (a->size == 0 || !counts_padding) {
    const lw_range w = lw_pool_window(a, o);
    return w.end - w.start;
  }
  const ptrdiff_t start = o * a->stride - a->before, end = start + a->size, limit = a->input + a->after;
  return (end < limit ? end : limit) - start;
}

// Whether no two windows share an element.
LW_INLINE int lw_pool_is_apart(const lw_pool_axis *a) { return a->size > 0 && a->stride >= a->size; }

// The windows that cover element i, from those of an earlier element; none before the first.
LW_INLINE lw_range lw_pool_covering(const lw_pool_axis *a, lw_range earlier, ptrdiff_t i) {
  while (earlier.start < a->output && lw_pool_window(a, earlier.start).end <= i) ++earlier.start;
  while (earlier.end < a->output && lw_pool_window(a, earlier.end).start <= i) ++earlier.end;
  return earlier;
}

LW_INLINE void lw_zero_pixels(float *x, ptrdiff_t count) {
  if (count > 0) __builtin_memset(x, 0, (size_t)count * sizeof *x);
}

// One window's share of the gradient of one pixel, all channels: dx += share, or dx = 0 + share when it is the first.
// `rows` x `columns` names the window, `window` its place in dy, `pixel` the place of the pixel in its image.
typedef struct {
  const lw_pool *pool;
  const float *dy;
  const int32_t *indices;
} lw_pool_gradient;
typedef void lw_pool_share(const lw_pool_gradient *g, ptrdiff_t row, ptrdiff_t column, ptrdiff_t window, ptrdiff_t pixel,
                           int first, float *dx);

LW_INLINE void lw_pool_gradient_rows(lw_pool_share share, const lw_pool_gradient *g, ptrdiff_t row, ptrdiff_t count, float *dx) {
  const lw_pool_axis *rows = &g->pool->rows, *columns = &g->pool->columns;
  const ptrdiff_t channels = g->pool->channels;
  lw_range above = {0, 0};
  for (ptrdiff_t i = row; i < row + count; ++i) {
    const ptrdiff_t image = i / rows->input, h = i % rows->input;
    above = lw_pool_covering(rows, h == 0 ? (lw_range){0, 0} : above, h);
    lw_range beside = {0, 0};
    for (ptrdiff_t w = 0; w < columns->input; ++w) {
      float *to = dx + (i * columns->input + w) * channels;
      beside = lw_pool_covering(columns, beside, w);
      if (above.start == above.end || beside.start == beside.end) lw_zero_pixels(to, channels);
      for (ptrdiff_t o = above.start; o < above.end; ++o)
        for (ptrdiff_t q = beside.start; q < beside.end; ++q)
          share(g, o, q, (image * rows->output + o) * columns->output + q, h * columns->input + w,
                o == above.start && q == beside.start, to);
    }
  }
}
