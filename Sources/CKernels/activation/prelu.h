// Leaky ReLU with a slope for each column that is learned.

static void lw_prelu(size_t rows, size_t columns, const float *x, const float *slope, float *y) {
  for (size_t row = 0; row < rows; ++row, x += columns, y += columns)
    for (size_t j = 0; j < columns; j += VF) {
      const int n = columns - j < VF ? (int)(columns - j) : VF;
      vf_store_n(y + j, vf_leaky_relu(vf_load_n(x + j, n), vf_load_n(slope + j, n)), n);
    }
}

// n columns from j on. Rows run inside, so that the sum of a column stays in a register.
LW_INLINE void lw_prelu_gradient_columns(size_t rows, size_t columns, size_t j, int n, const float *x, const float *slope,
                                         const float *dy, float *dx, float *slope_gradient) {
  const vf a = vf_load_n(slope + j, n);
  vf sum = vf_zero();
  for (size_t at = j; at < rows * columns; at += columns) {
    const vf v = vf_load_n(x + at, n), d = vf_load_n(dy + at, n);
    const vm positive = vf_gt(v, vf_zero());
    sum = vf_select(positive, sum, vf_fma(v, d, sum));
    if (dx) vf_store_n(dx + at, vf_select(positive, d, vf_mul(a, d)), n);
  }
  vf_store_n(slope_gradient + j, sum, n);
}

static void lw_prelu_gradient(size_t rows, size_t columns, const float *x, const float *slope, const float *dy, float *dx,
                              float *slope_gradient) {
  size_t j = 0;
  for (; j + VF <= columns; j += VF) lw_prelu_gradient_columns(rows, columns, j, VF, x, slope, dy, dx, slope_gradient);
  if (j < columns) lw_prelu_gradient_columns(rows, columns, j, (int)(columns - j), x, slope, dy, dx, slope_gradient);
}
