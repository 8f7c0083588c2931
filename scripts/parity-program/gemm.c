#include "parity.h"

// Products through every path: all tile widths and loop orders, B in place and packed, streams, joins, each epilogue.

static const struct { ptrdiff_t m, n, k; } products[] = {
    {1, 1, 1}, {2, 16, 3}, {3, 17, 5}, {7, 33, 16}, {13, 15, 64}, {12, 64, 20}, {17, 100, 9}, {25, 129, 33}, {5, 48, 384}, {31, 47, 383}};
enum { PRODUCTS = sizeof products / sizeof products[0] };

static const float alphas[] = {1, -0.75f, 0.5f}, betas[] = {0, 1, 0.25f};

static void fill_c(parity *p, float *c, ptrdiff_t count) {
  const float *from = parity_input(p, (size_t)count, UNIT);
  for (ptrdiff_t i = 0; i < count; ++i) c[i] = from[i];
}

static lw_gemm_epilogue epilogue(parity *p, ptrdiff_t m, ptrdiff_t n, int variant) {
  return (lw_gemm_epilogue){
      .bias = variant % 2 ? parity_input(p, (size_t)n, UNIT) : NULL,
      .residual = variant % 3 == 0 ? parity_input(p, (size_t)(m * (n + 1)), UNIT) : NULL,
      .ldr = n + 1,
      .activation = (lw_activation)(variant % (LW_SILU + 1)),
      .activation_alpha = 0.1f};
}

static void gemm_product(parity *p, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, int variant, int packed, int width, int stream) {
  // One product in eight meets infinities and NaN; more would leave nothing but NaN.
  const parity_kind kind = variant % 8 == 5 ? MIXED : UNIT;
  const int transposed = !stream && variant % 5 > 2;
  const ptrdiff_t lda = (transposed ? m : k) + variant % 3, ldb = n + variant % 4, ldc = n + variant % 2;
  const lw_gemm_epilogue e = epilogue(p, m, n, variant);
  float *c = parity_output((size_t)(m * ldc));
  if (betas[variant % 3] != 0) fill_c(p, c, m * ldc);
  lw_gemm_block g = {
      .m = m, .n = n, .k = k, .a = parity_input(p, (size_t)((transposed ? k : m) * lda), UNIT), .lda = lda,
      .b = parity_input(p, (size_t)(k * ldb), kind), .ldb = ldb, .c = c, .ldc = ldc,
      .alpha = alphas[variant % 3], .beta = betas[variant % 3], .epilogue = variant % 4 ? &e : NULL,
      .width = width, .transposed = transposed, .packed = packed, .panels_outside = variant % 2};
  if (packed) {
    float *to = parity_output((size_t)(k * ((n + 15) / 16 * 16)));
    p->kernels->gemm_pack_b(k, n, width, g.b, ldb, 0, to);
    g.b = to;
  }
  if (stream) p->kernels->gemm_stream(&g); else p->kernels->gemm_block(&g);
  parity_finish(p, c, (size_t)(m * ldc));
}

static void gemm_block(parity *p) {
  int variant = 0;
  for (int i = 0; i < PRODUCTS; ++i)
    for (int packed = 0; packed < 2; ++packed)
      for (int width = 1; width <= 4; ++width, ++variant)
        gemm_product(p, products[i].m, products[i].n, products[i].k, variant, packed, width, 0);
  // Every height of a tile, every activation.
  for (int m = 1; m <= 30; ++m, ++variant) gemm_product(p, m, 70, 11, variant, m % 2, 1 + m % 4, 0);
}

static void gemm_stream(parity *p) {
  int variant = 0;
  for (ptrdiff_t m = 1; m <= 4; ++m)
    for (int i = 0; i < PRODUCTS; ++i, ++variant) gemm_product(p, m, products[i].n, products[i].k, variant, 0, 1, 1);
  for (ptrdiff_t m = 1; m <= 4; ++m, ++variant) gemm_product(p, m, 1050, 37, variant, 0, 1, 1);
  for (ptrdiff_t m = 1; m <= 2; ++m)
    for (int i = 0; i < PRODUCTS; ++i, ++variant) gemm_product(p, m, products[i].n, products[i].k, variant, 1, 1, 1);
}

static void gemm_join(parity *p) {
  for (int variant = 0; variant < 24; ++variant) {
    const ptrdiff_t m = 1 + variant % 5, n = 1 + 7 * variant, ld = n + variant % 3, count = variant % 4, stride = m * ld + 5;
    const lw_gemm_epilogue e = epilogue(p, m, n, variant);
    const lw_gemm_sums sums = {m, n, parity_input(p, (size_t)(count * stride + 1), variant % 2 ? MIXED : UNIT), ld, count, stride};
    float *c = parity_output((size_t)(m * (n + 2)));
    fill_c(p, c, m * (n + 2));
    p->kernels->gemm_join(&sums, c, n + 2, alphas[variant % 3], betas[variant / 3 % 3], variant % 4 ? &e : NULL);
    parity_finish(p, c, (size_t)(m * (n + 2)));
  }
}

static void gemm_pack_a(parity *p) {
  for (int i = 0; i < PRODUCTS; ++i)
    for (int transposed = 0; transposed < 2; ++transposed) {
      const ptrdiff_t m = products[i].m, k = products[i].k, ld = (transposed ? m : k) + i;
      float *to = parity_output((size_t)(m * k));
      p->kernels->gemm_pack_a(m, k, parity_input(p, (size_t)((transposed ? k : m) * ld), WIDE), ld, transposed, to);
      parity_finish(p, to, (size_t)(m * k));
    }
}

static void gemm_pack_b(parity *p) {
  for (int i = 0; i < PRODUCTS; ++i)
    for (int transposed = 0; transposed < 2; ++transposed)
      for (int width = 1; width <= 4; ++width) {
        const ptrdiff_t n = products[i].n, k = products[i].k, ld = (transposed ? k : n) + i, size = k * ((n + 15) / 16 * 16);
        float *to = parity_output((size_t)size);
        p->kernels->gemm_pack_b(k, n, width, parity_input(p, (size_t)((transposed ? n : k) * ld), WIDE), ld, transposed, to);
        parity_finish(p, to, (size_t)size);
      }
}

const parity_case gemm_cases[] = {
    {"gemm_block", gemm_block}, {"gemm_stream", gemm_stream}, {"gemm_join", gemm_join},
    {"gemm_pack_a", gemm_pack_a}, {"gemm_pack_b", gemm_pack_b}, {0}};
