// One pass of an optimizer over its parameters: weights, gradient and state are each read once and written once. All optimizers
// are this pass around a rule.
#include "rules.h"

// Which of the three arrays of state a rule has.
enum { LW_HAS_NONE = 0, LW_HAS_A = 1, LW_HAS_B = 2, LW_HAS_C = 4 };

LW_INLINE vf lw_recall(const lw_update *o, const float *p, int lanes) { return o->fresh ? vf_zero() : vf_load_lanes(p, lanes); }

// Parameters i ..< i + lanes. The limits let NaN through: where a comparison is false, the gradient stays.
LW_INLINE void lw_update_lanes(lw_rule *rule, int has, const lw_update *o, float *w, const float *g, float *a, float *b, float *c,
                               size_t i, int lanes) {
  const vf old = vf_load_lanes(w + i, lanes);
  vf d = vf_mul(vf_set1(o->scale), vf_load_lanes(g + i, lanes));
  d = vf_min(vf_set1(o->limit), vf_max(vf_set1(-o->limit), d));
  d = vf_fma(vf_set1(o->l2), old, d);
  lw_memory s;
  if (has & LW_HAS_A) s.a = lw_recall(o, a + i, lanes);
  if (has & LW_HAS_B) s.b = lw_recall(o, b + i, lanes);
  if (has & LW_HAS_C) s.c = lw_recall(o, c + i, lanes);
  d = rule(o, d, &s);
  vf_store_lanes(w + i, vf_fnma(vf_set1(o->rate), d, vf_mul(old, vf_set1(o->keep))), lanes);
  if (has & LW_HAS_A) vf_store_lanes(a + i, s.a, lanes);
  if (has & LW_HAS_B) vf_store_lanes(b + i, s.b, lanes);
  if (has & LW_HAS_C) vf_store_lanes(c + i, s.c, lanes);
}

LW_INLINE void lw_update_pass(lw_rule *rule, int has, const lw_update *settings, float *w, const float *g, float *a, float *b,
                              float *c, size_t n) {
  const lw_update o = *settings;  // which no store can change: its scalars may stay in registers
  size_t i = 0;
  for (; i + VF <= n; i += VF) lw_update_lanes(rule, has, &o, w, g, a, b, c, i, VF);
  if (i < n) lw_update_lanes(rule, has, &o, w, g, a, b, c, i, (int)(n - i));
}

static void lw_optimizer_update(lw_update_rule rule, const lw_update *o, float *w, const float *g, float *a, float *b, float *c,
                                size_t n) {
  enum { A = LW_HAS_A, AB = A | LW_HAS_B, AC = A | LW_HAS_C, ABC = AB | LW_HAS_C };
  switch (rule) {
  case LW_UPDATE_SGD: return lw_update_pass(lw_rule_sgd, LW_HAS_NONE, o, w, g, a, b, c, n);
  case LW_UPDATE_MOMENTUM: return lw_update_pass(lw_rule_momentum, A, o, w, g, a, b, c, n);
  case LW_UPDATE_NESTEROV: return lw_update_pass(lw_rule_nesterov, A, o, w, g, a, b, c, n);
  case LW_UPDATE_ADAGRAD: return lw_update_pass(lw_rule_adagrad, A, o, w, g, a, b, c, n);
  case LW_UPDATE_RMSPROP: return lw_update_pass(lw_rule_rmsprop, A, o, w, g, a, b, c, n);
  case LW_UPDATE_RMSPROP_MOMENTUM: return lw_update_pass(lw_rule_rmsprop_momentum, AC, o, w, g, a, b, c, n);
  case LW_UPDATE_RMSPROP_CENTRED: return lw_update_pass(lw_rule_rmsprop_centred, AB, o, w, g, a, b, c, n);
  case LW_UPDATE_RMSPROP_CENTRED_MOMENTUM: return lw_update_pass(lw_rule_rmsprop_centred_momentum, ABC, o, w, g, a, b, c, n);
  case LW_UPDATE_ADADELTA: return lw_update_pass(lw_rule_adadelta, AB, o, w, g, a, b, c, n);
  case LW_UPDATE_ADAM: return lw_update_pass(lw_rule_adam, AB, o, w, g, a, b, c, n);
  case LW_UPDATE_AMSGRAD: return lw_update_pass(lw_rule_amsgrad, ABC, o, w, g, a, b, c, n);
  case LW_UPDATE_ADAMAX: return lw_update_pass(lw_rule_adamax, AB, o, w, g, a, b, c, n);
  case LW_UPDATE_NADAM: return lw_update_pass(lw_rule_nadam, AB, o, w, g, a, b, c, n);
  }
}

// average = decay * average + share * w.
static void lw_average_update(float decay, float share, const float *w, float *average, size_t n) {
  size_t i = 0;
  for (; i + VF <= n; i += VF) vf_store(average + i, lw_mean(decay, share, vf_load(average + i), vf_load(w + i)));
  const int rest = (int)(n - i);
  if (rest) vf_store_n(average + i, lw_mean(decay, share, vf_load_n(average + i, rest), vf_load_n(w + i, rest)), rest);
}
