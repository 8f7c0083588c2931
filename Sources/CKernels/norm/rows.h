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

// sum = sum of x - shift, squares = sum of (x - shift)^2 of each row, in one pass where the row is one chunk. The rows after these are
// fetched meanwhile: this pass and the next find theirs in the nearest cache and would leave memory idle.
LW_INLINE void lw_rows_deviations(int rows, const float *x, size_t columns, const float *shift, float *sum, float *squares) {
  if (columns > LW_CHUNK) {
    for (int r = 0; r < rows; ++r) {
      sum[r] = lw_fold_all(LW_FOLD_DIFFERENCE, x + r * columns, columns, shift[r]);
      squares[r] = lw_fold_all(LW_FOLD_DEVIATION, x + r * columns, columns, shift[r]);
    }
    return;
  }
  vf sums[LW_ROWS_FORWARD], q[LW_ROWS_FORWARD];
  LW_UNROLL for (int r = 0; r < rows; ++r) sums[r] = q[r] = vf_zero();
  size_t j = 0;
  for (; j + VF <= columns; j += VF)
    LW_UNROLL for (int r = 0; r < rows; ++r) {
      __builtin_prefetch(x + (rows + r) * columns + j, 0, 3);
      const vf d = vf_sub(vf_load(x + r * columns + j), vf_bcast(shift + r));
      sums[r] = vf_add(sums[r], d);
      q[r] = vf_fma(d, d, q[r]);
    }
  const int rest = (int)(columns - j);
  LW_UNROLL for (int r = 0; r < rows; ++r) {
    if (rest > 0) {
      sums[r] = lw_fold_step_n(LW_FOLD_DIFFERENCE, sums[r], x + r * columns + j, vf_bcast(shift + r), rest);
      q[r] = lw_fold_step_n(LW_FOLD_DEVIATION, q[r], x + r * columns + j, vf_bcast(shift + r), rest);
    }
    sum[r] = vf_sum(sums[r]);
    squares[r] = vf_sum(q[r]);
  }
}

// The mean of each row and its squared deviations from it. Differences from the row's own first element make a first mean m,
// exact where all elements are equal. Differences from m then correct it: by what rounding, or a first element far from the
// others, has cost.
LW_INLINE void lw_rows_moments(int rows, const float *x, size_t columns, float *mean, float *squares) {
  float m[LW_ROWS_FORWARD], sum[LW_ROWS_FORWARD];
  const float count = (float)columns;
  for (int r = 0; r < rows; ++r) m[r] = columns > 0 ? x[r * columns] : 0;
  lw_rows_fold_any(LW_FOLD_DIFFERENCE, rows, x, columns, m, sum);
  for (int r = 0; r < rows; ++r) m[r] = m[r] + sum[r] / count;
  lw_rows_deviations(rows, x, columns, m, sum, squares);
  for (int r = 0; r < rows; ++r) {
    const float correction = sum[r] / count, q = __builtin_fmaf(-correction, sum[r], squares[r]);
    mean[r] = m[r] + correction;
    squares[r] = 0 > q ? 0 : q;
  }
}

// mean (0 for RMS norm) and 1 / sqrt(variance + epsilon) of each row, with the mean square for the variance in RMS norm.
LW_INLINE void lw_rows_statistics(const lw_row_norm *job, int centered, int rows, const float *x, float *mean, float *inverse) {
  const float zero[LW_ROWS_FORWARD] = {0};
  float squares[LW_ROWS_FORWARD];
  for (int r = 0; r < rows; ++r) mean[r] = 0;
  if (centered) lw_rows_moments(rows, x, job->columns, mean, squares);
  else lw_rows_fold_any(LW_FOLD_SQUARE, rows, x, job->columns, zero, squares);
  lw_norm_inverse((size_t)rows, (float)job->columns, job->epsilon, squares, inverse);
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
