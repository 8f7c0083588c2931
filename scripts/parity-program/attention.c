#include "parity.h"

// Rows of attention scores, and tables of tokens.

static lw_attention_rows rows_of(parity *p, const parity_shape *s, int variant) {
  return (lw_attention_rows){
      .rows = (size_t)s->rows, .columns = (size_t)s->columns, .first = variant == 1 ? 3 : 0, .is_causal = variant % 2,
      .scale = 0.3f, .mask = variant < 2 ? NULL : parity_input(p, (size_t)s->columns, MIXED)};
}

static void attention_softmax(parity *p) {
  for (int variant = 0; variant < 4; ++variant)
    EACH_SHAPE(s) {
      const size_t ld = (size_t)(s->columns + s->gap), size = (size_t)s->rows * ld;
      const lw_attention_rows a = rows_of(p, s, variant);
      const float *x = parity_input(p, size, variant < 3 ? UNIT : MIXED);
      float *y = parity_output(size);
      __builtin_memcpy(y, x, size * sizeof *y);
      p->kernels->attention_softmax(&a, y, ld);
      parity_finish(p, y, size);
    }
}

static void attention_softmax_gradient(parity *p) {
  for (int variant = 0; variant < 4; ++variant)
    EACH_SHAPE(s) {
      const size_t ld = (size_t)(s->columns + s->gap), size = (size_t)s->rows * ld;
      const lw_attention_rows a = rows_of(p, s, variant);
      const float *y = parity_input(p, size, POSITIVE), *dy = parity_input(p, size, variant < 3 ? UNIT : MIXED);
      float *dx = parity_output(size);
      __builtin_memcpy(dx, dy, size * sizeof *dx);
      p->kernels->attention_softmax_gradient(&a, y, ld, dx, ld);
      parity_finish(p, dx, size);
    }
}

enum { VOCABULARY = 7 };

static float *tokens(parity *p, size_t count) {
  const int32_t *indices = parity_indices(p, count, VOCABULARY);
  float *x = parity_input(p, count, UNIT);
  for (size_t i = 0; i < count; ++i) x[i] = (float)indices[i];
  return x;
}

static void embedding(parity *p) {
  EACH_SHAPE(s) {
    const size_t columns = (size_t)s->columns, ld = columns + (size_t)s->gap, count = (size_t)s->rows;
    const float *t = tokens(p, count), *table = parity_input(p, VOCABULARY * ld, WIDE);
    float *y = parity_output(count * ld);
    p->kernels->embedding(count, columns, t, table, ld, y, ld);
    parity_finish(p, y, count * ld);
  }
}

static void embedding_gradient(parity *p) {
  EACH_SHAPE(s) {
    const size_t columns = (size_t)s->columns, ld = columns + (size_t)s->gap, count = (size_t)s->rows;
    const float *t = tokens(p, count), *dy = parity_input(p, count * ld, MIXED);
    float *gradient = parity_output(VOCABULARY * ld);
    p->kernels->embedding_gradient(count, columns, VOCABULARY, t, dy, ld, gradient, ld);
    parity_finish(p, gradient, VOCABULARY * ld);
  }
}

const parity_case attention_cases[] = {
    {"attention_softmax", attention_softmax}, {"attention_softmax_gradient", attention_softmax_gradient},
    {"embedding", embedding}, {"embedding_gradient", embedding_gradient}, {0}};
