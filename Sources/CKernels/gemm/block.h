// One block of a product: k <= LW_GEMM_KC, any m and n, cut into register tiles.

// A panel: the columns of B that one column of tiles needs.
typedef struct {
  const float *b; ptrdiff_t ldb;
  const float *rest; ptrdiff_t ld_rest;  // the columns beyond the first vector, when the tiles are a vector and a half wide
  ptrdiff_t j, columns;
  int width;
} lw_panel;

// A block, its last columns where they cannot be read in B (see lw_panel_at), and how many columns at the end of B go through
// tiles of a vector and a half: 17...24, or none.
typedef struct { const lw_gemm_block *g; const float *edge; ptrdiff_t half_columns; } lw_block;

static ptrdiff_t lw_half_columns(const lw_gemm_block *g) {
  const ptrdiff_t rest = g->n % VF;
  return lw_tuning.half_rows > 0 && g->width == 1 && g->n > VF && 0 < rest && rest <= VF / 2 ? VF + rest : 0;
}

// The panel that starts at column j. A whole vector may be read at the edge of B only when B is packed (the panel is
// padded there); of B in place, the last 1...15 columns are a panel of their own, copied to `edge`.
static lw_panel lw_panel_at(const lw_block *block, ptrdiff_t j) {
  const lw_gemm_block *g = block->g;
  const ptrdiff_t left = g->n - j, most = VF * g->width;
  if (left == block->half_columns) {
    if (g->packed) return (lw_panel){g->b + j * g->k, VF, g->b + (j + VF) * g->k, VF, j, left, 1};
    return (lw_panel){g->b + j, g->ldb, block->edge, VF, j, left, 1};
  }
  lw_panel p = {.j = j, .columns = left < most ? left : most};
  if (!g->packed && p.columns > VF) p.columns -= p.columns % VF;
  p.width = (int)((p.columns + VF - 1) / VF);
  if (g->packed) { p.b = g->b + j * g->k; p.ldb = VF * p.width; }
  else if (p.columns < VF) { p.b = block->edge; p.ldb = VF; }
  else { p.b = g->b + j; p.ldb = g->ldb; }
  return p;
}

// Tiles of equal height: 7 + 7 rows, not 12 + 2. Tile t is the first `higher` ones' height + 1 rows, or height.
typedef struct { ptrdiff_t count, height, higher; } lw_tile_heights;

static lw_tile_heights lw_heights_of(ptrdiff_t m, int most) {
  const ptrdiff_t count = (m + most - 1) / most;
  return (lw_tile_heights){count, m / count, m % count};
}

static void lw_block_tile(const lw_gemm_block *g, const lw_panel *p, ptrdiff_t i, ptrdiff_t rows, const lw_gathered *gathered) {
  lw_gemm_epilogue here;
  const lw_tile_a kind = gathered ? LW_A_GATHERED : g->transposed ? LW_A_COLUMNS : LW_A_ROWS;
  const lw_tile tile = {
      .k = g->k, .a = g->a + (g->transposed ? i : i * g->lda), .lda = g->lda,
      .runs = gathered ? gathered->runs : NULL, .run_count = gathered ? gathered->count : 0, .b = p->b, .ldb = p->ldb,
      .rest = p->rest, .ld_rest = p->ld_rest,
      .c = g->c + i * g->ldc + p->j, .ldc = g->ldc, .columns = p->columns,
      .alpha = g->alpha, .beta = g->beta, .epilogue = lw_gemm_epilogue_at(g->epilogue, i, p->j, &here)};
  if (p->rest) lw_half_tiles[kind][rows - 1](&tile);
  else lw_tiles[kind][p->width - 1][rows - 1](&tile);
}

// All panels of the columns from ..< to of B for each tile of rows.
static void lw_block_by_rows(const lw_block *block, const lw_tile_heights *tiles, ptrdiff_t from, ptrdiff_t to) {
  const lw_gemm_block *g = block->g;
  lw_patch_reader reader;
  if (g->patches) lw_patch_reader_init(&reader, g->patches, g->patch_row, g->patch_column, g->k);
  for (ptrdiff_t t = 0, i = 0, rows; t < tiles->count; i += rows, ++t) {
    rows = tiles->height + (t < tiles->higher);
    const lw_gathered *gathered = g->patches ? lw_patch_reader_next(&reader, (int)rows) : NULL;
    for (ptrdiff_t j = from; j < to;) {
      const lw_panel p = lw_panel_at(block, j);
      lw_block_tile(g, &p, i, rows, gathered);
      j += p.columns;
    }
  }
}

// All tiles of rows for each of these panels.
static void lw_block_by_panels(const lw_block *block, const lw_tile_heights *tiles, ptrdiff_t from, ptrdiff_t to) {
  for (ptrdiff_t j = from; j < to;) {
    const lw_panel p = lw_panel_at(block, j);
    for (ptrdiff_t t = 0, i = 0, rows; t < tiles->count; i += rows, ++t) {
      rows = tiles->height + (t < tiles->higher);
      lw_block_tile(block->g, &p, i, rows, NULL);
    }
    j += p.columns;
  }
}

// The columns from ..< to, whose tiles have at most this many rows.
static void lw_block_columns(const lw_block *block, int most, ptrdiff_t from, ptrdiff_t to) {
  if (from == to) return;
  const lw_gemm_block *g = block->g;
  const lw_tile_heights tiles = lw_heights_of(g->m, most);
  // One panel is found once, not for each tile.
  if (g->panels_outside || (!g->patches && to - from <= VF * g->width)) lw_block_by_panels(block, &tiles, from, to);
  else lw_block_by_rows(block, &tiles, from, to);
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
  const lw_block block = {g, edge, lw_half_columns(g)};
  lw_block_columns(&block, lw_tuning.rows[g->width - 1], 0, g->n - block.half_columns);
  lw_block_columns(&block, lw_tuning.half_rows, g->n - block.half_columns, g->n);
}
