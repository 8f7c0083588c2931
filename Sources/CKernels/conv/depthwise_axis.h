// Which taps of a depthwise convolution's kernel meet which elements, along one axis.

// Elements `first`, first + step, ... that are sums of the same taps: tap k of `taps`, number tap + k * tap_step of the kernel,
// brings sum number i the element i * stride + k * dilation - before of what is read.
typedef struct {
  ptrdiff_t first, step, count;
  ptrdiff_t tap, tap_step, taps;
  ptrdiff_t stride, dilation, before;
} lw_tap_run;

// Convolution: all outputs, all taps.
LW_INLINE lw_tap_run lw_forward_run(const lw_depthwise_axis *a) {
  return (lw_tap_run){.first = 0, .step = 1, .count = a->output, .tap = 0, .tap_step = 1, .taps = a->taps,
                      .stride = a->stride, .dilation = a->dilation, .before = a->before};
}

// Its adjoint: input elements `phase`, phase + stride, ... An input i gets from output (i + before - t * dilation) / stride by
// the taps t for which this is a whole number: those a period apart. The largest tap comes first, so that outputs ascend.
LW_INLINE lw_tap_run lw_adjoint_run(const lw_depthwise_axis *a, ptrdiff_t phase) {
  const ptrdiff_t stride = a->stride, from = phase + a->before;
  ptrdiff_t period = 1, least = 0;
  while (period * a->dilation % stride != 0) ++period;
  while (least < a->taps && (from - least * a->dilation) % stride != 0) ++least;
  const ptrdiff_t taps = least < a->taps ? (a->taps - 1 - least) / period + 1 : 0;
  const ptrdiff_t last = least + (taps - 1) * period;
  return (lw_tap_run){.first = phase, .step = stride, .count = (a->input - phase + stride - 1) / stride,
                      .tap = last, .tap_step = -period, .taps = taps,
                      .stride = 1, .dilation = period * a->dilation / stride, .before = -(from - last * a->dilation) / stride};
}

// The taps of sum number i whose elements exist, among `limit` elements: k in start ..< end.
LW_INLINE lw_range lw_taps_inside(const lw_tap_run *run, ptrdiff_t i, ptrdiff_t limit) {
  const ptrdiff_t first = i * run->stride - run->before, step = run->dilation;
  const ptrdiff_t start = first >= 0 ? 0 : (-first + step - 1) / step;
  const ptrdiff_t end = first < limit ? (limit - 1 - first) / step + 1 : 0;
  return (lw_range){start, end < run->taps ? (end > start ? end : start) : run->taps > start ? run->taps : start};
}
