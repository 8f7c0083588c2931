#include "parity.h"

// Normalisation by column over shapes around the fold, the rows of a step and vectors; by row over the usual shapes.

static const parity_kind kinds[] = {UNIT, MIXED};

// rows, columns, ld, fold.
static const lw_norm_rows column_shapes[] = {
    {1, 1, 1, 64}, {70, 1, 1, 64}, {1, 16, 16, 4}, {257, 16, 16, 4}, {100, 3, 3, 32}, {33, 15, 15, 16}, {90, 63, 63, 16},
    {7, 48, 48, 2}, {5, 64, 64, 1}, {256, 65, 70, 1}, {13, 130, 200, 1}, {0}};

#define EACH_MATRIX(m) for (const lw_norm_rows *m = column_shapes; m->rows > 0; ++m)

static size_t size_of(const lw_norm_rows *m) { return (m->rows - 1) * m->ld + m->columns; }
static size_t width_of(const lw_norm_rows *m) { return m->fold * m->columns; }

static void moments(parity *p) {
  for (int k = 0; k < 2; ++k)
    EACH_MATRIX(m) {
      const float *x = parity_input(p, size_of(m), kinds[k]), *origin = parity_input(p, m->columns, UNIT);
      float *sum = parity_output(m->columns), *squares = parity_output(m->columns);
      p->kernels->norm_moments(m, x, origin, sum, squares);
      parity_finish(p, sum, m->columns);
      parity_finish(p, squares, m->columns);
    }
}

static void join(parity *p) {
  static const lw_norm_chunks shapes[] = {{1, 1, 1, 256}, {300, 17, 2, 256}, {5000, 3, 3, 2048}, {1024, 130, 4, 256}, {0}};
  for (int k = 0; k < 2; ++k)
    for (const lw_norm_chunks *c = shapes; c->rows > 0; ++c) {
      const size_t parts = c->chunks * c->columns;
      const float *origin = parity_input(p, c->columns, UNIT);
      const float *sums = parity_input(p, parts, kinds[k]), *squares = parity_input(p, parts, kinds[k]);
      float *mean = parity_output(c->columns), *total = parity_output(c->columns);
      p->kernels->norm_join(c, origin, sums, squares, mean, total);
      parity_finish(p, mean, c->columns);
      parity_finish(p, total, c->columns);
    }
}

static void inverse(parity *p) {
  for (int k = 0; k < 2; ++k)
    EACH_COUNT(n) {
      float *y = parity_output((size_t)*n);
      p->kernels->norm_inverse((size_t)*n, 7, 1e-5f, parity_input(p, (size_t)*n, k ? MIXED : POSITIVE), y);
      parity_finish(p, y, (size_t)*n);
    }
}

static void track(parity *p) {
  for (int k = 0; k < 2; ++k)
    EACH_COUNT(n) {
      const float *values = parity_input(p, (size_t)*n, kinds[k]), *before = parity_input(p, (size_t)*n, UNIT);
      float *running = parity_output((size_t)*n);
      for (ptrdiff_t i = 0; i < *n; ++i) running[i] = before[i];
      p->kernels->norm_track((size_t)*n, 0.9f, 3, values, running);
      parity_finish(p, running, (size_t)*n);
    }
}

static void apply(parity *p) {
  for (int variant = 0; variant < 8; ++variant)
    EACH_MATRIX(m) {
      const float *x = parity_input(p, size_of(m), kinds[variant % 2]), *residual = parity_input(p, size_of(m), UNIT);
      const float *mean = parity_input(p, width_of(m), UNIT), *scale = parity_input(p, width_of(m), UNIT);
      const float *shift = parity_input(p, width_of(m), UNIT);
      float *y = parity_output(size_of(m));
      p->kernels->norm_apply(m, x, mean, scale, shift, variant & 2 ? residual : NULL, variant >> 2, y);
      parity_finish(p, y, size_of(m));
    }
}

// Mask 0: none, 1: from x, 2: from y.
static lw_norm_gradient gradient_of(parity *p, const lw_norm_rows *m, parity_kind kind, int mask) {
  lw_norm_gradient g = {
      .x = parity_input(p, size_of(m), kind), .dy = parity_input(p, size_of(m), UNIT), .mean = parity_input(p, width_of(m), UNIT)};
  if (mask == 1) {
    g.scale = parity_input(p, width_of(m), UNIT);
    g.shift = parity_input(p, width_of(m), UNIT);
  }
  if (mask == 2) g.y = parity_input(p, size_of(m), kind);
  return g;
}

