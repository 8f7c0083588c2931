#include "parity.h"

// exp, log and the activations over random bit patterns and the values where formulas change.

static const parity_kind kinds[] = {MIXED, WIDE, UNIT};

static void unary(parity *p, void (*f)(size_t, const float *, float *)) {
  for (int k = 0; k < 3; ++k)
    EACH_COUNT(n) {
      float *y = parity_output((size_t)*n);
      f((size_t)*n, parity_input(p, (size_t)*n, kinds[k]), y);
      parity_finish(p, y, (size_t)*n);
    }
}

static void exp_case(parity *p) { unary(p, p->kernels->exp); }
static void log_case(parity *p) { unary(p, p->kernels->log); }
static void erf_case(parity *p) { unary(p, p->kernels->erf); }

static void activate(parity *p) {
  for (int f = LW_LINEAR; f <= LW_SOFTSIGN; ++f)
    for (int k = 0; k < 3; ++k)
      EACH_COUNT(n) {
        float *y = parity_output((size_t)*n);
        p->kernels->activate((lw_activation)f, 0.3f, (size_t)*n, parity_input(p, (size_t)*n, kinds[k]), y);
        parity_finish(p, y, (size_t)*n);
      }
}

static void activate_gradient(parity *p) {
  for (int f = LW_LINEAR; f <= LW_SOFTSIGN; ++f)
    for (int k = 0; k < 3; ++k)
      EACH_COUNT(n) {
        float *dx = parity_output((size_t)*n);
        const float *v = parity_input(p, (size_t)*n, kinds[k]), *dy = parity_input(p, (size_t)*n, MIXED);
        p->kernels->activate_gradient((lw_activation)f, 0.3f, (size_t)*n, v, dy, dx);
        parity_finish(p, dx, (size_t)*n);
      }
}

static void prelu(parity *p) {
  EACH_SHAPE(s) {
    const size_t rows = (size_t)s->rows, columns = (size_t)s->columns;
    float *y = parity_output(rows * columns);
    p->kernels->prelu(rows, columns, parity_input(p, rows * columns, MIXED), parity_input(p, columns, MIXED), y);
    parity_finish(p, y, rows * columns);
  }
}

static void prelu_gradient(parity *p) {
  EACH_SHAPE(s) {
    const size_t rows = (size_t)s->rows, columns = (size_t)s->columns;
    const float *x = parity_input(p, rows * columns, MIXED), *slope = parity_input(p, columns, MIXED);
    float *dx = parity_output(rows * columns), *da = parity_output(columns);
    p->kernels->prelu_gradient(rows, columns, x, slope, parity_input(p, rows * columns, MIXED), dx, da);
    parity_finish(p, dx, rows * columns);
    parity_finish(p, da, columns);
  }
}

const parity_case math_cases[] = {
    {"exp", exp_case}, {"log", log_case}, {"erf", erf_case}, {"activate", activate}, {"activate_gradient", activate_gradient},
    {"prelu", prelu}, {"prelu_gradient", prelu_gradient}, {0}};
