// The rules of the optimizers: what each makes of a gradient and of what it remembers. A rule brings the state up to date and
// returns the direction in which the weights go back. Square roots and divisions are exact, and are what a rule costs.

// What is remembered of 16 parameters.
typedef struct { vf a, b, c; } lw_memory;
typedef vf lw_rule(const lw_update *o, vf g, lw_memory *s);

LW_INLINE vf lw_rule_sgd(const lw_update *o, vf g, lw_memory *s) {
  (void)o, (void)s;
  return g;
}

// a: the velocity.
LW_INLINE vf lw_rule_momentum(const lw_update *o, vf g, lw_memory *s) {
  return s->a = vf_fma(vf_set1(o->decay1), s->a, vf_mul(vf_set1(o->share1), g));
}

// Nesterov: from where the velocity leads.
LW_INLINE vf lw_rule_nesterov(const lw_update *o, vf g, lw_memory *s) {
  return vf_fma(vf_set1(o->decay1), lw_rule_momentum(o, g, s), g);
}

// decay * mean + share * x, and the same of g * g.
LW_INLINE vf lw_mean(float decay, float share, vf mean, vf x) { return vf_fma(vf_set1(share), x, vf_mul(vf_set1(decay), mean)); }

LW_INLINE vf lw_mean_square(const lw_update *o, vf mean, vf g) {
  return vf_fma(vf_mul(vf_set1(o->share2), g), g, vf_mul(vf_set1(o->decay2), mean));
}

// a: the sum of squares.
LW_INLINE vf lw_rule_adagrad(const lw_update *o, vf g, lw_memory *s) {
  s->a = vf_fma(g, g, s->a);
  return vf_div(g, vf_add(vf_sqrt(s->a), vf_set1(o->epsilon)));
}

// a: the mean square.
LW_INLINE vf lw_rule_rmsprop(const lw_update *o, vf g, lw_memory *s) {
  s->a = lw_mean_square(o, s->a, g);
  return vf_div(g, vf_sqrt(vf_add(s->a, vf_set1(o->epsilon))));
}

// a: the mean square, b: the mean. The variance is their difference, below 0 by rounding only.
LW_INLINE vf lw_rule_rmsprop_centred(const lw_update *o, vf g, lw_memory *s) {
  s->a = lw_mean_square(o, s->a, g);
  s->b = lw_mean(o->decay2, o->share2, s->b, g);
  const vf variance = vf_max(vf_zero(), vf_fnma(s->b, s->b, s->a));
  return vf_div(g, vf_sqrt(vf_add(variance, vf_set1(o->epsilon))));
}

// c: the velocity of what the rule without momentum says.
LW_INLINE vf lw_rule_rmsprop_momentum(const lw_update *o, vf g, lw_memory *s) {
  return s->c = vf_fma(vf_set1(o->decay1), s->c, lw_rule_rmsprop(o, g, s));
}

LW_INLINE vf lw_rule_rmsprop_centred_momentum(const lw_update *o, vf g, lw_memory *s) {
  return s->c = vf_fma(vf_set1(o->decay1), s->c, lw_rule_rmsprop_centred(o, g, s));
}

// a: the mean square of gradients, b: of directions.
LW_INLINE vf lw_rule_adadelta(const lw_update *o, vf g, lw_memory *s) {
  const vf epsilon = vf_set1(o->epsilon);
  s->a = lw_mean_square(o, s->a, g);
  const vf d = vf_mul(vf_sqrt(vf_div(vf_add(s->b, epsilon), vf_add(s->a, epsilon))), g);
  s->b = lw_mean_square(o, s->b, d);
  return d;
}

// sqrt(v) / sqrt(1 - beta2^t) + epsilon
LW_INLINE vf lw_deviation(const lw_update *o, vf v) { return vf_fma(vf_sqrt(v), vf_set1(o->correction), vf_set1(o->epsilon)); }

// a: the mean, b: the mean square.
LW_INLINE vf lw_rule_adam(const lw_update *o, vf g, lw_memory *s) {
  s->a = lw_mean(o->decay1, o->share1, s->a, g);
  s->b = lw_mean_square(o, s->b, g);
  return vf_div(s->a, lw_deviation(o, s->b));
}

// c: the largest mean square so far.
LW_INLINE vf lw_rule_amsgrad(const lw_update *o, vf g, lw_memory *s) {
  s->a = lw_mean(o->decay1, o->share1, s->a, g);
  s->b = lw_mean_square(o, s->b, g);
  s->c = vf_max(s->c, s->b);
  return vf_div(s->a, lw_deviation(o, s->c));
}

// a: the mean, b: the largest gradient, fading.
LW_INLINE vf lw_rule_adamax(const lw_update *o, vf g, lw_memory *s) {
  s->a = lw_mean(o->decay1, o->share1, s->a, g);
  s->b = vf_max(vf_mul(vf_set1(o->decay2), s->b), vf_add(vf_abs(g), vf_set1(o->epsilon)));
  return vf_div(s->a, s->b);
}

// Adam with a mixture of the gradient and the mean.
LW_INLINE vf lw_rule_nadam(const lw_update *o, vf g, lw_memory *s) {
  s->a = lw_mean(o->decay1, o->share1, s->a, g);
  s->b = lw_mean_square(o, s->b, g);
  return vf_div(vf_fma(vf_set1(o->mix_gradient), g, vf_mul(vf_set1(o->mix_mean), s->a)), lw_deviation(o, s->b));
}
