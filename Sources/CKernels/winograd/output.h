// Y = f(A^T M A + bias + residual): the products of every tile, transformed, to the image.

// What of a tile lies inside the image, and where.
typedef struct {
  const float *from;
  ptrdiff_t pixel;  // of its first output
  int rows, columns;
} lw_winograd_outputs;

// The filters j ..< j + lanes of an output. `is_relu` and, but for the last filters, `lanes` are literals.
LW_INLINE void lw_winograd_finish(const lw_winograd_output *w, ptrdiff_t pixel, ptrdiff_t j, int lanes, int is_relu, vf t) {
  const lw_gemm_epilogue *e = w->epilogue;
  if (e && e->bias) t = vf_add(t, lanes == VF ? vf_load(e->bias + j) : vf_load_n(e->bias + j, lanes));
  if (e && e->residual) {
    const float *residual = e->residual + pixel * e->ldr + j;
    t = vf_add(t, lanes == VF ? vf_load(residual) : vf_load_n(residual, lanes));
  }
  if (is_relu) t = vf_relu(t);
  float *to = w->y + pixel * w->ldy + j;
  if (lanes == VF) vf_store(to, t); else vf_store_n(to, t, lanes);
}

// Column x of the outputs of one tile, for the filters j ..< j + lanes: at most m + 2 vectors live at a time.
LW_INLINE void lw_winograd_output_column(int m, int x, const lw_winograd_output *w, const lw_winograd_outputs *tile,
                                         ptrdiff_t j, int lanes, int is_relu) {
  vf s[LW_WINOGRAD_POINTS];
  LW_UNROLL for (int i = 0; i < m + 2; ++i) {
    vf row[LW_WINOGRAD_POINTS];
    LW_UNROLL for (int k = 0; k < m + 2; ++k) row[k] = vf_load(tile->from + j + (i * (m + 2) + k) * w->plane);
    s[i] = lw_winograd_at(m, x, row);
  }
  LW_UNROLL for (int y = 0; y < m; ++y)
    if (y < tile->rows) lw_winograd_finish(w, tile->pixel + y * w->width + x, j, lanes, is_relu, lw_winograd_at(m, y, s));
}

LW_INLINE void lw_winograd_output_vector(int m, const lw_winograd_output *w, const lw_winograd_outputs *tile, ptrdiff_t j,
                                         int lanes, int is_relu) {
  LW_UNROLL for (int x = 0; x < m; ++x)
    if (x < tile->columns) lw_winograd_output_column(m, x, w, tile, j, lanes, is_relu);
}

LW_INLINE void lw_winograd_output_tile(int m, const lw_winograd_output *w, const lw_winograd_outputs *tile, int is_relu) {
  ptrdiff_t j = 0;
  for (; j + VF <= w->filters; j += VF) lw_winograd_output_vector(m, w, tile, j, VF, is_relu);
  if (j < w->filters) lw_winograd_output_vector(m, w, tile, j, (int)(w->filters - j), is_relu);
}

// The costlier activations, in place, while the tile is in the nearest cache.
static void lw_winograd_activate(const lw_winograd_output *w, const lw_winograd_outputs *tile) {
  for (int y = 0; y < tile->rows; ++y)
    for (int x = 0; x < tile->columns; ++x) {
      float *to = w->y + (tile->pixel + y * w->width + x) * w->ldy;
      lw_activate(w->epilogue->activation, w->epilogue->activation_alpha, (size_t)w->filters, to, to);
    }
}

static void lw_winograd_output_run(const lw_winograd_output *w) {
  const lw_winograd_tiles *tiles = &w->tiles;
  const ptrdiff_t m = tiles->m;
  const lw_activation activation = w->epilogue ? w->epilogue->activation : LW_LINEAR;
  for (lw_winograd_cursor at = lw_winograd_start(tiles); at.left > 0; lw_winograd_advance(tiles, &at)) {
    const ptrdiff_t rows = w->height - at.row * m, first = (at.image * w->height + at.row * m) * w->width;
    for (ptrdiff_t tile = 0; tile < at.tiles; ++tile) {
      const ptrdiff_t column = (at.column + tile) * m, columns = w->width - column;
      const lw_winograd_outputs here = {.from = w->from + (at.done + tile) * w->ld, .pixel = first + column,
                                        .rows = (int)(rows < m ? rows : m), .columns = (int)(columns < m ? columns : m)};
      if (m == 2 && activation == LW_RELU) lw_winograd_output_tile(2, w, &here, 1);
      else if (m == 2) lw_winograd_output_tile(2, w, &here, 0);
      else if (activation == LW_RELU) lw_winograd_output_tile(4, w, &here, 1);
      else lw_winograd_output_tile(4, w, &here, 0);
      if (activation != LW_LINEAR && activation != LW_RELU) lw_winograd_activate(w, &here);
    }
  }
}
