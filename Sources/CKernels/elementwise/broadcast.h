// A matrix and one row (a value for each column), or one column (a value for each row); and whole rows by index.

static void lw_add_row(size_t rows, size_t columns, const float *x, size_t ldx, const float *row, float *y, size_t ldy) {
  for (size_t i = 0; i < rows; ++i) lw_zip(vf_add, x + i * ldx, row, y + i * ldy, columns);
}
static void lw_multiply_row(size_t rows, size_t columns, const float *x, size_t ldx, const float *row, float *y, size_t ldy) {
  for (size_t i = 0; i < rows; ++i) lw_zip(vf_mul, x + i * ldx, row, y + i * ldy, columns);
}
static void lw_add_column(size_t rows, size_t columns, const float *x, size_t ldx, const float *column, float *y, size_t ldy) {
  for (size_t i = 0; i < rows; ++i) lw_zip_scalar(vf_add, x + i * ldx, column[i], y + i * ldy, columns);
}
static void lw_multiply_column(size_t rows, size_t columns, const float *x, size_t ldx, const float *column, float *y,
                               size_t ldy) {
  for (size_t i = 0; i < rows; ++i) lw_zip_scalar(vf_mul, x + i * ldx, column[i], y + i * ldy, columns);
}

static void lw_gather_rows(size_t rows, size_t columns, const float *source, size_t lds, const int32_t *indices, float *y,
                           size_t ldy) {
  for (size_t i = 0; i < rows; ++i)
    __builtin_memcpy(y + i * ldy, source + (size_t)indices[i] * lds, columns * sizeof(float));
}
