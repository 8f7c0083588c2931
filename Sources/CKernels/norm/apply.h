// y = (x - mean) scale + shift, with what follows it fused. The difference comes first because it is exact, or nearly so,
// where the mean is large beside the deviation; x scale + (shift - mean scale) would cancel.

typedef struct lw_apply_job {
  const float *x, *mean, *scale, *shift, *residual;
  float *y;
} lw_apply_job;

LW_INLINE void lw_apply_step(const lw_apply_job *job, int residual, int relu, int rows, size_t at, size_t ld, size_t column,
                             int n) {
  const vf mean = vf_load_lanes(job->mean + column, n), scale = vf_load_lanes(job->scale + column, n);
  const vf shift = vf_load_lanes(job->shift + column, n);
  LW_UNROLL for (int r = 0; r < rows; ++r) {
    const size_t i = at + (size_t)r * ld;
    vf y = vf_fma(vf_sub(vf_load_lanes(job->x + i, n), mean), scale, shift);
    if (residual) y = vf_add(y, vf_load_lanes(job->residual + i, n));
    vf_store_lanes(job->y + i, relu ? vf_relu(y) : y, n);
  }
}

static void lw_norm_apply(const lw_norm_rows *m, const float *x, const float *mean, const float *scale, const float *shift,
                          const float *residual, int relu, float *y) {
  const lw_apply_job job = {x, mean, scale, shift, residual, y};
  if (residual && relu) LW_NORM_WALK(m, lw_apply_step, &job, 1, 1)
  else if (residual) LW_NORM_WALK(m, lw_apply_step, &job, 1, 0)
  else if (relu) LW_NORM_WALK(m, lw_apply_step, &job, 0, 1)
  else LW_NORM_WALK(m, lw_apply_step, &job, 0, 0)
}
