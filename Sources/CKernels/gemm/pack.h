// Copies into the layouts the tiles like best. Each takes its source plain or transposed, so that no product needs a
// transposition of its own.

// to[i][l] = from[l][i] for i < m, l < k, in 16 x 16 blocks and a rest.
static void lw_transpose(ptrdiff_t m, ptrdiff_t k, const float *from, ptrdiff_t ldf, float *to, ptrdiff_t ldt) {
  const ptrdiff_t whole_m = m - m % VF, whole_k = k - k % VF;
  for (ptrdiff_t i = 0; i < whole_m; i += VF)
    for (ptrdiff_t l = 0; l < whole_k; l += VF) lw_transpose_16x16(from + l * ldf + i, ldf, to + i * ldt + l, ldt);
  for (ptrdiff_t i = 0; i < m; ++i)
    for (ptrdiff_t l = i < whole_m ? whole_k : 0; l < k; ++l) to[i * ldt + l] = from[l * ldf + i];
}

// The m x k matrix op(A), row-major without gaps.
static void lw_gemm_pack_a(ptrdiff_t m, ptrdiff_t k, const float *a, ptrdiff_t lda, int transposed, float *to) {
  if (transposed) { lw_transpose(m, k, a, lda, to, k); return; }
  for (ptrdiff_t i = 0; i < m; ++i) {
    ptrdiff_t l = 0;
    for (; l + VF <= k; l += VF) vf_store(to + i * k + l, vf_load(a + i * lda + l));
    if (l < k) vf_store_n(to + i * k + l, vf_load_n(a + i * lda + l, (int)(k - l)), (int)(k - l));
  }
}

// Rows l ..< l + count of a panel of B: 16*width values each, of which those from `columns` on are zero.
static void lw_pack_rows(ptrdiff_t l, ptrdiff_t count, ptrdiff_t columns, int width, const float *b, ptrdiff_t ldb, float *to) {
  const ptrdiff_t ldt = VF * width;
  for (ptrdiff_t end = l + count; l < end; ++l) {
    for (int v = 0; v < width; ++v) {
      const ptrdiff_t left = columns - VF * v;
      const float *from = b + l * ldb + VF * v;
      vf_store(to + l * ldt + VF * v, left >= VF ? vf_load(from) : vf_load_n(from, (int)left));
    }
  }
}

// One panel of the transpose of b: k rows of 16*width values.
static void lw_pack_transposed(ptrdiff_t k, ptrdiff_t columns, int width, const float *b, ptrdiff_t ldb, float *to) {
  const ptrdiff_t ldt = VF * width;
  lw_transpose(k, columns, b, ldb, to, ldt);
  for (ptrdiff_t l = 0; l < k && columns < ldt; ++l)
    for (ptrdiff_t j = columns; j < ldt; ++j) to[l * ldt + j] = 0;
}

// Rows of B that are read side by side, each from end to end: a panel at a time would read a line of every row, far apart, which
// is slow where B is not in a near cache.
enum { LW_PACK_ROWS = 4 };

// The k x n matrix op(B) as panels one after the other, the last one only as many vectors wide as it needs.
static void lw_gemm_pack_b(ptrdiff_t k, ptrdiff_t n, int width, const float *b, ptrdiff_t ldb, int transposed, float *to) {
  const ptrdiff_t together = transposed ? k : LW_PACK_ROWS;
  for (ptrdiff_t l = 0; l < k; l += together) {
    const ptrdiff_t rows = k - l < together ? k - l : together;
    for (ptrdiff_t j = 0; j < n; j += VF * width) {
      const ptrdiff_t left = n - j, columns = left < VF * width ? left : VF * width;
      const int vectors = (int)((columns + VF - 1) / VF);
      if (transposed) lw_pack_transposed(k, columns, vectors, b + j * ldb, ldb, to + j * k);
      else lw_pack_rows(l, rows, columns, vectors, b + j, ldb, to + j * k);
    }
  }
}
