// The register tile: an r x 16w block of C, every element one chain of fused multiply-adds over ascending k.
//
// The accumulators stay in registers for the whole of k, so each step costs w loads of B, r broadcasts of A and r*w
// vf_fma. r, w, the kind of A and `half` are literals wherever lw_tile_body is called: the loops over them vanish and acc
// becomes registers.
//
// Where a vector is several registers, `half` adds the first 8 columns of another vector, and half the work of one.

enum { LW_TILE_ROWS = 14, LW_TILE_WIDTH = 4 };  // room for the largest tile of any tier

// How a tile finds op(A): rows lda apart; columns lda apart; or runs of columns, each with a pointer for each row.
typedef enum { LW_A_ROWS, LW_A_COLUMNS, LW_A_GATHERED } lw_tile_a;

// `count` columns that lie side by side in memory, for each row of a tile.
typedef struct { ptrdiff_t count; const float *rows[LW_TILE_ROWS]; } lw_run;

typedef struct {
  ptrdiff_t k;
  const float *a; ptrdiff_t lda;  // r rows of k values; columns: k rows of r values
  const lw_run *runs; ptrdiff_t run_count;  // gathered: k values altogether
  const float *b; ptrdiff_t ldb;  // k rows of 16w values, all of them readable
  const float *rest; ptrdiff_t ld_rest;  // half: k rows of 8 values, those to the right of b's
  float *c; ptrdiff_t ldc;        // r rows of `columns` values
  ptrdiff_t columns;              // what the tile computes beyond is dropped, less than its last vector
  float alpha, beta;
  const lw_gemm_epilogue *epilogue;
} lw_tile;

#define LW_TILE_A(i, l)                                                                                      \
  (kind == LW_A_GATHERED ? run[i] + (l) : kind == LW_A_COLUMNS ? a + (l) * lda + (i) : a + (i) * lda + (l))

// acc += column l of A times row l of B. The smaller of the two is fetched first and held.
#define LW_TILE_STEP(l)                                                                                    \
  if (w <= r) {                                                                                            \
    vf row[LW_TILE_WIDTH];                                                                                 \
    LW_UNROLL for (int v = 0; v < w; ++v) row[v] = vf_load(b + (l) * ldb + VF * v);                        \
    if (half) row[w] = vf_load(rest + (l) * ld_rest);                                                      \
    LW_UNROLL for (int i = 0; i < r; ++i) {                                                                \
      const vf ai = vf_bcast(LW_TILE_A(i, l));                                                             \
      LW_UNROLL for (int v = 0; v < w; ++v) acc[i][v] = vf_settle(vf_fma(ai, row[v], acc[i][v]));          \
      if (half) acc[i][w] = vf_settle_half(vf_fma(ai, row[w], acc[i][w]));                                 \
    }                                                                                                      \
  } else {                                                                                                 \
    vf column[LW_TILE_ROWS];                                                                               \
    LW_UNROLL for (int i = 0; i < r; ++i) column[i] = vf_bcast(LW_TILE_A(i, l));                         \
    LW_UNROLL for (int v = 0; v < w; ++v) {                                                                \
      const vf bv = vf_load(b + (l) * ldb + VF * v);                                                       \
      LW_UNROLL for (int i = 0; i < r; ++i) acc[i][v] = vf_settle(vf_fma(column[i], bv, acc[i][v]));       \
    }                                                                                                      \
  }

// On by s steps.
#define LW_TILE_ADVANCE(s)                                       \
  if (kind == LW_A_GATHERED) {                                   \
    LW_UNROLL for (int i = 0; i < r; ++i) run[i] += (s);         \
  } else {                                                       \
    a += kind == LW_A_COLUMNS ? (s) * lda : (s);                 \
  }                                                              \
  b += (s) * ldb;                                                \
  if (half) rest += (s) * ld_rest;

// The common ends of a chain, straight from the registers: to = p or to += p, and then what most layers of a network ask
// for. The same operations, in the same order, as lw_gemm_join.
LW_INLINE void lw_tile_put(float *to, vf p, int lanes, int accumulate, const float *bias, const float *residual, int relu) {
  const int whole = lanes == VF;
  if (accumulate) p = vf_add(whole ? vf_load(to) : vf_load_n(to, lanes), p);
  if (bias) p = vf_add(p, whole ? vf_load(bias) : vf_load_n(bias, lanes));
  if (residual) p = vf_add(p, whole ? vf_load(residual) : vf_load_n(residual, lanes));
  if (relu) p = vf_activate(LW_RELU, 0, p);
  if (whole) vf_store(to, p); else vf_store_n(to, p, lanes);
}