static void sums(parity *p) {
  for (int variant = 0; variant < 6; ++variant)
    EACH_MATRIX(m) {
      const lw_norm_gradient g = gradient_of(p, m, kinds[variant % 2], variant / 2);
      float *sum = parity_output(m->columns), *product = parity_output(m->columns);
      p->kernels->norm_sums(m, &g, sum, product);
      parity_finish(p, sum, m->columns);
      parity_finish(p, product, m->columns);
    }
}

static void terms(parity *p) {
  for (int k = 0; k < 2; ++k)
    EACH_COUNT(n) {
      const size_t count = (size_t)*n;
      const float *scale = parity_input(p, count, UNIT), *inverse = parity_input(p, count, POSITIVE);
      const float *sum = parity_input(p, count, kinds[k]), *product = parity_input(p, count, kinds[k]);
      float *b = parity_output(count), *c = parity_output(count);
      p->kernels->norm_terms(count, 37, scale, inverse, sum, product, b, c);
      parity_finish(p, b, count);
      parity_finish(p, c, count);
    }
}

static void dx(parity *p) {
  for (int variant = 0; variant < 6; ++variant)
    EACH_MATRIX(m) {
      const lw_norm_gradient g = gradient_of(p, m, kinds[variant % 2], variant / 2);
      const float *a = parity_input(p, width_of(m), UNIT), *b = parity_input(p, width_of(m), UNIT);
      const float *c = parity_input(p, width_of(m), UNIT);
      float *dx = parity_output(size_of(m)), *residual = parity_output(size_of(m));
      p->kernels->norm_dx(m, &g, a, b, c, variant == 1 ? NULL : dx, variant % 2 ? residual : NULL);
      parity_finish(p, dx, size_of(m));
      parity_finish(p, residual, size_of(m));
    }
}

static void row_norm(parity *p) {
  for (int variant = 0; variant < 12; ++variant)
    EACH_SHAPE(s) {
      const size_t rows = (size_t)s->rows, columns = (size_t)s->columns;
      float *y = parity_output(rows * columns), *mean = parity_output(rows), *inverse = parity_output(rows);
      const lw_row_norm job = {
          .rows = rows, .columns = columns, .x = parity_input(p, rows * columns, kinds[variant % 2]),
          .gamma = variant & 2 ? parity_input(p, columns, UNIT) : NULL,
          .beta = variant & 4 ? parity_input(p, columns, UNIT) : NULL, .epsilon = 1e-5f, .centered = variant < 8, .y = y,
          .mean = mean, .inverse = inverse};
      p->kernels->row_norm(&job);
      parity_finish(p, y, rows * columns);
      parity_finish(p, mean, rows);
      parity_finish(p, inverse, rows);
    }
}

static void row_norm_gradient(parity *p) {
  for (int variant = 0; variant < 16; ++variant)
    EACH_SHAPE(s) {
      const size_t rows = (size_t)s->rows, columns = (size_t)s->columns;
      float *dx = parity_output(rows * columns), *gamma = parity_output(columns), *beta = parity_output(columns);
      const lw_row_norm_gradient job = {
          .rows = rows, .columns = columns, .x = parity_input(p, rows * columns, kinds[variant % 2]),
          .dy = parity_input(p, rows * columns, UNIT), .gamma = variant & 2 ? parity_input(p, columns, UNIT) : NULL,
          .mean = variant & 4 ? parity_input(p, rows, UNIT) : NULL, .inverse = parity_input(p, rows, POSITIVE), .dx = dx,
          .gamma_gradient = variant & 8 ? gamma : NULL, .beta_gradient = variant & 8 ? beta : NULL};
      p->kernels->row_norm_gradient(&job);
      parity_finish(p, dx, rows * columns);
      parity_finish(p, gamma, columns);
      parity_finish(p, beta, columns);
    }
}

const parity_case norm_cases[] = {
    {"norm_moments", moments}, {"norm_join", join}, {"norm_inverse", inverse}, {"norm_track", track}, {"norm_apply", apply},
    {"norm_sums", sums}, {"norm_terms", terms}, {"norm_dx", dx}, {"row_norm", row_norm},
    {"row_norm_gradient", row_norm_gradient}, {0}};
