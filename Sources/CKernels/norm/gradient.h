// Backward by column: two sums, then dx = a dz + (b (x - mean) + c). dz is dy where ReLU let y pass, otherwise 0; no mask is
// stored: y is worked out again from x as forward did it, or read where a residual went into it.

enum { LW_MASK_NONE, LW_MASK_X, LW_MASK_Y };

// What n elements at i contribute: x - mean and dz.
typedef struct lw_dz { vf d, dz; } lw_dz;

LW_INLINE lw_dz lw_norm_dz(const lw_norm_gradient *g, int mask, vf mean, vf scale, vf shift, size_t i, int n) {
  const vf d = vf_sub(vf_load_lanes(g->x + i, n), mean);
  vf dz = vf_load_lanes(g->dy + i, n);
  if (mask == LW_MASK_X) dz = vf_select(vf_le(vf_fma(d, scale, shift), vf_zero()), vf_zero(), dz);
  if (mask == LW_MASK_Y) dz = vf_select(vf_le(vf_load_lanes(g->y + i, n), vf_zero()), vf_zero(), dz);
  return (lw_dz){d, dz};
}

typedef struct lw_sums_job {
  lw_norm_gradient g;  // a copy, which no store can be thought to change
  float *sum, *product;
} lw_sums_job;

LW_INLINE void lw_sums_step(const lw_sums_job *job, int mask, int rows, size_t at, size_t ld, size_t column, int n) {
  const lw_norm_gradient *g = &job->g;
  const vf mean = vf_load_lanes(g->mean + column, n);
  const vf scale = mask == LW_MASK_X ? vf_load_lanes(g->scale + column, n) : mean;
  const vf shift = mask == LW_MASK_X ? vf_load_lanes(g->shift + column, n) : mean;
  vf sum = vf_load_lanes(job->sum + column, n), product = vf_load_lanes(job->product + column, n);
  LW_UNROLL for (int r = 0; r < rows; ++r) {
    const lw_dz e = lw_norm_dz(g, mask, mean, scale, shift, at + (size_t)r * ld, n);
    sum = vf_add(sum, e.dz);
    product = vf_fma(e.dz, e.d, product);
  }
  vf_store_lanes(job->sum + column, sum, n);
  vf_store_lanes(job->product + column, product, n);
}

typedef struct lw_dx_job {
  lw_norm_gradient g;
  const float *a, *b, *c;
  float *dx, *residual;
} lw_dx_job;

LW_INLINE void lw_dx_step(const lw_dx_job *job, int mask, int rows, size_t at, size_t ld, size_t column, int n) {
  const lw_norm_gradient *g = &job->g;
  const vf mean = vf_load_lanes(g->mean + column, n);
  const vf scale = mask == LW_MASK_X ? vf_load_lanes(g->scale + column, n) : mean;
  const vf shift = mask == LW_MASK_X ? vf_load_lanes(g->shift + column, n) : mean;
  const vf a = vf_load_lanes(job->a + column, n), b = vf_load_lanes(job->b + column, n), c = vf_load_lanes(job->c + column, n);
  LW_UNROLL for (int r = 0; r < rows; ++r) {
    const size_t i = at + (size_t)r * ld;
    const lw_dz e = lw_norm_dz(g, mask, mean, scale, shift, i, n);
    if (job->residual) vf_store_lanes(job->residual + i, e.dz, n);
    if (job->dx) vf_store_lanes(job->dx + i, vf_fma(a, e.dz, vf_fma(b, e.d, c)), n);
  }
}

// Of these rows: sum[j] = sum dz, product[j] = sum dz (x - mean).
static void lw_norm_sums(const lw_norm_rows *m, const lw_norm_gradient *g, float *sum, float *product) {
  float folded[2][LW_NORM_LONGEST];
  const size_t bytes = m->fold * m->columns * sizeof(float);
  const lw_sums_job job = {*g, m->fold > 1 ? folded[0] : sum, m->fold > 1 ? folded[1] : product};
  __builtin_memset(job.sum, 0, bytes);
  __builtin_memset(job.product, 0, bytes);
  if (g->y) LW_NORM_WALK(m, lw_sums_step, &job, LW_MASK_Y)
  else if (g->scale) LW_NORM_WALK(m, lw_sums_step, &job, LW_MASK_X)
  else LW_NORM_WALK(m, lw_sums_step, &job, LW_MASK_NONE)
  if (m->fold == 1) return;
  lw_norm_unfold(m, job.sum);
  lw_norm_unfold(m, job.product);
  __builtin_memcpy(sum, job.sum, m->columns * sizeof(float));
  __builtin_memcpy(product, job.product, m->columns * sizeof(float));
}

// dx = a dz + (b (x - mean) + c), residual = dz, each where it is given.
static void lw_norm_dx(const lw_norm_rows *m, const lw_norm_gradient *g, const float *a, const float *b, const float *c,
                       float *dx, float *residual) {
  const lw_dx_job job = {*g, a, b, c, dx, residual};
  if (g->y) LW_NORM_WALK(m, lw_dx_step, &job, LW_MASK_Y)
  else if (g->scale) LW_NORM_WALK(m, lw_dx_step, &job, LW_MASK_X)
  else LW_NORM_WALK(m, lw_dx_step, &job, LW_MASK_NONE)
}

// The derivative by what was normalised, count elements that share mean and deviation, in terms of the sums above:
// b = -gamma inverse^3 product / count, c = -gamma inverse sum / count.
static void lw_norm_terms(size_t n, float count, const float *scale, const float *inverse, const float *sum,
                          const float *product, float *b, float *c) {
  const vf divisor = vf_set1(-count);
  for (size_t j = 0; j < n; j += VF) {
    const int part = n - j < VF ? (int)(n - j) : VF;
    const vf inv = vf_load_n(inverse + j, part), share = vf_div(vf_load_n(scale + j, part), divisor);
    vf_store_n(b + j, vf_mul(share, vf_mul(vf_mul(vf_load_n(product + j, part), inv), inv)), part);
    vf_store_n(c + j, vf_mul(share, vf_load_n(sum + j, part)), part);
  }
}
