#include "parity.h"

// Arithmetic on arrays and rows, special values everywhere.

typedef void binary_kernel(const float *, const float *, float *, size_t);
typedef void broadcast_kernel(size_t, size_t, const float *, size_t, const float *, float *, size_t);

static void binary(parity *p, binary_kernel *f) {
  for (parity_kind kind = UNIT; kind <= MIXED; ++kind)
    EACH_COUNT(n) {
      const float *x = parity_input(p, (size_t)*n, kind), *y = parity_input(p, (size_t)*n, kind);
      float *z = parity_output((size_t)*n);
      f(x, y, z, (size_t)*n);
      parity_finish(p, z, (size_t)*n);
    }
}

static void broadcast(parity *p, broadcast_kernel *f, int along_rows) {
  EACH_SHAPE(s) {
    const size_t ld = (size_t)(s->columns + s->gap), size = (size_t)s->rows * ld;
    const float *x = parity_input(p, size, MIXED);
    const float *v = parity_input(p, (size_t)(along_rows ? s->columns : s->rows), MIXED);
    float *y = parity_output(size);
    f((size_t)s->rows, (size_t)s->columns, x, ld, v, y, ld);
    parity_finish(p, y, size);
  }
}

static void add(parity *p) { binary(p, p->kernels->add); }
static void subtract(parity *p) { binary(p, p->kernels->subtract); }
static void multiply(parity *p) { binary(p, p->kernels->multiply); }
static void divide(parity *p) { binary(p, p->kernels->divide); }
static void add_row(parity *p) { broadcast(p, p->kernels->add_row, 1); }
static void multiply_row(parity *p) { broadcast(p, p->kernels->multiply_row, 1); }
static void add_column(parity *p) { broadcast(p, p->kernels->add_column, 0); }
static void multiply_column(parity *p) { broadcast(p, p->kernels->multiply_column, 0); }

static void scale(parity *p) {
  EACH_COUNT(n) {
    float *y = parity_output((size_t)*n);
    p->kernels->scale(-0.3f, parity_input(p, (size_t)*n, WIDE), y, (size_t)*n);
    parity_finish(p, y, (size_t)*n);
  }
}

static void axpy(parity *p) {
  EACH_COUNT(n) {
    float *y = parity_output((size_t)*n);
    p->kernels->axpy(0.7f, parity_input(p, (size_t)*n, MIXED), y, (size_t)*n);
    parity_finish(p, y, (size_t)*n);
  }
}

static void clamp(parity *p) {
  EACH_COUNT(n) {
    float *y = parity_output((size_t)*n);
    p->kernels->clamp(parity_input(p, (size_t)*n, MIXED), -0.0f, 1.5f, y, (size_t)*n);
    parity_finish(p, y, (size_t)*n);
  }
}

static void scale_bytes(parity *p) {
  EACH_COUNT(n) {
    float *y = parity_output((size_t)*n);
    p->kernels->scale_bytes(parity_bytes(p, (size_t)*n), 1.0f / 255, y, (size_t)*n);
    parity_finish(p, y, (size_t)*n);
  }
}

static void gather_rows(parity *p) {
  EACH_SHAPE(s) {
    const size_t ld = (size_t)(s->columns + s->gap), size = (size_t)s->rows * ld;
    const float *source = parity_input(p, 9 * ld, WIDE);
    float *y = parity_output(size);
    p->kernels->gather_rows((size_t)s->rows, (size_t)s->columns, source, ld, parity_indices(p, (size_t)s->rows, 9), y, ld);
    parity_finish(p, y, size);
  }
}

const parity_case elementwise_cases[] = {
    {"add", add}, {"subtract", subtract}, {"multiply", multiply}, {"divide", divide}, {"scale", scale}, {"axpy", axpy},
    {"clamp", clamp}, {"scale_bytes", scale_bytes}, {"add_row", add_row}, {"multiply_row", multiply_row},
    {"add_column", add_column}, {"multiply_column", multiply_column}, {"gather_rows", gather_rows}, {0}};