LW_INLINE void lw_tile_body(int r, int w, int half, lw_tile_a kind, const lw_tile *tile) {
  const float *a = tile->a, *b = tile->b, *rest = tile->rest;
  const ptrdiff_t lda = tile->lda, ldb = tile->ldb, ld_rest = tile->ld_rest, ldc = tile->ldc;
  const int vectors = w + half;
  float *const c = tile->c;
  vf acc[LW_TILE_ROWS][LW_TILE_WIDTH];
  LW_UNROLL for (int i = 0; i < r; ++i) {
    LW_UNROLL for (int v = 0; v < vectors; ++v) acc[i][v] = vf_zero();
    __builtin_prefetch(c + i * ldc, 1, 3);  // not needed before the end of the chain: by then it has arrived
  }

  // One run, unless A is gathered: the chain goes on from run to run.
  const ptrdiff_t runs = kind == LW_A_GATHERED ? tile->run_count : 1;
  LW_NOUNROLL for (ptrdiff_t n = 0; n < runs; ++n) {
    const float *run[LW_TILE_ROWS];
    if (kind == LW_A_GATHERED)
      LW_UNROLL for (int i = 0; i < r; ++i) run[i] = tile->runs[n].rows[i];
    const ptrdiff_t k = kind == LW_A_GATHERED ? tile->runs[n].count : tile->k;
    ptrdiff_t l = 0;
    LW_NOUNROLL for (; l + 4 <= k; l += 4) {
      LW_TILE_STEP(0) LW_TILE_STEP(1) LW_TILE_STEP(2) LW_TILE_STEP(3)
      LW_TILE_ADVANCE(4)
    }
    LW_NOUNROLL for (; l < k; ++l) {
      LW_TILE_STEP(0)
      LW_TILE_ADVANCE(1)
    }
  }

  const lw_gemm_epilogue *const e = tile->epilogue;
  if (tile->alpha != 1 || (tile->beta != 0 && tile->beta != 1) || (e && e->activation != LW_LINEAR && e->activation != LW_RELU)) {
    float sums[LW_TILE_ROWS * LW_TILE_WIDTH * VF];
    LW_UNROLL for (int i = 0; i < r; ++i)
      LW_UNROLL for (int v = 0; v < vectors; ++v) vf_store(sums + (i * vectors + v) * VF, acc[i][v]);
    const lw_gemm_sums s = {.m = r, .n = tile->columns, .p = sums, .ld = VF * vectors, .count = 1, .stride = 0};
    lw_gemm_join(&s, c, ldc, tile->alpha, tile->beta, e);
    return;
  }
  const int accumulate = tile->beta == 1, relu = e && e->activation == LW_RELU;
  const float *const bias = e ? e->bias : NULL, *residual = e ? e->residual : NULL;
  LW_UNROLL for (int i = 0; i < r; ++i) {
    LW_UNROLL for (int v = 0; v < vectors; ++v) {
      const int lanes = v < vectors - 1 ? VF : (int)(tile->columns - VF * (vectors - 1));
      lw_tile_put(c + i * ldc + VF * v, acc[i][v], lanes, accumulate, bias ? bias + VF * v : NULL,
                  residual ? residual + VF * v : NULL, relu);
    }
    if (residual) residual += e->ldr;
  }
}
#undef LW_TILE_STEP
#undef LW_TILE_ADVANCE
#undef LW_TILE_A

// Three functions for each height and width the tier lists, and tables to find them: lw_tiles[kind][w - 1][r - 1], and for
// tiles of a vector and a half lw_half_tiles[kind][r - 1].
#define LW_TILE_OF(name, r, w, half)                                                                             \
  static void lw_##name##_##r##x##w(const lw_tile *tile) { lw_tile_body(r, w, half, LW_A_ROWS, tile); }            \
  static void lw_##name##_columns_##r##x##w(const lw_tile *tile) { lw_tile_body(r, w, half, LW_A_COLUMNS, tile); } \
  static void lw_##name##_gathered_##r##x##w(const lw_tile *tile) { lw_tile_body(r, w, half, LW_A_GATHERED, tile); }
#define LW_TILE(r, w) LW_TILE_OF(tile, r, w, 0)
#define LW_TILE_ENTRY(r, w)                                                                               \
  [LW_A_ROWS][w - 1][r - 1] = lw_tile_##r##x##w, [LW_A_COLUMNS][w - 1][r - 1] = lw_tile_columns_##r##x##w, \
  [LW_A_GATHERED][w - 1][r - 1] = lw_tile_gathered_##r##x##w,
static const lw_gemm_tuning lw_tuning = LW_GEMM_TUNING;
LW_GEMM_TILES(LW_TILE)
static void (*const lw_tiles[3][LW_TILE_WIDTH][LW_TILE_ROWS])(const lw_tile *) = {LW_GEMM_TILES(LW_TILE_ENTRY)};

#define LW_HALF_TILE(r, w) LW_TILE_OF(half_tile, r, w, 1)
#define LW_HALF_TILE_ENTRY(r, w)                                                                       \
  [LW_A_ROWS][r - 1] = lw_half_tile_##r##x##w, [LW_A_COLUMNS][r - 1] = lw_half_tile_columns_##r##x##w, \
  [LW_A_GATHERED][r - 1] = lw_half_tile_gathered_##r##x##w,
LW_GEMM_HALF_TILES(LW_HALF_TILE)
static void (*const lw_half_tiles[3][LW_TILE_ROWS])(const lw_tile *) = {LW_GEMM_HALF_TILES(LW_HALF_TILE_ENTRY)};
