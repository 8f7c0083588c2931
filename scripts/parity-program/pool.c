#include "parity.h"

// Images pooled with padding, windows that share pixels and windows that leave some out, whole and adaptive.

static const lw_pool shapes[] = {
    {{8, 4, 2, 2, 0, 0}, {6, 3, 2, 2, 0, 0}, 33, 0},  {{7, 4, 3, 2, 1, 1}, {9, 5, 3, 2, 1, 1}, 16, 1},
    {{5, 5, 3, 1, 1, 1}, {4, 4, 3, 1, 1, 1}, 7, 0},   {{9, 3, 2, 4, 1, 0}, {5, 2, 1, 3, 0, 0}, 20, 1},
    {{7, 1, 7, 1, 0, 0}, {6, 1, 6, 1, 0, 0}, 17, 0},  {{7, 3, 0, 0, 0, 0}, {4, 6, 0, 0, 0, 0}, 18, 0}};
enum { SHAPES = sizeof shapes / sizeof shapes[0], IMAGES = 2 };

static size_t inputs(const lw_pool *s) { return (size_t)(IMAGES * s->rows.input * s->columns.input * s->channels); }
static size_t outputs(const lw_pool *s) { return (size_t)(IMAGES * s->rows.output * s->columns.output * s->channels); }

static void pool_max(parity *p) {
  for (const lw_pool *s = shapes; s < shapes + SHAPES; ++s)
    for (int indexed = 0; indexed < 2; ++indexed) {
      float *y = parity_output(outputs(s)), *indices = parity_output(outputs(s));
      const float *x = parity_input(p, inputs(s), indexed ? MIXED : WIDE);
      p->kernels->pool_max(s, 0, IMAGES * s->rows.output, x, y, indexed ? (int32_t *)indices : NULL);
      parity_finish(p, y, outputs(s));
      parity_finish_words(p, indices, outputs(s));
    }
}

static void pool_max_gradient(parity *p) {
  for (const lw_pool *s = shapes; s < shapes + SHAPES; ++s) {
    float *dx = parity_output(inputs(s));
    const int32_t *indices = parity_indices(p, outputs(s), (int32_t)(s->rows.input * s->columns.input));
    p->kernels->pool_max_gradient(s, 0, IMAGES * s->rows.input, parity_input(p, outputs(s), UNIT), indices, dx);
    parity_finish(p, dx, inputs(s));
  }
}

static void pool_average(parity *p) {
  for (const lw_pool *s = shapes; s < shapes + SHAPES; ++s) {
    float *y = parity_output(outputs(s));
    p->kernels->pool_average(s, 0, IMAGES * s->rows.output, parity_input(p, inputs(s), MIXED), y);
    parity_finish(p, y, outputs(s));
  }
}

static void pool_average_gradient(parity *p) {
  for (const lw_pool *s = shapes; s < shapes + SHAPES; ++s) {
    float *dx = parity_output(inputs(s));
    p->kernels->pool_average_gradient(s, 0, IMAGES * s->rows.input, parity_input(p, outputs(s), MIXED), dx);
    parity_finish(p, dx, inputs(s));
  }
}

static void pool_spread(parity *p) {
  EACH_SHAPE(s) {
    const size_t columns = (size_t)s->columns;
    float *dx = parity_output((size_t)s->rows * columns);
    p->kernels->pool_spread(s->rows, s->rows, s->columns, parity_input(p, columns, MIXED), dx);
    parity_finish(p, dx, (size_t)s->rows * columns);
  }
}

const parity_case pool_cases[] = {
    {"pool_max", pool_max}, {"pool_max_gradient", pool_max_gradient}, {"pool_average", pool_average},
    {"pool_average_gradient", pool_average_gradient}, {"pool_spread", pool_spread}, {0}};
