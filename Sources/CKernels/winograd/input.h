// V = B^T d B: the patch of every tile, transformed.
//
// Work goes along a strip: tiles side by side in one row of tiles, sixteen channels at a time. Row i of B^T is applied to the
// columns of the image, one after the other, and the m + 2 columns of a tile then go through B; neighbours share two columns,
// which stay in registers. With i outside the loop over tiles at most m + 2 vectors live at a time: no spills on AVX2, where
// a vector takes two of sixteen registers. The price, each row of the image read up to m + 2 times, is paid in the nearest
// cache.

// A row of the image from column 0 on, columns `step` apart. A row outside the image is zeros with step 0.
typedef struct { const float *at; ptrdiff_t step; } lw_winograd_row;

typedef struct {
  lw_winograd_row rows[LW_WINOGRAD_POINTS];
  ptrdiff_t column, width;  // the first column of the first patch, maybe outside 0 ..< width
  ptrdiff_t tiles;
  float *to; ptrdiff_t ld, plane;
} lw_winograd_strip;

static const float lw_winograd_zeros[VF] = {0};

// Row i of B^T times one column of the image.
LW_INLINE vf lw_winograd_column(int m, int i, const lw_winograd_strip *s, ptrdiff_t column, int lanes) {
  vf d[LW_WINOGRAD_POINTS];
  LW_UNROLL for (int r = 0; r < m + 2; ++r) {
    const float *from = s->rows[r].at + column * s->rows[r].step;
    d[r] = lanes == VF ? vf_load(from) : vf_load_n(from, lanes);
  }
  return lw_winograd_bt(m, i, d);
}

LW_INLINE vf lw_winograd_padded_column(int m, int i, const lw_winograd_strip *s, ptrdiff_t column, int lanes) {
  return column >= 0 && column < s->width ? lw_winograd_column(m, i, s, column, lanes) : vf_zero();
}

// Row i of V for all tiles of a strip.
LW_INLINE void lw_winograd_input_row(int m, int i, const lw_winograd_strip *s, int lanes) {
  vf t[LW_WINOGRAD_POINTS];
  t[m] = lw_winograd_padded_column(m, i, s, s->column, lanes);
  t[m + 1] = lw_winograd_padded_column(m, i, s, s->column + 1, lanes);
  float *to = s->to + i * (m + 2) * s->plane;
  ptrdiff_t column = s->column + 2;
  for (ptrdiff_t tile = 0; tile < s->tiles; ++tile, column += m, to += s->ld) {
    t[0] = t[m]; t[1] = t[m + 1];
    if (column >= 0 && column + m <= s->width)
      LW_UNROLL for (int j = 0; j < m; ++j) t[2 + j] = lw_winograd_column(m, i, s, column + j, lanes);
    else
      LW_UNROLL for (int j = 0; j < m; ++j) t[2 + j] = lw_winograd_padded_column(m, i, s, column + j, lanes);
    LW_UNROLL for (int j = 0; j < m + 2; ++j) vf_store(to + j * s->plane, lw_winograd_bt(m, j, t));
  }
}

LW_INLINE void lw_winograd_input_rows(int m, const lw_winograd_strip *s, int lanes) {
  LW_UNROLL for (int i = 0; i < m + 2; ++i) lw_winograd_input_row(m, i, s, lanes);
}


// Asks for the rows of the image a strip is the first to read, in the order they lie in memory: sixteen channels at a time, as
// the transform reads them, the hardware does not foresee the next ones.
LW_INLINE void lw_winograd_fetch(int m, const lw_winograd_input *w, const float *x, ptrdiff_t row, const lw_winograd_strip *s) {
  const ptrdiff_t first = s->column > 0 ? s->column : 0, end = s->column + m * s->tiles + 2;
  const ptrdiff_t columns = (end < s->width ? end : s->width) - first;
  for (ptrdiff_t h = row * m - w->top + 2; h < row * m - w->top + m + 2; ++h) {
    if (h < 0 || h >= w->height) continue;
    const float *from = x + (h * w->width + first) * w->ldx;
    for (ptrdiff_t c = 0; c < columns * w->ldx; c += VF) __builtin_prefetch(from + c, 0, 2);
  }
}

// All channels of a strip in row `row` of the tiles of image x.
LW_INLINE void lw_winograd_input_strip(int m, const lw_winograd_input *w, const float *x, ptrdiff_t row, lw_winograd_strip s) {
  lw_winograd_fetch(m, w, x, row, &s);
  for (ptrdiff_t c = 0; c < w->channels; c += VF, s.to += VF) {
    for (int r = 0; r < m + 2; ++r) {
      const ptrdiff_t h = row * m - w->top + r;
      const int isInside = h >= 0 && h < w->height;
      s.rows[r] = isInside ? (lw_winograd_row){x + h * w->width * w->ldx + c, w->ldx} : (lw_winograd_row){lw_winograd_zeros, 0};
    }
    if (w->channels - c >= VF) lw_winograd_input_rows(m, &s, VF);
    else lw_winograd_input_rows(m, &s, (int)(w->channels - c));
  }
}

static void lw_winograd_input_run(const lw_winograd_input *w) {
  const lw_winograd_tiles *tiles = &w->tiles;
  for (lw_winograd_cursor at = lw_winograd_start(tiles); at.left > 0; lw_winograd_advance(tiles, &at)) {
    const float *x = w->x + at.image * w->height * w->width * w->ldx;
    const lw_winograd_strip s = {.column = at.column * tiles->m - w->left, .width = w->width, .tiles = at.tiles,
                                 .to = w->to + at.done * w->ld, .ld = w->ld, .plane = w->plane};
    if (tiles->m == 2) lw_winograd_input_strip(2, w, x, at.row, s);
    else lw_winograd_input_strip(4, w, x, at.row, s);
  }
}
