// Y = f(A^T M A + bias + residual): the products of every tile, transformed, to the image.

// What of a tile lies inside the image, and where.
typedef struct {
  const float *from;
  ptrdiff_t pixel;  // of its first output
  int rows, columns;
} lw_winograd_outputs;

// A^T M A of one tile for sixteen filters.
LW_INLINE void lw_winograd_output_square(int m, const float *from, ptrdiff_t plane, float *square) {
  vf s[4][LW_WINOGRAD_POINTS];
  LW_UNROLL for (int i = 0; i < m + 2; ++i) {
    vf row[LW_WINOGRAD_POINTS];
    LW_UNROLL for (int k = 0; k < m + 2; ++k) row[k] = vf_load(from + (i * (m + 2) + k) * plane);
    LW_UNROLL for (int x = 0; x < m; ++x) s[x][i] = lw_winograd_at(m, x, row);
  }
  LW_UNROLL for (int y = 0; y < m; ++y)
    LW_UNROLL for (int x = 0; x < m; ++x) vf_store(square + (y * m + x) * VF, lw_winograd_at(m, y, s[x]));
}

static void lw_winograd_output_2(const float *from, ptrdiff_t plane, float *square) {
  lw_winograd_output_square(2, from, plane, square);
}

static void lw_winograd_output_4(const float *from, ptrdiff_t plane, float *square) {
  lw_winograd_output_square(4, from, plane, square);
}

// The filters j ..< j + lanes of one tile, from its transformed square to the image.
static void lw_winograd_finish(const lw_winograd_output *w, const lw_winograd_outputs *tile, const float *square, ptrdiff_t j,
                               int lanes) {
  const lw_gemm_epilogue *e = w->epilogue;
  const int isWhole = lanes == VF;
  const vf bias = e && e->bias ? vf_load_n(e->bias + j, lanes) : vf_zero();
  for (int y = 0; y < tile->rows; ++y) {
    for (int x = 0; x < tile->columns; ++x) {
      const ptrdiff_t pixel = tile->pixel + y * w->width + x;
      vf t = vf_load(square + (y * w->tiles.m + x) * VF);
      if (e) {
        if (e->bias) t = vf_add(t, bias);
        const float *residual = e->residual ? e->residual + pixel * e->ldr + j : NULL;
        if (residual) t = vf_add(t, isWhole ? vf_load(residual) : vf_load_n(residual, lanes));
        t = vf_activate(e->activation, e->activation_alpha, t);
      }
      float *to = w->y + pixel * w->ldy + j;
      if (isWhole) vf_store(to, t); else vf_store_n(to, t, lanes);
    }
  }
}

static void lw_winograd_output_tile(const lw_winograd_output *w, const lw_winograd_outputs *tile) {
  float square[16 * VF];
  for (ptrdiff_t j = 0; j < w->filters; j += VF) {
    if (w->tiles.m == 2) lw_winograd_output_2(tile->from + j, w->plane, square);
    else lw_winograd_output_4(tile->from + j, w->plane, square);
    const ptrdiff_t left = w->filters - j;
    lw_winograd_finish(w, tile, square, j, left < VF ? (int)left : VF);
  }
}

static void lw_winograd_output_run(const lw_winograd_output *w) {
  const lw_winograd_tiles *tiles = &w->tiles;
  const ptrdiff_t m = tiles->m;
  for (lw_winograd_cursor at = lw_winograd_start(tiles); at.left > 0; lw_winograd_advance(tiles, &at)) {
    const ptrdiff_t rows = w->height - at.row * m, first = (at.image * w->height + at.row * m) * w->width;
    for (ptrdiff_t tile = 0; tile < at.tiles; ++tile) {
      const ptrdiff_t column = (at.column + tile) * m, columns = w->width - column;
      const lw_winograd_outputs here = {.from = w->from + (at.done + tile) * w->ld, .pixel = first + column,
                                        .rows = (int)(rows < m ? rows : m), .columns = (int)(columns < m ? columns : m)};
      lw_winograd_output_tile(w, &here);
    }
  }
}
