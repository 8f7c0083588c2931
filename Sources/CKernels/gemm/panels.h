// One or two rows times a B packed in panels one vector wide. A panel by itself gives a row one vector of chains, which on
// AVX2 and NEON is too few to hide the latency of the additions (26 GFLOPS on Zen 3, B in the third-level cache). So
// several panels go side by side (36 GFLOPS): each is one sequential stream, and the sums stay in registers.

enum { LW_PANELS_SUMS = 4 };  // vectors of sums in flight, for all rows

LW_INLINE void lw_panels_body(int r, int panels, const lw_gemm_block *g, ptrdiff_t j) {
  const float *const a = g->a, *const b = g->b + j * g->k;
  const ptrdiff_t stride = VF * g->k;
  vf acc[2][LW_PANELS_SUMS];
  LW_UNROLL for (int i = 0; i < r; ++i)
    LW_UNROLL for (int p = 0; p < panels; ++p) acc[i][p] = vf_zero();
  LW_NOUNROLL for (ptrdiff_t l = 0; l < g->k; ++l) {
    vf ai[2];
    LW_UNROLL for (int i = 0; i < r; ++i) ai[i] = vf_bcast(a + i * g->lda + l);
    LW_UNROLL for (int p = 0; p < panels; ++p) {
      const vf row = vf_load(b + p * stride + VF * l);
      LW_UNROLL for (int i = 0; i < r; ++i) acc[i][p] = vf_fma(ai[i], row, acc[i][p]);
    }
  }

  float sums[LW_PANELS_SUMS * VF];
  LW_UNROLL for (int i = 0; i < r; ++i)
    LW_UNROLL for (int p = 0; p < panels; ++p) vf_store(sums + (i * panels + p) * VF, acc[i][p]);
  lw_gemm_epilogue here;
  const ptrdiff_t left = g->n - j, columns = left < VF * panels ? left : VF * panels;
  const lw_gemm_sums s = {.m = r, .n = columns, .p = sums, .ld = VF * panels, .count = 1, .stride = 0};
  lw_gemm_join(&s, g->c + j, g->ldc, g->alpha, g->beta, lw_gemm_epilogue_at(g->epilogue, 0, j, &here));
}

// Panels from column j on, as many as go side by side; returns the column after them.
static ptrdiff_t lw_panels_step(const lw_gemm_block *g, ptrdiff_t j) {
  const ptrdiff_t left = (g->n - j + VF - 1) / VF, most = LW_PANELS_SUMS / g->m, panels = left < most ? left : most;
  if (g->m == 2) {
    if (panels == 1) lw_panels_body(2, 1, g, j); else lw_panels_body(2, 2, g, j);
  } else {
    switch (panels) {
      case 1: lw_panels_body(1, 1, g, j); break;
      case 2: lw_panels_body(1, 2, g, j); break;
      case 3: lw_panels_body(1, 3, g, j); break;
      default: lw_panels_body(1, 4, g, j);
    }
  }
  return j + VF * panels;
}

static void lw_stream_panels(const lw_gemm_block *g) {
  for (ptrdiff_t j = 0; j < g->n;) j = lw_panels_step(g, j);
}
