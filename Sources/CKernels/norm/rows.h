// Normalisation by row: layer norm, and without the mean RMS norm. Sums follow the rule of reduce/fold.h. A row is read
// from memory once: the later passes find it in the cache.

// Rows whose sums run side by side, so that one's latency hides behind the others.
enum { LW_ROWS_FORWARD = 4, LW_ROWS_BACKWARD = 2 };

// One fold of several rows of at most LW_CHUNK columns, columns apart.
LW_INLINE void lw_rows_fold(lw_fold f, int rows, const float *x, size_t columns, const float *shift, float *y) {
  vf acc[LW_ROWS_FORWARD];
  LW_UNROLL for (int r = 0; r < rows; ++r) acc[r] = lw_fold_start(f);
  size_t j = 0;
  for (; j + VF <= columns; j += VF)
    LW_UNROLL for (int r = 0; r < rows; ++r)
      acc[r] = lw_fold_step(f, acc[r], vf_load(x + r * columns + j), vf_bcast(shift + r));
  if (j < columns)
    LW_UNROLL for (int r = 0; r < rows; ++r)
      acc[r] = lw_fold_step_n(f, acc[r], x + r * columns + j, vf_bcast(shift + r), (int)(columns - j));
  LW_UNROLL for (int r = 0; r < rows; ++r) y[r] = lw_fold_lanes(f, acc[r]);
}

LW_INLINE void lw_rows_fold_any(lw_fold f, int rows, const float *x, size_t columns, const float *shift, float *y) {
  if (columns <= LW_CHUNK) lw_rows_fold(f, rows, x, columns, shift, y);
  else for (int r = 0; r < rows; ++r) y[r] = lw_fold_all(f, x + r * columns, columns, shift[r]);
}

// mean (0 for RMS norm) and 1 / sqrt(variance + epsilon) of each row, with the mean square for the variance in RMS norm.
LW_INLINE void lw_rows_statistics(const lw_row_norm *job, int centered, int rows, const float *x, float *mean, float *inverse) {
  const float count = (float)job->columns, zero[LW_ROWS_FORWARD] = {0};
  float squares[LW_ROWS_FORWARD];
  for (int r = 0; r < rows; ++r) mean[r] = 0;
  if (centered) {
    lw_rows_fold_any(LW_FOLD_SUM, rows, x, job->columns, zero, mean);
    for (int r = 0; r < rows; ++r) mean[r] = mean[r] / count;
    lw_rows_fold_any(LW_FOLD_DEVIATION, rows, x, job->columns, mean, squares);
  } else {
    lw_rows_fold_any(LW_FOLD_SQUARE, rows, x, job->columns, zero, squares);
  }
  lw_norm_inverse((size_t)rows, count, job->epsilon, squares, inverse);
}

// (x - mean) inverse, times gamma, plus beta. Without a mean there is no difference to take.
LW_INLINE vf lw_row_normal(int centered, vf x, vf mean, vf inverse) {
  return vf_mul(centered ? vf_sub(x, mean) : x, inverse);
}
LW_INLINE vf lw_row_scaled(int has_gamma, int has_beta, vf x, vf gamma, vf beta) {
  if (has_gamma) return has_beta ? vf_fma(x, gamma, beta) : vf_mul(x, gamma);
  return has_beta ? vf_add(x, beta) : x;
}

LW_INLINE void lw_row_apply(const lw_row_norm *job, int centered, int has_gamma, int has_beta, const float *x, vf mean,
                            vf inverse, float *y) {
  const float *gamma = has_gamma ? job->gamma : x, *beta = has_beta ? job->beta : x;  // what is not there is not used
  LW_ALONG(job->columns, {
    const vf normal = lw_row_normal(centered, vf_load(x + i), mean, inverse);
    vf_store(y + i, lw_row_scaled(has_gamma, has_beta, normal, vf_load(gamma + i), vf_load(beta + i)));
  }, {
    const vf normal = lw_row_normal(centered, vf_load_n(x + i, rest), mean, inverse);
    vf_store_n(y + i, lw_row_scaled(has_gamma, has_beta, normal, vf_load_n(gamma + i, rest), vf_load_n(beta + i, rest)), rest);
  })
}

LW_INLINE void lw_row_norm_group(const lw_row_norm *job, int centered, int rows, size_t row) {
  const float *x = job->x + row * job->columns;
  float mean[LW_ROWS_FORWARD], inverse[LW_ROWS_FORWARD];
  lw_rows_statistics(job, centered, rows, x, mean, inverse);
  for (int r = 0; r < rows; ++r) {
    const float *from = x + (size_t)r * job->columns;
    float *y = job->y + (row + (size_t)r) * job->columns;
    const vf m = vf_set1(mean[r]), s = vf_set1(inverse[r]);
    if (job->gamma && job->beta) lw_row_apply(job, centered, 1, 1, from, m, s, y);
    else if (job->gamma) lw_row_apply(job, centered, 1, 0, from, m, s, y);
    else if (job->beta) lw_row_apply(job, centered, 0, 1, from, m, s, y);
    else lw_row_apply(job, centered, 0, 0, from, m, s, y);
    if (job->mean) job->mean[row + (size_t)r] = mean[r];
    if (job->inverse) job->inverse[row + (size_t)r] = inverse[r];
  }
}

LW_INLINE void lw_row_norm_all(const lw_row_norm *job, int centered) {
  size_t row = 0;
  for (; row + LW_ROWS_FORWARD <= job->rows; row += LW_ROWS_FORWARD) lw_row_norm_group(job, centered, LW_ROWS_FORWARD, row);
  for (; row < job->rows; ++row) lw_row_norm_group(job, centered, 1, row);
}

static void lw_row_norm_run(const lw_row_norm *job) {
  if (job->centered) lw_row_norm_all(job, 1);
  else lw_row_norm_all(job, 0);
}
