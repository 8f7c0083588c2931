// Activation functions, exp, log and erf over arrays. Outputs may be the inputs: each sixteen elements are read before they
// are written.
#include "../math/math.h"
#include "forward.h"
#include "backward.h"
#include "prelu.h"

// y[i] = expression of x, for i in 0..<count; the last vector is partial.
#define LW_MAP_ARRAY(expression) \
  size_t i = 0; \
  for (; i + VF <= count; i += VF) { const vf v = vf_load(x + i); vf_store(y + i, expression); } \
  if (i < count) { const int rest = (int)(count - i); const vf v = vf_load_n(x + i, rest); vf_store_n(y + i, expression, rest); }

static void lw_exp(size_t count, const float *x, float *y) { LW_MAP_ARRAY(vf_exp(v)) }
static void lw_log(size_t count, const float *x, float *y) { LW_MAP_ARRAY(vf_log(v)) }
static void lw_erf(size_t count, const float *x, float *y) { LW_MAP_ARRAY(vf_erf(v)) }

LW_INLINE void lw_activate_kind(int kind, float alpha, size_t count, const float *x, float *y) {
  LW_MAP_ARRAY(vf_activate(kind, alpha, v))
}

LW_INLINE void lw_gradient_kind(int kind, float alpha, size_t count, const float *v, const float *dy, float *dx) {
  size_t i = 0;
  for (; i + VF <= count; i += VF)
    vf_store(dx + i, vf_activate_gradient(kind, alpha, vf_load(v + i), vf_load(dy + i)));
  if (i < count) {
    const int rest = (int)(count - i);
    vf_store_n(dx + i, vf_activate_gradient(kind, alpha, vf_load_n(v + i, rest), vf_load_n(dy + i, rest)), rest);
  }
}

// One loop for each kind: the switch is outside.
#define LW_FOR_KIND(call) \
  switch (kind) { \
    case LW_RELU: call(LW_RELU); break; \
    case LW_LEAKY_RELU: call(LW_LEAKY_RELU); break; \
    case LW_ELU: call(LW_ELU); break; \
    case LW_SIGMOID: call(LW_SIGMOID); break; \
    case LW_TANH: call(LW_TANH); break; \
    case LW_SOFTPLUS: call(LW_SOFTPLUS); break; \
    case LW_GELU: call(LW_GELU); break; \
    case LW_GELU_TANH: call(LW_GELU_TANH); break; \
    case LW_SILU: call(LW_SILU); break; \
    case LW_SELU: call(LW_SELU); break; \
    case LW_RELU6: call(LW_RELU6); break; \
    case LW_HARD_SIGMOID: call(LW_HARD_SIGMOID); break; \
    case LW_HARD_SWISH: call(LW_HARD_SWISH); break; \
    case LW_MISH: call(LW_MISH); break; \
    case LW_SOFTSIGN: call(LW_SOFTSIGN); break; \
    default: call(LW_LINEAR); break; \
  }

static void lw_activate(lw_activation kind, float alpha, size_t count, const float *x, float *y) {
#define LW_CALL(k) lw_activate_kind(k, alpha, count, x, y)
  LW_FOR_KIND(LW_CALL)
#undef LW_CALL
}

static void lw_activate_gradient(lw_activation kind, float alpha, size_t count, const float *v, const float *dy, float *dx) {
#define LW_CALL(k) lw_gradient_kind(k, alpha, count, v, dy, dx)
  LW_FOR_KIND(LW_CALL)
#undef LW_CALL
}
