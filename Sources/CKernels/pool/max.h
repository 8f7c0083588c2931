// The largest element of each window and where it stands, channel by channel.
//
// The pixels of a window are visited in scan order, and one takes over when it is greater than the best so far or a NaN.
// So the first of equals wins, a NaN wins against numbers, and of several NaN the last one.

LW_INLINE vm lw_takes_over(vf x, vf best) { return vm_or(vf_gt(x, best), vf_ne(x, x)); }

// A window of rows x columns pixels at x, the first of which is pixel `first` of its image. Literal sizes unroll.
LW_INLINE void lw_max_window(ptrdiff_t rows, ptrdiff_t columns, int indexed, const lw_pool *p, const float *x, int32_t first,
                             float *y, int32_t *indices) {
  const ptrdiff_t channels = p->channels, width = p->columns.input;
#define LW_MAX_VECTOR(c, lanes)                                                            \
  do {                                                                                     \
    vf best = vf_load_lanes(x + (c), lanes);                                               \
    vi where = vi_set1(first);                                                             \
    for (ptrdiff_t r = 0; r < rows; ++r)                                                   \
      for (ptrdiff_t s = r == 0; s < columns; ++s) {                                       \
        const vf v = vf_load_lanes(x + (r * width + s) * channels + (c), lanes);           \
        const vm m = lw_takes_over(v, best);                                               \
        best = vf_select(m, v, best);                                                      \
        if (indexed) where = vi_select(m, vi_set1(first + (int32_t)(r * width + s)), where); \
      }                                                                                    \
    vf_store_lanes(y + (c), best, lanes);                                                  \
    if (indexed) vi_store_lanes(indices + (c), where, lanes);                              \
  } while (0)
  LW_COVER_VECTORS(channels, LW_MAX_VECTOR);
#undef LW_MAX_VECTOR
}

LW_INLINE void lw_max_rows(int indexed, const lw_pool *p, ptrdiff_t row, ptrdiff_t count, const float *x, float *y,
                           int32_t *indices) {
  const ptrdiff_t width = p->columns.input, channels = p->channels;
  for (ptrdiff_t i = row; i < row + count; ++i) {
    const lw_range h = lw_pool_window(&p->rows, i % p->rows.output);
    const float *image = x + i / p->rows.output * p->rows.input * width * channels;
    for (ptrdiff_t o = 0; o < p->columns.output; ++o) {
      const lw_range w = lw_pool_window(&p->columns, o);
      const ptrdiff_t rows = h.end - h.start, columns = w.end - w.start, first = h.start * width + w.start;
      const ptrdiff_t to = (i * p->columns.output + o) * channels;
      const float *from = image + first * channels;
      int32_t *at = indexed ? indices + to : NULL;
      if (rows == 2 && columns == 2) lw_max_window(2, 2, indexed, p, from, (int32_t)first, y + to, at);
      else if (rows == 3 && columns == 3) lw_max_window(3, 3, indexed, p, from, (int32_t)first, y + to, at);
      else lw_max_window(rows, columns, indexed, p, from, (int32_t)first, y + to, at);
    }
  }
}

static void lw_pool_max(const lw_pool *p, ptrdiff_t row, ptrdiff_t count, const float *x, float *y, int32_t *indices) {
  if (indices) lw_max_rows(1, p, row, count, x, y, indices);
  else lw_max_rows(0, p, row, count, x, y, NULL);
}

// The window's gradient goes to the pixel it took its maximum from.
LW_INLINE void lw_max_share(const lw_pool_gradient *g, ptrdiff_t row, ptrdiff_t column, ptrdiff_t window, ptrdiff_t pixel,
                            int first, float *dx) {
  (void)row, (void)column;
  const ptrdiff_t channels = g->pool->channels;
  const float *dy = g->dy + window * channels;
  const int32_t *indices = g->indices + window * channels;
  const vi here = vi_set1((int32_t)pixel);
#define LW_SHARE_VECTOR(c, lanes)                                                                              \
  do {                                                                                                         \
    const vm m = vi_eq(vi_load_lanes(indices + (c), lanes), here);                                             \
    const vf share = vf_select(m, vf_load_lanes(dy + (c), lanes), vf_zero());                                  \
    vf_store_lanes(dx + (c), vf_add(first ? vf_zero() : vf_load_lanes(dx + (c), lanes), share), lanes);        \
  } while (0)
  LW_EACH_VECTOR(channels, LW_SHARE_VECTOR);
#undef LW_SHARE_VECTOR
}

// The gradient of one window into `columns` pixels of one of its rows, which no other window has. The first is pixel `first` of its
// image.
LW_INLINE void lw_max_place(ptrdiff_t columns, ptrdiff_t channels, ptrdiff_t first, const float *dy, const int32_t *indices,
                            float *dx) {
#define LW_PLACE_VECTOR(c, lanes)                                                                             \
  do {                                                                                                        \
    const vi where = vi_load_lanes(indices + (c), lanes);                                                     \
    const vf share = vf_add(vf_zero(), vf_load_lanes(dy + (c), lanes));                                       \
    for (ptrdiff_t s = 0; s < columns; ++s) {                                                                 \
      const vm m = vi_eq(where, vi_set1((int32_t)(first + s)));                                               \
      vf_store_lanes(dx + s * channels + (c), vf_select(m, share, vf_zero()), lanes);                         \
    }                                                                                                         \
  } while (0)
  LW_COVER_VECTORS(channels, LW_PLACE_VECTOR);
#undef LW_PLACE_VECTOR
}

// Windows that share no pixel: each is read once for a row of pixels, and every pixel is written once.
static void lw_max_gradient_apart(const lw_pool *p, ptrdiff_t row, ptrdiff_t count, const float *dy, const int32_t *indices,
                                  float *dx) {
  const lw_pool_axis *rows = &p->rows, *columns = &p->columns;
  const ptrdiff_t channels = p->channels;
  lw_range above = {0, 0};
  for (ptrdiff_t i = row; i < row + count; ++i) {
    const ptrdiff_t image = i / rows->input, h = i % rows->input;
    above = lw_pool_covering(rows, h == 0 ? (lw_range){0, 0} : above, h);
    float *to = dx + i * columns->input * channels;
    ptrdiff_t done = 0;  // pixels of this row
    for (ptrdiff_t q = 0; above.start < above.end && q < columns->output; ++q) {
      const lw_range w = lw_pool_window(columns, q);
      const ptrdiff_t window = ((image * rows->output + above.start) * columns->output + q) * channels;
      const ptrdiff_t size = w.end - w.start, first = h * columns->input + w.start;
      lw_zero_pixels(to + done * channels, (w.start - done) * channels);
      if (size == 2) lw_max_place(2, channels, first, dy + window, indices + window, to + w.start * channels);
      else lw_max_place(size, channels, first, dy + window, indices + window, to + w.start * channels);
      done = w.end;
    }
    lw_zero_pixels(to + done * channels, (columns->input - done) * channels);
  }
}

static void lw_pool_max_gradient(const lw_pool *p, ptrdiff_t row, ptrdiff_t count, const float *dy, const int32_t *indices,
                                 float *dx) {
  if (lw_pool_is_apart(&p->rows) && lw_pool_is_apart(&p->columns)) {
    lw_max_gradient_apart(p, row, count, dy, indices, dx);
    return;
  }
  const lw_pool_gradient g = {p, dy, indices};
  lw_pool_gradient_rows(lw_max_share, &g, row, count, dx);
}
