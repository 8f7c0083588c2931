// Softmax and log-softmax of rows, and their gradients.

// y = exp(x - m) / sum exp(x - m), m the row's maximum.
static void lw_softmax(size_t rows, size_t columns, const float *x, size_t ldx, float *y, size_t ldy) {
  for (size_t r = 0; r < rows; ++r, x += ldx, y += ldy) {
    const vf sum = vf_set1(lw_row_exp(x, columns, lw_row_maximum(x, columns), y));
    LW_ALONG(columns, { vf_store(y + i, vf_div(vf_load(y + i), sum)); },
             { vf_store_n(y + i, vf_div(vf_load_n(y + i, rest), sum), rest); })
  }
}

// y = (x - m) - log sum exp(x - m).
static void lw_log_softmax(size_t rows, size_t columns, const float *x, size_t ldx, float *y, size_t ldy) {
  for (size_t r = 0; r < rows; ++r, x += ldx, y += ldy) {
    const float maximum = lw_row_maximum(x, columns);
    const vf m = vf_set1(maximum), logSum = vf_set1(lw_log_of(lw_row_exp(x, columns, maximum, NULL)));
    LW_ALONG(columns, { vf_store(y + i, vf_sub(vf_sub(vf_load(x + i), m), logSum)); },
             { vf_store_n(y + i, vf_sub(vf_sub(vf_load_n(x + i, rest), m), logSum), rest); })
  }
}

LW_INLINE float lw_row_dot(const float *x, const float *y, size_t n) {
  LW_SUM_CHUNKS(n, lw_dot_chunk(x + at, y + at, part));
}

// dx = y (dy - sum y dy).
static void lw_softmax_gradient(size_t rows, size_t columns, const float *y, size_t ldy, const float *dy, size_t lddy,
                                float *dx, size_t lddx) {
  for (size_t r = 0; r < rows; ++r, y += ldy, dy += lddy, dx += lddx) {
    const vf dot = vf_set1(lw_row_dot(y, dy, columns));
    LW_ALONG(columns, { vf_store(dx + i, vf_mul(vf_load(y + i), vf_sub(vf_load(dy + i), dot))); },
             { vf_store_n(dx + i, vf_mul(vf_load_n(y + i, rest), vf_sub(vf_load_n(dy + i, rest), dot)), rest); })
  }
}

// dx = dy - exp(y) sum dy.
static void lw_log_softmax_gradient(size_t rows, size_t columns, const float *y, size_t ldy, const float *dy, size_t lddy,
                                    float *dx, size_t lddx) {
  for (size_t r = 0; r < rows; ++r, y += ldy, dy += lddy, dx += lddx) {
    const vf sum = vf_set1(lw_fold_all(LW_FOLD_SUM, dy, columns, 0));
    LW_ALONG(columns, { vf_store(dx + i, vf_fnma(vf_exp(vf_load(y + i)), sum, vf_load(dy + i))); },
             { vf_store_n(dx + i, vf_fnma(vf_exp(vf_load_n(y + i, rest)), sum, vf_load_n(dy + i, rest)), rest); })
  }
}
