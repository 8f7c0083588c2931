// U = G g G^T: every filter transformed, straight into the panels the matrix products read.

enum { LW_WINOGRAD_SQUARE = LW_WINOGRAD_POINTS * LW_WINOGRAD_POINTS };

// The (m + 2)^2 values of up to sixteen filters, `plane` apart. The 3 x 3 weights are `weight` apart; negative: turned around.
LW_INLINE void lw_winograd_filter_square(int m, const float *from, ptrdiff_t weight, int lanes, float *to, ptrdiff_t plane) {
  vf t[3][LW_WINOGRAD_POINTS];
  LW_UNROLL for (int s = 0; s < 3; ++s) {
    vf g[3];
    LW_UNROLL for (int r = 0; r < 3; ++r) g[r] = vf_load_n(from + (r * 3 + s) * weight, lanes);
    LW_UNROLL for (int i = 0; i < m + 2; ++i) t[s][i] = lw_winograd_g(m, i, g);
  }
  LW_UNROLL for (int i = 0; i < m + 2; ++i) {
    const vf row[3] = {t[0][i], t[1][i], t[2][i]};
    LW_UNROLL for (int j = 0; j < m + 2; ++j) vf_store(to + (i * (m + 2) + j) * plane, lw_winograd_g(m, j, row));
  }
}

static void lw_winograd_filter_one(int m, const float *from, ptrdiff_t weight, int lanes, float *to, ptrdiff_t plane) {
  if (m == 2) lw_winograd_filter_square(2, from, weight, lanes, to, plane);
  else lw_winograd_filter_square(4, from, weight, lanes, to, plane);
}

// Rows of filters fetched ahead: they lie far apart in each of the nine taps, where no prefetcher sees them coming.
enum { LW_WINOGRAD_AHEAD = 8 };

// One vector of columns of a panel, from column j on: rows `rows` of it, ldt apart.
static void lw_winograd_filter_columns(const lw_winograd_filter *w, ptrdiff_t l0, ptrdiff_t l1, ptrdiff_t j, int lanes, float *to,
                                       ptrdiff_t ldt) {
  for (ptrdiff_t l = l0; l < l1; ++l) {
    const float *from = w->weights + l * w->ld + j;
    for (int t = 0; t < 9; ++t) __builtin_prefetch(from + t * w->weight + LW_WINOGRAD_AHEAD * w->ld, 0, 3);
    lw_winograd_filter_one(w->m, from, w->weight, lanes, to + l * ldt, w->plane);
  }
}

// The same from weights whose columns lie ld apart: sixteen rows of sixteen columns at a time, transposed.
static void lw_winograd_filter_turned(const lw_winograd_filter *w, ptrdiff_t j, int lanes, float *to, ptrdiff_t ldt) {
  float block[LW_WINOGRAD_SQUARE][VF][VF] = {{{0}}}, turned[VF][VF];
  const float *last = w->weights + 8 * w->weight;
  for (ptrdiff_t l = 0; l < w->k; l += VF) {
    const int rows = w->k - l < VF ? (int)(w->k - l) : VF;
    for (int column = 0; column < lanes; ++column)
      lw_winograd_filter_one(w->m, last + (j + column) * w->ld + l, -w->weight, rows, block[0][column], VF * VF);
    for (int x = 0; x < (w->m + 2) * (w->m + 2); ++x) {
      float *whole = to + x * w->plane + l * ldt;
      lw_transpose_16x16(block[x][0], VF, rows == VF ? whole : turned[0], rows == VF ? ldt : VF);
      for (int r = 0; r < rows && rows < VF; ++r) vf_store(whole + r * ldt, vf_load(turned[r]));
    }
  }
}

static void lw_winograd_filter_run(const lw_winograd_filter *w) {
  const ptrdiff_t wide = VF * w->width, step = w->turned ? w->k : LW_WINOGRAD_AHEAD;
  for (ptrdiff_t l = 0; l < w->k; l += step) {
    for (ptrdiff_t j = 0; j < w->n; j += VF) {
      const ptrdiff_t panel = j / wide * wide, left = w->n - panel;
      const ptrdiff_t ldt = left < wide ? (left + VF - 1) / VF * VF : wide;
      const int lanes = w->n - j < VF ? (int)(w->n - j) : VF;
      float *to = w->to + panel * w->k + (j - panel);
      if (w->turned) lw_winograd_filter_turned(w, j, lanes, to, ldt);
      else lw_winograd_filter_columns(w, l, w->k - l < step ? w->k : l + step, j, lanes, to, ldt);
    }
  }
}
