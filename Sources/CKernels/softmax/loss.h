// Losses of single elements.

// -t log s - (1 - t) log(1 - s) with s = sigmoid(x), computed as max(0, x) - t x + log(1 + e^-|x|); its derivative is s - t.
// t is the target after label smoothing over two classes: (1 - e) t + e/2.
static void lw_sigmoid_cross_entropy(size_t count, const float *x, const float *targets, float smoothing, float gradient_scale,
                                     float *losses, float *gradient) {
  const vf kept = vf_set1(1.0f - smoothing), spread = vf_set1(0.5f * smoothing), scale = vf_set1(gradient_scale);
  for (size_t i = 0; i < count; i += VF) {
    const int n = count - i < VF ? (int)(count - i) : VF;
    const vf v = vf_load_n(x + i, n), t = vf_fma(kept, vf_load_n(targets + i, n), spread);
    const vf margin = vf_fnma(t, v, vf_relu(v));
    vf_store_n(losses + i, vf_add(margin, vf_log1p_unit(vf_exp(vf_neg(vf_abs(v))))), n);
    if (gradient) vf_store_n(gradient + i, vf_mul(vf_sub(vf_sigmoid(v), t), scale), n);
  }
}

// (p - t)^2, and its derivative 2 (p - t).
static void lw_squared_error(size_t count, const float *predictions, const float *targets, float gradient_scale,
                             float *losses, float *gradient) {
  const vf scale = vf_set1(2.0f * gradient_scale);
  for (size_t i = 0; i < count; i += VF) {
    const int n = count - i < VF ? (int)(count - i) : VF;
    const vf d = vf_sub(vf_load_n(predictions + i, n), vf_load_n(targets + i, n));
    vf_store_n(losses + i, vf_mul(d, d), n);
    if (gradient) vf_store_n(gradient + i, vf_mul(d, scale), n);
  }
}
