// Patches of images, the matrix a convolution multiplies: rows of it copied out as they are needed, never all of it.
//
// Row i is output pixel i (image, then height, then width). Column l is (r, s, c): channel c of the input under tap (r, s) of
// the kernel, 0 outside the image.

// Columns of a patch that lie side by side in the image: `count` values from `offset` after the patch's first one, under
// tap (y, x) of the kernel, to column `column`.
typedef struct { ptrdiff_t y, x, offset, column, count; } lw_segment;

// Columns l ..< l + k of every patch, k <= LW_GEMM_KC. One segment a tap, and the same with neighbours joined: without
// dilation, a kernel row of a patch inside the image is one run.
typedef struct {
  ptrdiff_t tap_count, run_count;
  lw_segment taps[LW_GEMM_KC], runs[LW_GEMM_KC];
} lw_patch_columns;

static void lw_patch_columns_init(lw_patch_columns *s, const lw_patches *p, ptrdiff_t l, ptrdiff_t k) {
  const ptrdiff_t tap = l / p->channels;
  ptrdiff_t c = l % p->channels, r = tap / p->kernel_width, q = tap % p->kernel_width;
  s->tap_count = s->run_count = 0;
  for (ptrdiff_t column = 0; column < k; c = 0) {
    const ptrdiff_t y = r * p->dilation_height, x = q * p->dilation_width, own = p->channels - c, left = k - column;
    const lw_segment t = {y, x, (y * p->width + x) * p->ldx + c, column, own < left ? own : left};
    s->taps[s->tap_count++] = t;
    lw_segment *last = s->runs + s->run_count - 1;
    if (column > 0 && last->offset + last->count == t.offset) last->count += t.count;
    else s->runs[s->run_count++] = t;
    column += t.count;
    if (++q == p->kernel_width) { q = 0; ++r; }
  }
}

// Copies n values; up to 15 more are written.
LW_INLINE void lw_copy_run(const float *from, float *to, ptrdiff_t n) {
  if (n < VF) { vf_store(to, vf_load_n(from, (int)n)); return; }
  for (ptrdiff_t i = 0; i + VF < n; i += VF) vf_store(to + i, vf_load(from + i));
  vf_store(to + n - VF, vf_load(from + n - VF));
}

LW_INLINE void lw_zero_run(float *to, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i += VF) vf_store(to + i, vf_zero());
}

LW_INLINE int lw_is_inside(ptrdiff_t i, ptrdiff_t size) { return i >= 0 && i < size; }

// An output pixel, and its patch in the image.
typedef struct { ptrdiff_t image, row, column; } lw_patch_cursor;
typedef struct { ptrdiff_t y, x, origin; int is_whole; } lw_patch;

static lw_patch_cursor lw_patch_start(const lw_patches *p, ptrdiff_t i) {
  return (lw_patch_cursor){i / p->columns / p->rows, i / p->columns % p->rows, i % p->columns};
}

LW_INLINE void lw_patch_advance(const lw_patches *p, lw_patch_cursor *at) {
  if (++at->column < p->columns) return;
  at->column = 0;
  if (++at->row == p->rows) { at->row = 0; ++at->image; }
}

// The patch at `at`: its first pixel, and whether all of it lies inside the image.
LW_INLINE lw_patch lw_patch_at(const lw_patches *p, const lw_patch_cursor *at) {
  const ptrdiff_t y = at->row * p->stride_height - p->top, x = at->column * p->stride_width - p->left;
  const ptrdiff_t last_y = y + (p->kernel_height - 1) * p->dilation_height;
  const ptrdiff_t last_x = x + (p->kernel_width - 1) * p->dilation_width;
  return (lw_patch){y, x, ((at->image * p->height + y) * p->width + x) * p->ldx,
                    lw_is_inside(y, p->height) && lw_is_inside(last_y, p->height) && lw_is_inside(x, p->width) &&
                        lw_is_inside(last_x, p->width)};
}

LW_INLINE int lw_tap_is_inside(const lw_patches *p, const lw_patch *patch, const lw_segment *tap) {
  return lw_is_inside(patch->y + tap->y, p->height) && lw_is_inside(patch->x + tap->x, p->width);
}

// The columns `s` of patches i ..< i + m. Each row, and each run in it, may spill up to 15 values, which the next one
// overwrites.
static void lw_patch_rows(const lw_patches *p, const lw_patch_columns *s, ptrdiff_t i, ptrdiff_t m, float *to, ptrdiff_t ldt) {
  lw_patch_cursor at = lw_patch_start(p, i);
  for (ptrdiff_t n = 0; n < m; ++n, to += ldt, lw_patch_advance(p, &at)) {
    const lw_patch patch = lw_patch_at(p, &at);
    if (patch.is_whole) {
      for (const lw_segment *t = s->runs; t < s->runs + s->run_count; ++t)
        lw_copy_run(p->x + (patch.origin + t->offset), to + t->column, t->count);
    } else {
      for (const lw_segment *t = s->taps; t < s->taps + s->tap_count; ++t) {
        if (lw_tap_is_inside(p, &patch, t)) lw_copy_run(p->x + (patch.origin + t->offset), to + t->column, t->count);
        else lw_zero_run(to + t->column, t->count);
      }
    }
  }
}

// Columns l ..< l + k of patches i ..< i + m.
static void lw_conv_pack(const lw_patches *p, ptrdiff_t i, ptrdiff_t m, ptrdiff_t l, ptrdiff_t k, float *to, ptrdiff_t ldt) {
  lw_patch_columns s;
  lw_patch_columns_init(&s, p, l, k);
  lw_patch_rows(p, &s, i, m, to, ldt);
}
