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

// Copies n values, of which and after which `readable` may be read; up to 15 more are written.
LW_INLINE void lw_copy_run(const float *from, float *to, ptrdiff_t n, ptrdiff_t readable) {
  if (n < VF) { vf_store(to, readable < VF ? vf_load_n(from, (int)n) : vf_load(from)); return; }
  for (ptrdiff_t i = 0; i + VF < n; i += VF) vf_store(to + i, vf_load(from + i));
  vf_store(to + n - VF, vf_load(from + n - VF));
}

// Up to 15 more are written when n is less than a vector.
LW_INLINE void lw_zero_run(float *to, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i + VF < n; i += VF) vf_store(to + i, vf_zero());
  vf_store(to + (n < VF ? 0 : n - VF), vf_zero());
}

LW_INLINE int lw_is_inside(ptrdiff_t i, ptrdiff_t size) { return i >= 0 && i < size; }

// Where a patch begins: its first pixel, possibly outside the image, and the place of that in x.
typedef struct { ptrdiff_t y, x, origin; } lw_patch;

// Goes through output pixels. What a row of them has in common is found once.
typedef struct {
  ptrdiff_t image, row, column;
  lw_patch patch;
  int rows_inside;        // whether all kernel rows lie inside the image
  ptrdiff_t first, room;  // a patch's columns lie inside when its x is one of the `room` values from `first` on
} lw_patch_cursor;

// Whether this patch and the next n - 1 in its row of outputs lie inside the image.
LW_INLINE int lw_are_whole(const lw_patches *p, const lw_patch_cursor *at, ptrdiff_t n) {
  const ptrdiff_t x = at->patch.x - at->first;
  return at->rows_inside && lw_is_inside(x, at->room) && lw_is_inside(x + (n - 1) * p->stride_width, at->room);
}

// To the pixel `column` of the row of outputs that `at` names.
LW_INLINE void lw_patch_enter_row(const lw_patches *p, lw_patch_cursor *at, ptrdiff_t column) {
  const ptrdiff_t y = at->row * p->stride_height - p->top, x = column * p->stride_width - p->left;
  at->column = column;
  at->rows_inside = lw_is_inside(y, p->height) && lw_is_inside(y + (p->kernel_height - 1) * p->dilation_height, p->height);
  at->patch = (lw_patch){y, x, ((at->image * p->height + y) * p->width + x) * p->ldx};
}

LW_INLINE lw_patch_cursor lw_patch_start(const lw_patches *p, ptrdiff_t i) {
  const ptrdiff_t reach = (p->kernel_width - 1) * p->dilation_width;
  lw_patch_cursor at = {.image = i / p->columns / p->rows, .row = i / p->columns % p->rows,
                        .first = reach < 0 ? -reach : 0, .room = p->width - (reach < 0 ? -reach : reach)};
  lw_patch_enter_row(p, &at, i % p->columns);
  return at;
}

// How many of the next n output pixels share the row of `at`.
LW_INLINE ptrdiff_t lw_patches_in_row(const lw_patches *p, const lw_patch_cursor *at, ptrdiff_t n) {
  const ptrdiff_t left = p->columns - at->column;
  return left < n ? left : n;
}

// On by n pixels, at most to the end of the row.
LW_INLINE void lw_patch_advance(const lw_patches *p, lw_patch_cursor *at, ptrdiff_t n) {
  at->column += n;
  at->patch.x += n * p->stride_width;
  at->patch.origin += n * p->stride_width * p->ldx;
  if (at->column < p->columns) return;
  if (++at->row == p->rows) { at->row = 0; ++at->image; }
  lw_patch_enter_row(p, at, 0);
}

LW_INLINE int lw_tap_is_inside(const lw_patches *p, const lw_patch *patch, const lw_segment *tap) {
  return lw_is_inside(patch->y + tap->y, p->height) && lw_is_inside(patch->x + tap->x, p->width);
}

// Where the values of an image end in x: up to there more may be read than is asked for.
LW_INLINE ptrdiff_t lw_image_end(const lw_patches *p, ptrdiff_t image) {
  return ((image + 1) * p->height * p->width - 1) * p->ldx + p->channels;
}

