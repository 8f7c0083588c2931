// The mean of each window, channel by channel: a running sum from 0 in scan order, divided once.

// Division by a count. Where the count is a power of two, multiplying by its inverse gives the same bits sooner.
typedef struct { vf count, inverse; int is_power; } lw_divisor;

LW_INLINE lw_divisor lw_divide_by(ptrdiff_t count) {
  return (lw_divisor){vf_set1((float)count), vf_set1(1.0f / (float)count), (count & (count - 1)) == 0};
}
LW_INLINE vf lw_divided(vf x, const lw_divisor *d) { return d->is_power ? vf_mul(x, d->inverse) : vf_div(x, d->count); }

// A window of rows x columns pixels at x. Literal sizes unroll.
LW_INLINE void lw_average_window(ptrdiff_t rows, ptrdiff_t columns, const lw_pool *p, const lw_divisor *d, const float *x,
                                 float *y) {
  const ptrdiff_t channels = p->channels, width = p->columns.input;
#define LW_AVERAGE_VECTOR(c, lanes)                                                                        \
  do {                                                                                                     \
    vf sum = vf_zero();                                                                                    \
    for (ptrdiff_t r = 0; r < rows; ++r)                                                                   \
      for (ptrdiff_t s = 0; s < columns; ++s)                                                              \
        sum = vf_add(sum, vf_load_lanes(x + (r * width + s) * channels + (c), lanes));                     \
    vf_store_lanes(y + (c), lw_divided(sum, d), lanes);                                                    \
  } while (0)
  LW_COVER_VECTORS(channels, LW_AVERAGE_VECTOR);
#undef LW_AVERAGE_VECTOR
}

static void lw_pool_average(const lw_pool *p, ptrdiff_t row, ptrdiff_t count, const float *x, float *y) {
  const ptrdiff_t width = p->columns.input, channels = p->channels;
  for (ptrdiff_t i = row; i < row + count; ++i) {
    const lw_range h = lw_pool_window(&p->rows, i % p->rows.output);
    const ptrdiff_t counted = lw_pool_counted(&p->rows, i % p->rows.output, p->counts_padding);
    const float *image = x + i / p->rows.output * p->rows.input * width * channels;
    for (ptrdiff_t o = 0; o < p->columns.output; ++o) {
      const lw_range w = lw_pool_window(&p->columns, o);
      const lw_divisor d = lw_divide_by(counted * lw_pool_counted(&p->columns, o, p->counts_padding));
      const ptrdiff_t rows = h.end - h.start, columns = w.end - w.start;
      const float *from = image + (h.start * width + w.start) * channels;
      float *to = y + (i * p->columns.output + o) * channels;
      if (rows == 2 && columns == 2) lw_average_window(2, 2, p, &d, from, to);
      else if (rows == 3 && columns == 3) lw_average_window(3, 3, p, &d, from, to);
      else lw_average_window(rows, columns, p, &d, from, to);
    }
  }
}

// The window's gradient is spread evenly over what it counts.
LW_INLINE void lw_average_share(const lw_pool_gradient *g, ptrdiff_t row, ptrdiff_t column, ptrdiff_t window, ptrdiff_t pixel,
                                int first, float *dx) {
  (void)pixel;
  const lw_pool *p = g->pool;
  const ptrdiff_t channels = p->channels;
  const lw_divisor d = lw_divide_by(lw_pool_counted(&p->rows, row, p->counts_padding) *
                                    lw_pool_counted(&p->columns, column, p->counts_padding));
  const float *dy = g->dy + window * channels;
#define LW_SHARE_VECTOR(c, lanes)                                                                              \
  do {                                                                                                         \
    const vf share = lw_divided(vf_load_lanes(dy + (c), lanes), &d);                                           \
    vf_store_lanes(dx + (c), vf_add(first ? vf_zero() : vf_load_lanes(dx + (c), lanes), share), lanes);        \
  } while (0)
  LW_EACH_VECTOR(channels, LW_SHARE_VECTOR);
#undef LW_SHARE_VECTOR
}

static void lw_pool_average_gradient(const lw_pool *p, ptrdiff_t row, ptrdiff_t count, const float *dy, float *dx) {
  const lw_pool_gradient g = {p, dy, NULL};
  lw_pool_gradient_rows(lw_average_share, &g, row, count, dx);
}

// dx[i] = dy / positions for each of `rows` pixels of an image pooled whole.
static void lw_pool_spread(ptrdiff_t positions, ptrdiff_t rows, ptrdiff_t channels, const float *dy, float *dx) {
  const lw_divisor d = lw_divide_by(positions);
#define LW_SPREAD_VECTOR(c, lanes)                                                     \
  do {                                                                                 \
    const vf share = vf_add(vf_zero(), lw_divided(vf_load_lanes(dy + (c), lanes), &d)); \
    vf_store_lanes(dx + (c), share, lanes);                                            \
  } while (0)
  if (rows > 0) LW_EACH_VECTOR(channels, LW_SPREAD_VECTOR);
#undef LW_SPREAD_VECTOR
  for (ptrdiff_t i = 1; i < rows; ++i) __builtin_memcpy(dx + i * channels, dx, (size_t)channels * sizeof *dx);
}
