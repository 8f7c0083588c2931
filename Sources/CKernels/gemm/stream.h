// A few rows (r <= 4) times a large B in place: B is read once, in the order it lies in memory; the running sums stay in
// the first-level cache. Each element is still one chain over ascending k.

// Strips of columns: as wide as the running sums (8 KB) and two groups of rows of B in the first-level cache allow. The
// wider the strip, the longer the pieces in which B is read.
LW_INLINE ptrdiff_t lw_stream_columns(int r) { return r == 1 ? 1024 : 2048 / r / VF * VF; }

// Rows of B that go through the sums together. Few for one row, where B's memory is the limit and each row of B is a stream
// to the prefetcher; more where loading and storing the sums of several rows would count.
LW_INLINE int lw_stream_group(int r) { return r == 1 ? 2 : 4; }

// How many rows ahead B is asked for, into the second-level cache: rows whose distance is a multiple of a page would push
// each other out of the first. Without it the hardware stops at the end of a strip (GFLOPS on Zen 3, one row, B in the
// third-level cache: 500 columns 37 instead of 33, one half of 1024 columns 32 instead of 26, all of them 36 and 35).
enum { LW_STREAM_AHEAD = 2 };

// sums[i][0..<lanes] continue their chains over u rows of B. factor[i][l] is a[i][l] in every lane.
LW_INLINE void lw_stream_step(int r, int u, int lanes, vf factor[4][4], const float *b, ptrdiff_t ldb, float *sums,
                              ptrdiff_t lds) {
  vf acc[4];
  LW_UNROLL for (int i = 0; i < r; ++i) acc[i] = vf_load(sums + i * lds);
  LW_UNROLL for (int l = 0; l < u; ++l) {
    __builtin_prefetch(b + (l + LW_STREAM_AHEAD) * ldb, 0, 2);
    const vf row = lanes == VF ? vf_load(b + l * ldb) : vf_load_n(b + l * ldb, lanes);
    LW_UNROLL for (int i = 0; i < r; ++i) acc[i] = vf_fma(factor[i][l], row, acc[i]);
  }
  LW_UNROLL for (int i = 0; i < r; ++i) vf_store(sums + i * lds, acc[i]);
}

// The same for all columns of this strip.
LW_INLINE void lw_stream_rows(int r, int u, const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb,
                              ptrdiff_t columns, float *sums, ptrdiff_t lds) {
  vf factor[4][4];
  LW_UNROLL for (int i = 0; i < r; ++i)
    LW_UNROLL for (int l = 0; l < u; ++l) factor[i][l] = vf_bcast(a + i * lda + l);
  ptrdiff_t j = 0;
  for (; j + VF <= columns; j += VF) lw_stream_step(r, u, VF, factor, b + j, ldb, sums + j, lds);
  if (j < columns) lw_stream_step(r, u, (int)(columns - j), factor, b + j, ldb, sums + j, lds);
}

LW_INLINE void lw_stream_strip(int r, const lw_gemm_block *g, ptrdiff_t j, ptrdiff_t columns) {
  _Alignas(64) float sums[2048];
  const ptrdiff_t lds = lw_stream_columns(r);
  for (int i = 0; i < r; ++i)
    for (ptrdiff_t l = 0; l < columns; l += VF) vf_store(sums + i * lds + l, vf_zero());
  const float *a = g->a, *b = g->b + j;
  ptrdiff_t l = 0;
  const int u = lw_stream_group(r);
  for (; l + u <= g->k; l += u) lw_stream_rows(r, u, a + l, g->lda, b + l * g->ldb, g->ldb, columns, sums, lds);
  for (; l < g->k; ++l) lw_stream_rows(r, 1, a + l, g->lda, b + l * g->ldb, g->ldb, columns, sums, lds);

  lw_gemm_epilogue here;
  const lw_gemm_sums s = {.m = r, .n = columns, .p = sums, .ld = lds, .count = 1, .stride = 0};
  lw_gemm_join(&s, g->c + j, g->ldc, g->alpha, g->beta, lw_gemm_epilogue_at(g->epilogue, 0, j, &here));
}

static void lw_gemm_stream_run(const lw_gemm_block *g) {
  if (g->packed) { lw_stream_panels(g); return; }
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
