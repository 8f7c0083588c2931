#include "parity.h"

// Optimizers over parameters, gradients and state, also where a gradient is not finite.

static float *start(parity *p, size_t count, parity_kind kind) {
  const float *from = parity_input(p, count, kind);
  float *x = parity_output(count);
  for (size_t i = 0; i < count; ++i) x[i] = from[i];
  return x;
}

static void sgd_update(parity *p) {
  EACH_COUNT(n) {
    const lw_sgd o = {0.01f, 0.999f};
    float *w = start(p, (size_t)*n, UNIT);
    p->kernels->sgd_update(&o, w, parity_input(p, (size_t)*n, MIXED), (size_t)*n);
    parity_finish(p, w, (size_t)*n);
  }
}

static void momentum_update(parity *p) {
  for (int variant = 0; variant < 4; ++variant)
    EACH_COUNT(n) {
      const lw_momentum o = {0.01f, 0.999f, 0.9f};
      float *w = start(p, (size_t)*n, UNIT), *v = start(p, (size_t)*n, MIXED);
      p->kernels->momentum_update(&o, variant % 2, variant / 2, w, parity_input(p, (size_t)*n, UNIT), v, (size_t)*n);
      parity_finish(p, w, (size_t)*n);
      parity_finish(p, v, (size_t)*n);
    }
}

static void adam_update(parity *p) {
  for (int variant = 0; variant < 3; ++variant)
    EACH_COUNT(n) {
      const lw_adam o = {.rate = 0.01f, .keep = variant == 1 ? 0.999f : 1, .beta1 = 0.9f, .one_minus_beta1 = 0.1f, .beta2 = 0.999f,
                         .one_minus_beta2 = 0.001f, .scale = 31.6f, .epsilon = 1e-7f, .l2 = variant == 2 ? 0.01f : 0};
      float *w = start(p, (size_t)*n, UNIT), *m = start(p, (size_t)*n, UNIT), *v = start(p, (size_t)*n, POSITIVE);
      p->kernels->adam_update(&o, w, parity_input(p, (size_t)*n, variant ? UNIT : MIXED), m, v, (size_t)*n);
      parity_finish(p, w, (size_t)*n);
      parity_finish(p, m, (size_t)*n);
      parity_finish(p, v, (size_t)*n);
    }
}

static void absolute_power(parity *p) {
  EACH_COUNT(n) {
    float *y = parity_output((size_t)*n);
    p->kernels->absolute_power(2.5f, parity_input(p, (size_t)*n, MIXED), y, (size_t)*n);
    parity_finish(p, y, (size_t)*n);
  }
}

static void penalty_gradient(parity *p) {
  for (int variant = 0; variant < 2; ++variant)
    EACH_COUNT(n) {
      const lw_penalty penalty = {.l1 = 0.1f, .twice_l2 = 0.3f, .power = variant ? 0.7f : 0, .exponent = 1.5f};
      float *dx = parity_output((size_t)*n);
      const float *x = parity_input(p, (size_t)*n, MIXED);
      p->kernels->penalty_gradient(&penalty, x, parity_input(p, (size_t)*n, MIXED), dx, (size_t)*n);
      parity_finish(p, dx, (size_t)*n);
    }
}

static void norm_factors(parity *p) {
  EACH_COUNT(n) {
    float *y = parity_output((size_t)*n);
    p->kernels->norm_factors(0.25f, 0.75f, 0.9f, parity_input(p, (size_t)*n, MIXED), y, (size_t)*n);
    parity_finish(p, y, (size_t)*n);
  }
}

const parity_case update_cases[] = {
    {"sgd_update", sgd_update}, {"momentum_update", momentum_update}, {"adam_update", adam_update}, {"absolute_power", absolute_power},
    {"penalty_gradient", penalty_gradient}, {"norm_factors", norm_factors}, {0}};
