// U = G g G^T: every filter transformed, straight into the panels the matrix products read.

// The (m + 2)^2 values of sixteen filters whose weights are `weight` apart within a filter's 3 x 3 (negative: turned around).
LW_INLINE void lw_winograd_filter_vector(int m, const float *from, ptrdiff_t weight, int lanes, vf *u) {
  vf t[3][LW_WINOGRAD_POINTS];
  LW_UNROLL for (int s = 0; s < 3; ++s) {
    vf g[3];
    LW_UNROLL for (int r = 0; r < 3; ++r) g[r] = vf_load_n(from + (r * 3 + s) * weight, lanes);
    LW_UNROLL for (int i = 0; i < m + 2; ++i) t[s][i] = lw_winograd_g(m, i, g);
  }
  LW_UNROLL for (int i = 0; i < m + 2; ++i) {
    const vf row[3] = {t[0][i], t[1][i], t[2][i]};
    LW_UNROLL for (int j = 0; j < m + 2; ++j) u[i * (m + 2) + j] = lw_winograd_g(m, j, row);
  }
}

enum { LW_WINOGRAD_SQUARE = LW_WINOGRAD_POINTS * LW_WINOGRAD_POINTS };

// One vector of columns of a panel: k rows, ldt apart.
LW_INLINE void lw_winograd_filter_columns(int m, const lw_winograd_filter *w, ptrdiff_t j, int lanes, float *to, ptrdiff_t ldt) {
  for (ptrdiff_t l = 0; l < w->k; ++l) {
    vf u[LW_WINOGRAD_SQUARE];
    lw_winograd_filter_vector(m, w->weights + l * w->ld + j, w->weight, lanes, u);
    LW_UNROLL for (int x = 0; x < (m + 2) * (m + 2); ++x) vf_store(to + x * w->plane + l * ldt, u[x]);
  }
}

// The same from weights whose columns lie ld apart: sixteen rows of sixteen columns at a time, turned.
LW_INLINE void lw_winograd_filter_turned(int m, const lw_winograd_filter *w, ptrdiff_t j, int lanes, float *to, ptrdiff_t ldt) {
  float block[LW_WINOGRAD_SQUARE][VF][VF], turned[VF][VF];
  const float *last = w->weights + 8 * w->weight;
  for (ptrdiff_t l = 0; l < w->k; l += VF) {
    const int rows = w->k - l < VF ? (int)(w->k - l) : VF;
    for (int column = 0; column < VF; ++column) {
      vf u[LW_WINOGRAD_SQUARE];
      if (column < lanes) lw_winograd_filter_vector(m, last + (j + column) * w->ld + l, -w->weight, rows, u);
      LW_UNROLL for (int x = 0; x < (m + 2) * (m + 2); ++x) vf_store(block[x][column], column < lanes ? u[x] : vf_zero());
    }
    for (int x = 0; x < (m + 2) * (m + 2); ++x) {
      float *rowsTo = to + x * w->plane + l * ldt;
      if (rows == VF) { lw_transpose_16x16(block[x][0], VF, rowsTo, ldt); continue; }
      lw_transpose_16x16(block[x][0], VF, turned[0], VF);
      for (int r = 0; r < rows; ++r) vf_store(rowsTo + r * ldt, vf_load(turned[r]));
    }
  }
}

LW_INLINE void lw_winograd_filter_panels(int m, const lw_winograd_filter *w) {
  const ptrdiff_t wide = VF * w->width;
  for (ptrdiff_t j = 0; j < w->n; j += VF) {
    const ptrdiff_t panel = j / wide * wide, left = w->n - panel;
    const ptrdiff_t ldt = left < wide ? (left + VF - 1) / VF * VF : wide;
    const int lanes = w->n - j < VF ? (int)(w->n - j) : VF;
    float *to = w->to + panel * w->k + (j - panel);
    if (w->turned) lw_winograd_filter_turned(m, w, j, lanes, to, ldt);
    else lw_winograd_filter_columns(m, w, j, lanes, to, ldt);
  }
}

static void lw_winograd_filter_run(const lw_winograd_filter *w) {
  if (w->m == 2) lw_winograd_filter_panels(2, w); else lw_winograd_filter_panels(4, w);
}
