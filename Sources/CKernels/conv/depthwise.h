// Depthwise convolution and its adjoint: each channel by itself, a lane is a channel.
//
// Every sum is one chain of fused multiply-adds from 0 over the taps whose element exists, in scan order of these elements.
// Several neighbouring sums of a line are computed together: they share elements and weights in registers.

// The sums of one line, for some of its channels.
typedef struct {
  const float *x;                      // column 0 of the line that the first tap row reads
  ptrdiff_t pixel, line, width;        // from pixel to pixel, from tap row to tap row; pixels of a line
  const float *w;                      // the first tap of the first tap row
  ptrdiff_t w_channel, w_tap, w_row;
  ptrdiff_t rows, taps;
  ptrdiff_t stride, dilation, before;  // as in lw_tap_run
  float *y; ptrdiff_t y_pixel;
  ptrdiff_t count, channels;
  int continues;                       // the chains start from y
  ptrdiff_t ahead;                     // lines to fetch into the caches after those that are read
  const float *bias, *residual; ptrdiff_t residual_pixel;
  int relu;
} lw_depthwise_line;

// A pointer the compiler knows nothing about: it adds constant multiples to it, instead of keeping a pointer for each.
LW_INLINE const float *lw_opaque(const float *p) { __asm__("" : "+r"(p)); return p; }

// `tile` sums from number o on, of the channels c ..< c + lanes. With `edge`, some columns or some of the sums may not exist.
// All but l, o and c are literals in the fast cases, where sum t takes column j by tap j - t * stride. On AVX2 the 4 sums of
// 3 taps, their weights and a column fill the registers; at an edge vf_settle keeps weights from being fetched too early.
LW_INLINE void lw_depthwise_tile(ptrdiff_t taps, ptrdiff_t stride, ptrdiff_t dilation, int tile, int edge, int lanes,
                                 const lw_depthwise_line *l, ptrdiff_t o, ptrdiff_t c) {
  enum { LW_MOST = 8 };
  const ptrdiff_t first = o * stride - l->before, columns = (tile - 1) * stride + taps;
  const ptrdiff_t sums = edge && l->count - o < tile ? l->count - o : tile;
  ptrdiff_t start = 0, end = columns;
  if (edge) {
    const lw_tap_run run = {.taps = (sums - 1) * stride + taps, .dilation = dilation, .before = -first};
    const lw_range inside = lw_taps_inside(&run, 0, l->width);
    start = inside.start, end = inside.end;
  }
  float *const y = l->y + o * l->y_pixel + c;
  vf acc[LW_MOST];
  for (int t = 0; t < tile; ++t) acc[t] = l->continues && t < sums ? vf_load_lanes(y + t * l->y_pixel, lanes) : vf_zero();

  const ptrdiff_t pixel = dilation * l->pixel, w_tap = l->w_tap, line = l->line, w_row = l->w_row;
  const float *x = l->x + first * l->pixel + c, *w = l->w + c * l->w_channel;
  LW_NOUNROLL for (ptrdiff_t r = l->rows; r > 0; --r, x += line, w += w_row) {
    const float *p = lw_opaque(x), *q = lw_opaque(w);
    for (ptrdiff_t j = 0; j < columns; ++j) {
      if (edge && (j < start || j >= end)) continue;
      vf v = vf_load_lanes(p + j * pixel, lanes);
      if (edge) v = vf_settle(v);
      for (int t = 0; t < tile; ++t) {
        const ptrdiff_t s = j - t * stride;
        if (s >= 0 && s < taps) acc[t] = vf_fma(v, vf_load_lanes(q + s * w_tap, lanes), acc[t]);
      }
    }
  }

  if (!edge && tile > 1)
    for (ptrdiff_t a = 0; a < l->ahead; ++a)
      LW_UNROLL for (int t = 0; t < tile * stride; ++t) __builtin_prefetch(x + a * line + t * pixel);

  for (int t = 0; t < tile; ++t) {
    if (edge && t >= sums) break;
    vf v = acc[t];
    if (l->bias) v = vf_add(v, vf_load_lanes(l->bias + c, lanes));
    if (l->residual) v = vf_add(v, vf_load_lanes(l->residual + (o + t) * l->residual_pixel + c, lanes));
    if (l->relu) v = vf_relu(v);
    vf_store_lanes(y + t * l->y_pixel, v, lanes);
  }
}

