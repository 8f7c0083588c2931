// Losses of single elements.

// -t log s - (1 - t) log(1 - s) with s = sigmoid(x), computed as max(0, x) - t x + log(1 + e^-|x|); its derivative is s - t.
// t is the target after label smoothing over two classes: (1 - e) t + e/2. Of an infinite x the first two are |x| times what the
// target leaves to the other answer, and 0 when that is 0.
LW_INLINE vf lw_binary_margin(vf t, vf x) {
  const vf size = vf_abs(x), other = vf_select(vf_gt(x, vf_zero()), vf_sub(vf_set1(1.0f), t), t);
  const vf beyond = vf_select(vf_eq(other, vf_zero()), vf_zero(), vf_mul(other, size));
  return vf_select(vf_eq(size, vf_set1(__builtin_inff())), beyond, vf_fnma(t, x, vf_relu(x)));
}

static void lw_sigmoid_cross_entropy(size_t count, const float *x, const float *targets, float smoothing, float gradient_scale,
                                     float *losses, float *gradient) {
  const vf kept = vf_set1(1.0f - smoothing), spread = vf_set1(0.5f * smoothing), scale = vf_set1(gradient_scale);
  for (size_t i = 0; i < count; i += VF) {
    const int n = count - i < VF ? (int)(count - i) : VF;
    const vf v = vf_load_n(x + i, n), t = vf_fma(kept, vf_load_n(targets + i, n), spread);
    vf_store_n(losses + i, vf_add(lw_binary_margin(t, v), vf_log1p_unit(vf_exp(vf_neg(vf_abs(v))))), n);
    if (gradient) vf_store_n(gradient + i, vf_mul(vf_sub(vf_sigmoid(v), t), scale), n);
  }
}

// A loss and its derivative by the prediction, for squares half of it.
typedef struct { vf loss, slope; } lw_sloped;

// The square of a linear loss of this slope.
LW_INLINE lw_sloped lw_squared(vf x, vf slope) { return (lw_sloped){vf_mul(x, x), vf_mul(x, slope)}; }

// The distance d, with slope -1, 1 or, at 0, 0; a NaN stays one.
LW_INLINE lw_sloped lw_distance(vf d) {
  const vf magnitude = vf_abs(d);
  return (lw_sloped){magnitude, vf_select(vf_gt(magnitude, vf_zero()), vf_copysign(vf_set1(1.0f), d), d)};
}

// d^2 / 2 up to delta, delta (|d| - delta/2) beyond: m (|d| - m/2) with m = min(|d|, delta).
LW_INLINE lw_sloped lw_huber(vf d, vf delta) {
  const vf magnitude = vf_abs(d), m = vf_min(delta, magnitude);
  return (lw_sloped){vf_mul(m, vf_fnma(vf_set1(0.5f), m, magnitude)), vf_copysign(m, d)};
}

// max(0, 1 - t p).
LW_INLINE lw_sloped lw_hinge(vf p, vf t) {
  const vf margin = vf_fnma(t, p, vf_set1(1.0f));
  return (lw_sloped){vf_relu(margin), vf_select(vf_le(margin, vf_zero()), vf_zero(), vf_neg(t))};
}

LW_INLINE lw_sloped lw_element_loss_of(int kind, vf parameter, vf p, vf t) {
  switch (kind) {
    case LW_ABSOLUTE_ERROR: return lw_distance(vf_sub(p, t));
    case LW_HUBER: return lw_huber(vf_sub(p, t), parameter);
    case LW_HINGE: return lw_hinge(p, t);
    case LW_SQUARED_HINGE: {
      const lw_sloped hinge = lw_hinge(p, t);
      return lw_squared(hinge.loss, hinge.slope);
    }
    default: {
      const vf d = vf_sub(p, t);
      return (lw_sloped){vf_mul(d, d), d};
    }
  }
}

LW_INLINE void lw_element_loss_kind_of(int kind, float parameter, size_t count, const float *predictions, const float *targets,
                                       float gradient_scale, float *losses, float *gradient) {
  const int isSquare = kind == LW_SQUARED_ERROR || kind == LW_SQUARED_HINGE;
  const vf scale = vf_set1(isSquare ? 2.0f * gradient_scale : gradient_scale), setting = vf_set1(parameter);
  for (size_t i = 0; i < count; i += VF) {
    const int n = count - i < VF ? (int)(count - i) : VF;
    const lw_sloped r = lw_element_loss_of(kind, setting, vf_load_n(predictions + i, n), vf_load_n(targets + i, n));
    vf_store_n(losses + i, r.loss, n);
    if (gradient) vf_store_n(gradient + i, vf_mul(r.slope, scale), n);
  }
}

static void lw_element_loss(lw_element_loss_kind kind, float parameter, size_t count, const float *predictions,
                            const float *targets, float gradient_scale, float *losses, float *gradient) {
#define LW_CASE(k) \
  case k: lw_element_loss_kind_of(k, parameter, count, predictions, targets, gradient_scale, losses, gradient); break;
  switch (kind) {
    LW_CASE(LW_SQUARED_ERROR)
    LW_CASE(LW_ABSOLUTE_ERROR)
    LW_CASE(LW_HUBER)
    LW_CASE(LW_HINGE)
    LW_CASE(LW_SQUARED_HINGE)
  }
#undef LW_CASE
}
