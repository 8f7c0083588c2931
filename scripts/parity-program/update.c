#include "parity.h"

// Optimizers over parameters, gradients and state, also where a gradient is not finite.

static float *start(parity *p, size_t count, parity_kind kind) {
  const float *from = parity_input(p, count, kind);
  float *x = parity_output(count);
  for (size_t i = 0; i < count; ++i) x[i] = from[i];
  return x;
}

// Each rule with everything a step may have, from the state and without reading it.
static void optimizer_update(parity *p) {
  for (lw_update_rule rule = LW_UPDATE_SGD; rule <= LW_UPDATE_NADAM; ++rule)
    for (int variant = 0; variant < 3; ++variant)
      EACH_COUNT(n) {
        const lw_update o = {.scale = variant == 1 ? 0.75f : 1, .limit = variant == 1 ? 0.5f : __builtin_inff(),
                             .l2 = variant == 1 ? 0.02f : 0, .rate = 0.01f, .keep = variant == 1 ? 0.999f : 1, .decay1 = 0.9f,
                             .share1 = 0.1f, .decay2 = 0.999f, .share2 = 0.001f, .correction = 31.6f, .epsilon = 1e-7f,
                             .mix_gradient = 0.3f, .mix_mean = 1.2f, .fresh = variant == 2};
        float *w = start(p, (size_t)*n, UNIT), *a = start(p, (size_t)*n, POSITIVE), *b = start(p, (size_t)*n, POSITIVE),
              *c = start(p, (size_t)*n, POSITIVE);
        p->kernels->optimizer_update(rule, &o, w, parity_input(p, (size_t)*n, variant ? UNIT : MIXED), a, b, c, (size_t)*n);
        parity_finish(p, w, (size_t)*n);
        parity_finish(p, a, (size_t)*n);
        parity_finish(p, b, (size_t)*n);
        parity_finish(p, c, (size_t)*n);
      }
}

static void average_update(parity *p) {
  EACH_COUNT(n) {
    float *average = start(p, (size_t)*n, UNIT);
    p->kernels->average_update(0.99f, 0.01f, parity_input(p, (size_t)*n, MIXED), average, (size_t)*n);
    parity_finish(p, average, (size_t)*n);
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
    {"optimizer_update", optimizer_update}, {"average_update", average_update}, {"absolute_power", absolute_power},
    {"penalty_gradient", penalty_gradient}, {"norm_factors", norm_factors}, {0}};
