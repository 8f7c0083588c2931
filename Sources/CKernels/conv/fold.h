// The transpose of taking patches: every value of an image is the sum of what belongs to it in all patches that hold it.

// The taps of a kernel that lie on one position of an axis: tap, tap + tap_step, ..., `count` of them, of the patches at output,
// output - output_step, ...
typedef struct { ptrdiff_t tap, output, count; } lw_reach;

typedef struct { ptrdiff_t kernel, stride, dilation, outputs, tap_step, output_step; } lw_reach_axis;

static lw_reach_axis lw_reach_axis_of(ptrdiff_t kernel, ptrdiff_t stride, ptrdiff_t dilation, ptrdiff_t outputs) {
  ptrdiff_t divisor = stride;
  for (ptrdiff_t rest = dilation; rest; ) { const ptrdiff_t next = divisor % rest; divisor = rest; rest = next; }
  const lw_reach_axis a = {kernel, stride, dilation, outputs, stride / divisor, dilation / divisor};
  return a;
}

// `position` counts from the beginning of the padding.
static lw_reach lw_reach_at(const lw_reach_axis *a, ptrdiff_t position) {
  lw_reach r = {0, 0, 0};
  while (r.tap < a->tap_step && (position - r.tap * a->dilation) % a->stride) ++r.tap;
  if (r.tap == a->tap_step) return r;
  r.output = (position - r.tap * a->dilation) / a->stride;
  if (r.output >= a->outputs) {
    const ptrdiff_t skipped = (r.output - a->outputs) / a->output_step + 1;
    r.tap += skipped * a->tap_step;
    r.output -= skipped * a->output_step;
  }
  if (r.tap >= a->kernel || r.output < 0) return r;
  const ptrdiff_t taps = (a->kernel - 1 - r.tap) / a->tap_step, outputs = r.output / a->output_step;
  r.count = (taps < outputs ? taps : outputs) + 1;
  return r;
}

// y, an image with pixels p->ldx apart, from its patches, rows ldf apart: taps are added in ascending order, from 0.
static void lw_conv_fold(const lw_patches *p, const float *from, ptrdiff_t ldf, float *y) {
  const lw_reach_axis vertical = lw_reach_axis_of(p->kernel_height, p->stride_height, p->dilation_height, p->rows);
  const lw_reach_axis horizontal = lw_reach_axis_of(p->kernel_width, p->stride_width, p->dilation_width, p->columns);
  // From a patch and tap to those of the next tap on the same pixel.
  const ptrdiff_t down = vertical.tap_step * p->kernel_width * p->channels - vertical.output_step * p->columns * ldf;
  const ptrdiff_t right = horizontal.tap_step * p->channels - horizontal.output_step * ldf;
  for (ptrdiff_t i = 0; i < p->height; ++i) {
    const lw_reach r = lw_reach_at(&vertical, i + p->top);
    for (ptrdiff_t j = 0; j < p->width; ++j, y += p->ldx) {
      const lw_reach s = lw_reach_at(&horizontal, j + p->left);
      const ptrdiff_t first = (r.output * p->columns + s.output) * ldf + (r.tap * p->kernel_width + s.tap) * p->channels;
      for (ptrdiff_t c = 0; c < p->channels; c += VF) {
        vf sum = vf_zero();
        for (ptrdiff_t v = 0; v < r.count; ++v)
          for (ptrdiff_t h = 0; h < s.count; ++h) sum = vf_add(sum, vf_load(from + (first + v * down + h * right + c)));
        if (c + VF <= p->channels) vf_store(y + c, sum);
        else vf_store_n(y + c, sum, (int)(p->channels - c));
      }
    }
  }
}
