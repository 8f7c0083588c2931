// Backward by row. With u = (x - mean) inverse and g = dy gamma, dx = inverse (g - mean of g - u mean of g u), the means over
// the row (without the first in RMS norm). The gradients of gamma and beta are running sums down the rows.

// Sums of g and of g u of some rows, and their share of the gradients of gamma and beta.
typedef struct lw_row_sums { vf g, gu; } lw_row_sums;

// n columns from j on; sums[r] of row r run on.
LW_INLINE void lw_rows_gradient_step(const lw_row_norm_gradient *job, int centered, int has_gamma, int parameters, int rows,
                                     size_t row, size_t j, int n, lw_row_sums *sums) {
  const vf gamma = has_gamma ? vf_load_lanes(job->gamma + j, n) : vf_zero();
  vf dgamma = vf_zero(), dbeta = vf_zero();
  if (parameters) {
    dgamma = vf_load_lanes(job->gamma_gradient + j, n);
    dbeta = vf_load_lanes(job->beta_gradient + j, n);
  }
  LW_UNROLL for (int r = 0; r < rows; ++r) {
    const size_t i = (row + (size_t)r) * job->columns + j;
    const vf mean = centered ? vf_bcast(job->mean + row + r) : vf_zero();
    const vf u = lw_row_normal(centered, vf_load_lanes(job->x + i, n), mean, vf_bcast(job->inverse + row + r));
    const vf dy = vf_load_lanes(job->dy + i, n);
    // Lanes beyond n have dy = 0; their u may be infinite, and stays out of the sums.
    const vf g = has_gamma ? vf_mul(dy, gamma) : dy, gu = vf_fma(g, u, sums[r].gu);
    if (centered) sums[r].g = vf_add(sums[r].g, g);
    sums[r].gu = n == VF ? gu : vf_select(vi_gt(vi_set1(n), vi_iota()), gu, sums[r].gu);
    dgamma = vf_fma(dy, u, dgamma);
    dbeta = vf_add(dbeta, dy);
  }
  if (parameters) {
    vf_store_lanes(job->gamma_gradient + j, dgamma, n);
    vf_store_lanes(job->beta_gradient + j, dbeta, n);
  }
}

// Both sums of each row, by chunks of columns.
LW_INLINE void lw_rows_gradient_sums(const lw_row_norm_gradient *job, int centered, int has_gamma, int parameters, int rows,
                                     size_t row, float *g, float *gu) {
  float chunk[LW_ROWS_BACKWARD][2][LW_CHUNK];
  size_t chunks = 0;
  for (size_t at = 0; at < job->columns; at += LW_CHUNK, ++chunks) {
    const size_t end = job->columns - at < LW_CHUNK ? job->columns : at + LW_CHUNK;
    lw_row_sums sums[LW_ROWS_BACKWARD];
    LW_UNROLL for (int r = 0; r < rows; ++r) sums[r] = (lw_row_sums){vf_zero(), vf_zero()};
    size_t j = at;
    for (; j + VF <= end; j += VF) lw_rows_gradient_step(job, centered, has_gamma, parameters, rows, row, j, VF, sums);
    if (j < end) lw_rows_gradient_step(job, centered, has_gamma, parameters, rows, row, j, (int)(end - j), sums);
    LW_UNROLL for (int r = 0; r < rows; ++r) {
      chunk[r][0][chunks] = vf_sum(sums[r].g);
      chunk[r][1][chunks] = vf_sum(sums[r].gu);
    }
  }
  for (int r = 0; r < rows; ++r) {
    g[r] = chunks == 1 ? chunk[r][0][0] : lw_fold_all(LW_FOLD_SUM, chunk[r][0], chunks, 0);
    gu[r] = chunks == 1 ? chunk[r][1][0] : lw_fold_all(LW_FOLD_SUM, chunk[r][1], chunks, 0);
  }
}

LW_INLINE vf lw_row_dx(int centered, int has_gamma, vf x, vf dy, vf gamma, vf mean, vf inverse, vf g, vf gu) {
  const vf u = lw_row_normal(centered, x, mean, inverse), own = has_gamma ? vf_mul(dy, gamma) : dy;
  return vf_mul(inverse, vf_fnma(u, gu, centered ? vf_sub(own, g) : own));
}

LW_INLINE void lw_row_gradient_apply(const lw_row_norm_gradient *job, int centered, int has_gamma, size_t row, float g,
                                     float gu) {
  const float count = (float)job->columns;
  const vf mean = centered ? vf_set1(job->mean[row]) : vf_zero(), inverse = vf_set1(job->inverse[row]);
  const vf mg = vf_set1(g / count), mgu = vf_set1(gu / count);
  const float *x = job->x + row * job->columns, *dy = job->dy + row * job->columns;
  const float *gamma = has_gamma ? job->gamma : x;
  float *dx = job->dx + row * job->columns;
  LW_ALONG(job->columns, {
    vf_store(dx + i, lw_row_dx(centered, has_gamma, vf_load(x + i), vf_load(dy + i), vf_load(gamma + i), mean, inverse, mg, mgu));
  }, {
    const vf part = vf_load_n(gamma + i, rest);
    vf_store_n(dx + i, lw_row_dx(centered, has_gamma, vf_load_n(x + i, rest), vf_load_n(dy + i, rest), part, mean, inverse, mg,
                                 mgu), rest);
  })
}

LW_INLINE void lw_rows_gradient(const lw_row_norm_gradient *job, int centered, int has_gamma, int parameters, int rows,
                                size_t row) {
  float g[LW_ROWS_BACKWARD], gu[LW_ROWS_BACKWARD];
  lw_rows_gradient_sums(job, centered, has_gamma, parameters, rows, row, g, gu);
  for (int r = 0; r < rows; ++r) lw_row_gradient_apply(job, centered, has_gamma, row + (size_t)r, g[r], gu[r]);
}

LW_INLINE void lw_row_norm_gradient_all(const lw_row_norm_gradient *job, int centered, int has_gamma, int parameters) {
  size_t row = 0;
  for (; row + LW_ROWS_BACKWARD <= job->rows; row += LW_ROWS_BACKWARD)
    lw_rows_gradient(job, centered, has_gamma, parameters, LW_ROWS_BACKWARD, row);
  for (; row < job->rows; ++row) lw_rows_gradient(job, centered, has_gamma, parameters, 1, row);
}

LW_INLINE void lw_row_norm_gradient_of(const lw_row_norm_gradient *job, int centered) {
  const int parameters = job->gamma_gradient != NULL;
  if (parameters) {
    __builtin_memset(job->gamma_gradient, 0, job->columns * sizeof(float));
    __builtin_memset(job->beta_gradient, 0, job->columns * sizeof(float));
  }
  if (job->gamma && parameters) lw_row_norm_gradient_all(job, centered, 1, 1);
  else if (job->gamma) lw_row_norm_gradient_all(job, centered, 1, 0);
  else if (parameters) lw_row_norm_gradient_all(job, centered, 0, 1);
  else lw_row_norm_gradient_all(job, centered, 0, 0);
}

static void lw_row_norm_gradient_run(const lw_row_norm_gradient *job) {
  if (job->mean) lw_row_norm_gradient_of(job, 1);
  else lw_row_norm_gradient_of(job, 0);
}
