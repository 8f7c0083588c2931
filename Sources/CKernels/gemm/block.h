// One block of a product: k <= LW_GEMM_KC, any m and n, cut into register tiles.

// A panel: the columns of B that one column of tiles needs.
typedef struct {
  const float *b; ptrdiff_t ldb;
  ptrdiff_t j, columns;
  int width;
} lw_panel;

// The panel that starts at column j. A whole vector may be read at the edge of B only when B is packed (the panel is
// padded there); of B in place, the last 1...15 columns are a panel of their own, copied to `edge`.
static lw_panel lw_panel_at(const lw_gemm_block *g, ptrdiff_t j, const float *edge) {
  const ptrdiff_t left = g->n - j, most = VF * g->width;
  lw_panel p = {.j = j, .columns = left < most ? left : most};
  if (!g->packed && p.columns > VF) p.columns -= p.columns % VF;
  p.width = (int)((p.columns + VF - 1) / VF);
  if (g->packed) { p.b = g->b + j * g->k; p.ldb = VF * p.width; }
  else if (p.columns < VF) { p.b = edge; p.ldb = VF; }
  else { p.b = g->b + j; p.ldb = g->ldb; }
  return p;
}

// Tiles of equal height: 7 + 7 rows, not 12 + 2. Tile t is the first `higher` ones' height + 1 rows, or height.
typedef struct { ptrdiff_t count, height, higher; } lw_tile_heights;

static lw_tile_heights lw_block_heights(const lw_gemm_block *g) {
  const int most = lw_tuning.rows[g->width - 1];
  const ptrdiff_t count = (g->m + most - 1) / most;
  return (lw_tile_heights){count, g->m / count, g->m % count};
}

static void lw_block_tile(const lw_gemm_block *g, const lw_panel *p, ptrdiff_t i, ptrdiff_t rows, const lw_gathered *gathered) {
  lw_gemm_epilogue here;
  const lw_tile_a kind = gathered ? LW_A_GATHERED : g->transposed ? LW_A_COLUMNS : LW_A_ROWS;
  const lw_tile tile = {
      .k = g->k, .a = g->a + (g->transposed ? i : i * g->lda), .lda = g->lda,
      .runs = gathered ? gathered->runs : NULL, .run_count = gathered ? gathered->count : 0, .b = p->b, .ldb = p->ldb,
      .c = g->c + i * g->ldc + p->j, .ldc = g->ldc, .columns = p->columns,
      .alpha = g->alpha, .beta = g->beta, .epilogue = lw_gemm_epilogue_at(g->epilogue, i, p->j, &here)};
  lw_tiles[kind][p->width - 1][rows - 1](&tile);
}

// All panels of B for each tile of rows.
static void lw_block_by_rows(const lw_gemm_block *g, const lw_tile_heights *tiles, const float *edge) {
  lw_patch_reader reader;
  if (g->patches) lw_patch_reader_init(&reader, g->patches, g->patch_row, g->patch_column, g->k);
  for (ptrdiff_t t = 0, i = 0, rows; t < tiles->count; i += rows, ++t) {
    rows = tiles->height + (t < tiles->higher);
    const lw_gathered *gathered = g->patches ? lw_patch_reader_next(&reader, (int)rows) : NULL;
    for (ptrdiff_t j = 0; j < g->n;) {
      const lw_panel p = lw_panel_at(g, j, edge);
      lw_block_tile(g, &p, i, rows, gathered);
      j += p.columns;
    }
  }
}

// All tiles of rows for each panel of B.
static void lw_block_by_panels(const lw_gemm_block *g, const lw_tile_heights *tiles, const float *edge) {
  for (ptrdiff_t j = 0; j < g->n;) {
    const lw_panel p = lw_panel_at(g, j, edge);
    for (ptrdiff_t t = 0, i = 0, rows; t < tiles->count; i += rows, ++t) {
      rows = tiles->height + (t < tiles->higher);
      lw_block_tile(g, &p, i, rows, NULL);
    }
    j += p.columns;
  }
}

// The last `tail` columns of B. Where rows follow each other without a gap, the vector that begins with them ends in the next row.
static void lw_copy_edge(const lw_gemm_block *g, int tail, float *edge) {
  const float *b = g->b + g->n - tail;
  ptrdiff_t l = 0;
  if (g->ldb == g->n && g->n >= VF)
    for (; l + 1 < g->k; ++l) vf_store(edge + l * VF, vf_load(b + l * g->ldb));
  for (; l < g->k; ++l) vf_store(edge + l * VF, vf_load_n(b + l * g->ldb, tail));
}

static void lw_gemm_block_run(const lw_gemm_block *g) {
  float edge[LW_GEMM_KC * VF];
  const int tail = g->packed ? 0 : (int)(g->n % VF);
  if (tail) lw_copy_edge(g, tail, edge);
  const lw_tile_heights tiles = lw_block_heights(g);
  if (g->panels_outside) lw_block_by_panels(g, &tiles, edge);
  else lw_block_by_rows(g, &tiles, edge);
}