// Copies `count` values from x[place] on.
LW_INLINE void lw_patch_copy(const lw_patches *p, ptrdiff_t place, ptrdiff_t count, ptrdiff_t end, float *to) {
  lw_copy_run(p->x + place, to, count, end - place);
}

// A patch that reaches out of its image, in runs as long as they get: taps inside the image that lie side by side, and taps outside.
LW_INLINE void lw_patch_row_in_parts(const lw_patches *p, const lw_patch_columns *s, const lw_patch *patch, ptrdiff_t end,
                                     float *to) {
  const lw_segment *t = s->taps, *const last = s->taps + s->tap_count;
  while (t < last) {
    const int is_inside = lw_tap_is_inside(p, patch, t);
    lw_segment run = *t++;
    while (t < last && lw_tap_is_inside(p, patch, t) == is_inside && (!is_inside || t->offset == run.offset + run.count))
      run.count += t++->count;
    if (is_inside) lw_patch_copy(p, patch->origin + run.offset, run.count, end, to + run.column);
    else lw_zero_run(to + run.column, run.count);
  }
}

// The columns `s` of patches i ..< i + m. Each row, and each run in it, may spill up to 15 values, which the next one
// overwrites.
static void lw_patch_rows(const lw_patches *p, const lw_patch_columns *s, ptrdiff_t i, ptrdiff_t m, float *to, ptrdiff_t ldt) {
  lw_patch_cursor at = lw_patch_start(p, i);
  for (ptrdiff_t n = 0; n < m; ++n, to += ldt, lw_patch_advance(p, &at, 1)) {
    const ptrdiff_t end = lw_image_end(p, at.image);
    if (lw_are_whole(p, &at, 1)) {
      for (const lw_segment *t = s->runs; t < s->runs + s->run_count; ++t)
        lw_patch_copy(p, at.patch.origin + t->offset, t->count, end, to + t->column);
    } else {
      lw_patch_row_in_parts(p, s, &at.patch, end, to);
    }
  }
}

// One tap of `count` neighbouring patches of a row of outputs, the first at `at`. Each may spill up to 15 values.
LW_INLINE void lw_patch_tap(const lw_patches *p, const lw_segment *t, const lw_patch_cursor *at, ptrdiff_t count, float *to,
                            ptrdiff_t ldt) {
  const ptrdiff_t step = p->stride_width, end = lw_image_end(p, at->image);
  ptrdiff_t x = at->patch.x + t->x, n = 0;
  if (lw_is_inside(at->patch.y + t->y, p->height)) {
    for (; n < count && x < 0; ++n, x += step) lw_zero_run(to + n * ldt, t->count);
    for (; n < count && x < p->width; ++n, x += step)
      lw_patch_copy(p, at->patch.origin + n * step * p->ldx + t->offset, t->count, end, to + n * ldt);
  }
  for (; n < count; ++n) lw_zero_run(to + n * ldt, t->count);
}

// The same as lw_patch_rows, tap by tap, for taps of a vector and more: what lies inside the images is found once for a row of
// outputs. The rows are apart: nothing spills from one into the next.
static void lw_patch_taps(const lw_patches *p, const lw_patch_columns *s, ptrdiff_t i, ptrdiff_t m, float *to, ptrdiff_t ldt) {
  for (const lw_segment *t = s->taps; t < s->taps + s->tap_count; ++t) {
    lw_patch_cursor at = lw_patch_start(p, i);
    for (ptrdiff_t n = 0, count; n < m; n += count, lw_patch_advance(p, &at, count)) {
      count = lw_patches_in_row(p, &at, m - n);
      lw_patch_tap(p, t, &at, count, to + n * ldt + t->column, ldt);
    }
  }
}

// Columns l ..< l + k of patches i ..< i + m.
static void lw_conv_pack(const lw_patches *p, ptrdiff_t i, ptrdiff_t m, ptrdiff_t l, ptrdiff_t k, float *to, ptrdiff_t ldt) {
  lw_patch_columns s;
  lw_patch_columns_init(&s, p, l, k);
  const lw_segment *last = s.taps + s.tap_count - 1;
  if (p->channels >= VF && (last->count >= VF || last->column + VF <= ldt)) lw_patch_taps(p, &s, i, m, to, ldt);
  else lw_patch_rows(p, &s, i, m, to, ldt);
}
