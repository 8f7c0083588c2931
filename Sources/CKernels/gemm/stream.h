// A few rows (r <= 4) times a large B in place: B is read once, in the order it lies in memory; the running sums stay in
// the first-level cache. Each element is still one chain over ascending k.

// Running sums of a strip of columns: 8 KB. With one row the strip is 2048 columns wide: a strip of 512 would read B in
// pieces of 2 KB, too short for the hardware prefetcher (26 instead of 36 GFLOPS at 1x1024x1024 on Zen 3).
enum { LW_STREAM_SUMS = 2048 };
// Rows of B in flight: each is a stream of its own to the prefetcher, and eight are slower than four.
enum { LW_STREAM_ROWS = 4 };

// Columns of a strip, for r rows.
LW_INLINE ptrdiff_t lw_stream_columns(int r) { return LW_STREAM_SUMS / r / VF * VF; }

// sums[i][j] continues its chain over u rows of B, for the columns of this strip.
LW_INLINE void lw_stream_rows(int r, int u, const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb,
                              ptrdiff_t columns, float *sums, ptrdiff_t lds) {
  for (ptrdiff_t j = 0; j < columns; j += VF) {
    const int lanes = columns - j < VF ? (int)(columns - j) : VF;
    vf acc[4];
    LW_UNROLL for (int i = 0; i < r; ++i) acc[i] = vf_load(sums + i * lds + j);
    LW_UNROLL for (int l = 0; l < u; ++l) {
      const vf row = lanes == VF ? vf_load(b + l * ldb + j) : vf_load_n(b + l * ldb + j, lanes);
      LW_UNROLL for (int i = 0; i < r; ++i) acc[i] = vf_fma(vf_bcast(a + i * lda + l), row, acc[i]);
    }
    LW_UNROLL for (int i = 0; i < r; ++i) vf_store(sums + i * lds + j, acc[i]);
  }
}

LW_INLINE void lw_stream_strip(int r, const lw_gemm_block *g, ptrdiff_t j, ptrdiff_t columns) {
  float sums[LW_STREAM_SUMS];
  const ptrdiff_t lds = lw_stream_columns(r);
  for (int i = 0; i < r; ++i)
    for (ptrdiff_t l = 0; l < columns; l += VF) vf_store(sums + i * lds + l, vf_zero());
  const float *a = g->a, *b = g->b + j;
  ptrdiff_t l = 0;
  for (; l + LW_STREAM_ROWS <= g->k; l += LW_STREAM_ROWS)
    lw_stream_rows(r, LW_STREAM_ROWS, a + l, g->lda, b + l * g->ldb, g->ldb, columns, sums, lds);
  for (; l < g->k; ++l) lw_stream_rows(r, 1, a + l, g->lda, b + l * g->ldb, g->ldb, columns, sums, lds);

  lw_gemm_epilogue here;
  if (g->epilogue) {
    here = *g->epilogue;
    if (here.bias) here.bias += j;
    if (here.residual) here.residual += j;
  }
  const lw_gemm_sums s = {.m = r, .n = columns, .p = sums, .ld = lds, .count = 1, .stride = 0};
  lw_gemm_join(&s, g->c + j, g->ldc, g->alpha, g->beta, g->epilogue ? &here : NULL);
}

static void lw_gemm_stream_run(const lw_gemm_block *g) {
  const ptrdiff_t strip = lw_stream_columns((int)g->m);
  for (ptrdiff_t j = 0; j < g->n; j += strip) {
    const ptrdiff_t columns = g->n - j < strip ? g->n - j : strip;
    switch (g->m) {
      case 1: lw_stream_strip(1, g, j, columns); break;
      case 2: lw_stream_strip(2, g, j, columns); break;
      case 3: lw_stream_strip(3, g, j, columns); break;
      default: lw_stream_strip(4, g, j, columns);
    }
  }
}
