// The gradient of a depthwise convolution's weights: for each tap and channel a sum of products over output pixels.
//
// One chain of fused multiply-adds over the pixels whose element exists, in scan order, continued from what dw holds.

// One output row and one kernel row, for a vector of channels: `taps` neighbouring taps share the loads of dy.
LW_INLINE void lw_depthwise_taps(ptrdiff_t taps, int lanes, const lw_depthwise_axis *b, ptrdiff_t tap, ptrdiff_t channels,
                                 const float *x, const float *dy, float *dw) {
  enum { LW_MOST = 5 };
  vf acc[LW_MOST];
  for (ptrdiff_t s = 0; s < taps; ++s) acc[s] = vf_load_lanes(dw + s * channels, lanes);
  const ptrdiff_t lead = tap * b->dilation - b->before, reach = (taps - 1) * b->dilation;
  for (ptrdiff_t o = 0; o < b->output; ++o) {
    const ptrdiff_t first = o * b->stride + lead;
    if (first + reach < 0) continue;
    if (first >= b->input) break;
    const vf g = vf_load_lanes(dy + o * channels, lanes);
    const float *p = x + first * channels;
    if (first >= 0 && first + reach < b->input) {
      for (ptrdiff_t s = 0; s < taps; ++s)
        acc[s] = vf_fma(vf_load_lanes(p + s * b->dilation * channels, lanes), g, acc[s]);
    } else {
      for (ptrdiff_t s = 0; s < taps; ++s) {
        const ptrdiff_t column = first + s * b->dilation;
        if (column >= 0 && column < b->input) acc[s] = vf_fma(vf_load_lanes(p + s * b->dilation * channels, lanes), g, acc[s]);
      }
    }
  }
  for (ptrdiff_t s = 0; s < taps; ++s) vf_store_lanes(dw + s * channels, acc[s], lanes);
}

// Output rows part->row ..< part->row + part->rows, of one image or several.
static void lw_depthwise_weights(const lw_depthwise *d, const lw_depthwise_part *part, const float *x, const float *dy,
                                 float *dw) {
  const lw_depthwise_axis *a = &d->rows, *b = &d->columns;
  const ptrdiff_t channels = d->channels;
  for (ptrdiff_t row = part->row; row < part->row + part->rows; ++row) {
    const float *image = x + row / a->output * a->input * b->input * channels + part->channel;
    const float *g = dy + row * b->output * channels + part->channel;
    for (ptrdiff_t r = 0; r < a->taps; ++r) {
      const ptrdiff_t h = row % a->output * a->stride + r * a->dilation - a->before;
      if (h < 0 || h >= a->input) continue;
      const float *line = image + h * b->input * channels;
      float *to = dw + r * b->taps * channels + part->channel;
#define LW_TAPS(c, lanes)                                                                                        \
  do {                                                                                                           \
    if (b->taps == 3) lw_depthwise_taps(3, lanes, b, 0, channels, line + (c), g + (c), to + (c));                \
    else if (b->taps == 5) lw_depthwise_taps(5, lanes, b, 0, channels, line + (c), g + (c), to + (c));           \
    else for (ptrdiff_t s = 0; s < b->taps; ++s)                                                                 \
      lw_depthwise_taps(1, lanes, b, s, channels, line + (c), g + (c), to + s * channels + (c));                 \
  } while (0)
      LW_EACH_VECTOR(part->channels, LW_TAPS);
#undef LW_TAPS
    }
  }
}