LW_INLINE void lw_depthwise_tiles(ptrdiff_t taps, ptrdiff_t stride, ptrdiff_t dilation, int tile, const lw_depthwise_line *l) {
  const ptrdiff_t reach = (tile - 1) * stride + (taps - 1) * dilation, whole = l->channels / VF * VF;
  for (ptrdiff_t o = 0; o < l->count; o += tile) {
    const ptrdiff_t first = o * stride - l->before;
    const int edge = first < 0 || first + reach >= l->width || o + tile > l->count;
    ptrdiff_t c = 0;
    if (edge) for (; c < whole; c += VF) lw_depthwise_tile(taps, stride, dilation, tile, 1, VF, l, o, c);
    else for (; c < whole; c += VF) lw_depthwise_tile(taps, stride, dilation, tile, 0, VF, l, o, c);
    if (c < l->channels) lw_depthwise_tile(taps, stride, dilation, tile, 1, (int)(l->channels - c), l, o, c);
  }
}

// Kernels of 3 and 5 columns, and what strides of 2 leave of them in the adjoint; then any.
static void lw_depthwise_sums(const lw_depthwise_line *l) {
#define LW_CASE(t, s) if (l->dilation == 1 && l->taps == t && l->stride == s) { lw_depthwise_tiles(t, s, 1, 4, l); return; }
  LW_CASE(3, 1) LW_CASE(5, 1) LW_CASE(3, 2) LW_CASE(5, 2) LW_CASE(2, 1) LW_CASE(1, 1)
#undef LW_CASE
  lw_depthwise_tiles(l->taps, l->stride, l->dilation, 1, l);
}

// One row of results.
LW_INLINE void lw_depthwise_row(const lw_depthwise *d, ptrdiff_t row, const lw_depthwise_part *part, const float *x,
                                const float *w, float *y, const lw_gemm_epilogue *e) {
  const lw_depthwise_axis *a = &d->rows, *b = &d->columns;
  const ptrdiff_t height = d->adjoint ? a->input : a->output, width = d->adjoint ? b->input : b->output;
  const ptrdiff_t lines = d->adjoint ? a->output : a->input, columns = d->adjoint ? b->output : b->input;
  const ptrdiff_t h = row % height, channels = d->channels;
  const lw_tap_run down = d->adjoint ? lw_adjoint_run(a, h % a->stride) : lw_forward_run(a);
  const ptrdiff_t i = (h - down.first) / down.step;
  const lw_range rows = lw_taps_inside(&down, i, lines);
  const ptrdiff_t top = row / height * lines + i * down.stride + rows.start * down.dilation - down.before;
  lw_depthwise_line l = {
      .x = x + top * columns * channels + part->channel, .pixel = channels, .line = down.dilation * columns * channels,
      .width = columns, .w_channel = d->w_channel, .w_row = down.tap_step * b->taps * d->w_tap, .rows = rows.end - rows.start,
      .channels = part->channels, .continues = d->continues, .ahead = d->ahead ? down.stride : 0, .bias = e && e->bias ? e->bias + part->channel : NULL,
      .relu = e && e->activation == LW_RELU};
  const ptrdiff_t phases = d->adjoint ? b->stride : 1;
  for (ptrdiff_t phase = 0; phase < phases && phase < width; ++phase) {
    const lw_tap_run run = d->adjoint ? lw_adjoint_run(b, phase) : lw_forward_run(b);
    l.w = w + ((down.tap + rows.start * down.tap_step) * b->taps + run.tap) * d->w_tap + part->channel * d->w_channel;
    l.w_tap = run.tap_step * d->w_tap;
    l.taps = run.taps, l.stride = run.stride, l.dilation = run.dilation, l.before = run.before;
    l.y = y + (row * width + run.first) * channels + part->channel, l.y_pixel = run.step * channels;
    l.count = run.count;
    if (e && e->residual) {
      l.residual = e->residual + (row * width + run.first) * e->ldr + part->channel;
      l.residual_pixel = run.step * e->ldr;
    }
    lw_depthwise_sums(&l);
  }
  if (!e || e->activation == LW_LINEAR || e->activation == LW_RELU) return;
  for (ptrdiff_t q = 0; q < width; ++q) {
    float *p = y + (row * width + q) * channels + part->channel;
    lw_activate(e->activation, e->activation_alpha, (size_t)part->channels, p, p);
  }
}

static void lw_depthwise_rows(const lw_depthwise *d, const lw_depthwise_part *part, const float *x, const float *w, float *y,
                              const lw_gemm_epilogue *e) {
  for (ptrdiff_t row = part->row; row < part->row + part->rows; ++row) lw_depthwise_row(d, row, part, x, w, y, e);
}
