// Mean and variance of columns in one pass over the matrix.
//
// A chunk of rows sums d = x - k and d^2, with k its own first row, so that a large mean does not matter. As k is one of the
// n values, n (k - mean)^2 is at most n times the sum Q of squared deviations: subtracting it from sum d^2 = Q + n (k - mean)^2
// multiplies the sums' relative error by at most n + 1, if k is an outlier, and for ordinary data by less than ten.

typedef struct lw_moments_job {
  const float *x, *first;
  float *sum, *squares;  // of d and of d^2, running
} lw_moments_job;

LW_INLINE void lw_moments_step(const lw_moments_job *job, int rows, size_t at, size_t ld, size_t column, int n) {
  const vf first = vf_load_lanes(job->first + column, n);
  vf sum = vf_load_lanes(job->sum + column, n), squares = vf_load_lanes(job->squares + column, n);
  LW_UNROLL for (int r = 0; r < rows; ++r) {
    const vf d = vf_sub(vf_load_lanes(job->x + at + (size_t)r * ld, n), first);
    sum = vf_add(sum, d);
    squares = vf_fma(d, d, squares);
  }
  vf_store_lanes(job->sum + column, sum, n);
  vf_store_lanes(job->squares + column, squares, n);
}

// sum[j] = sum of x - origin[j], squares[j] = sum of (x - m)^2 with m the mean of these rows.
LW_INLINE void lw_moments_finish(const lw_norm_rows *m, const lw_moments_job *job, const float *origin, float *sum,
                                 float *squares) {
  const vf count = vf_set1((float)m->rows);
  for (size_t j = 0; j < m->columns; j += VF) {
    const int n = m->columns - j < VF ? (int)(m->columns - j) : VF;
    const vf d = vf_load_n(job->sum + j, n), first = vf_load_n(job->first + j, n);
    const vf q = vf_fnma(vf_div(d, count), d, vf_load_n(job->squares + j, n));
    vf_store_n(sum + j, vf_fma(count, vf_sub(first, vf_load_n(origin + j, n)), d), n);
    vf_store_n(squares + j, vf_max(vf_zero(), q), n);
  }
}

static void lw_norm_moments(const lw_norm_rows *m, const float *x, const float *origin, float *sum, float *squares) {
  float folded[3][LW_NORM_LONGEST];
  lw_moments_job job = {x, x, sum, squares};
  if (m->fold > 1) {
    for (size_t f = 0; f < m->fold; ++f) __builtin_memcpy(folded[0] + f * m->columns, x, m->columns * sizeof(float));
    job = (lw_moments_job){x, folded[0], folded[1], folded[2]};
  }
  __builtin_memset(job.sum, 0, m->fold * m->columns * sizeof(float));
  __builtin_memset(job.squares, 0, m->fold * m->columns * sizeof(float));
  LW_NORM_WALK(m, lw_moments_step, &job)
  lw_norm_unfold(m, job.sum);
  lw_norm_unfold(m, job.squares);
  lw_moments_finish(m, &job, origin, sum, squares);
}

// Chunks to the whole: the squares within chunks and, with their weights, those of the chunks' distances from the mean.
static void lw_norm_join(const lw_norm_chunks *c, const float *origin, const float *sums, const float *squares, float *mean,
                         float *total) {
  const vf rows = vf_set1((float)c->rows), usual = vf_set1((float)c->chunk_rows);
  const vf last = vf_set1((float)(c->rows - (c->chunks - 1) * c->chunk_rows));
  for (size_t j = 0; j < c->columns; j += VF) {
    const int n = c->columns - j < VF ? (int)(c->columns - j) : VF;
    vf sum = vf_zero(), q = vf_zero();
    for (size_t b = 0; b < c->chunks; ++b) sum = vf_add(sum, vf_load_n(sums + b * c->columns + j, n));
    const vf distance = vf_div(sum, rows);
    for (size_t b = 0; b < c->chunks; ++b) {
      const vf count = b + 1 < c->chunks ? usual : last;
      const vf d = vf_sub(vf_div(vf_load_n(sums + b * c->columns + j, n), count), distance);
      q = vf_add(q, vf_fma(vf_mul(count, d), d, vf_load_n(squares + b * c->columns + j, n)));
    }
    vf_store_n(mean + j, vf_add(vf_load_n(origin + j, n), distance), n);
    vf_store_n(total + j, q, n);
  }
}

// y[j] = 1 / sqrt(squares[j] / count + epsilon).
static void lw_norm_inverse(size_t n, float count, float epsilon, const float *squares, float *y) {
  const vf divisor = vf_set1(count), e = vf_set1(epsilon), one = vf_set1(1.0f);
  for (size_t j = 0; j < n; j += VF) {
    const int part = n - j < VF ? (int)(n - j) : VF;
    vf_store_n(y + j, vf_div(one, vf_sqrt(vf_add(vf_div(vf_load_n(squares + j, part), divisor), e))), part);
  }
}

// running[j] = keep * (running[j] - v) + v, v = values[j] / divisor.
static void lw_norm_track(size_t n, float keep, float divisor, const float *values, float *running) {
  const vf k = vf_set1(keep), divide = vf_set1(divisor);
  for (size_t j = 0; j < n; j += VF) {
    const int part = n - j < VF ? (int)(n - j) : VF;
    const vf v = vf_div(vf_load_n(values + j, part), divide);
    vf_store_n(running + j, vf_fma(k, vf_sub(vf_load_n(running + j, part), v), v), part);
  }
}
