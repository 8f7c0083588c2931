// Rows of a table by token, and the sums of what comes back for each row.

static void lw_embedding(size_t count, size_t columns, const float *tokens, const float *table, size_t ldt, float *y, size_t ldy) {
  for (size_t i = 0; i < count; ++i)
    __builtin_memcpy(y + i * ldy, table + (size_t)tokens[i] * ldt, columns * sizeof(float));
}

// Row r: the sum of dy over the places of token r, ascending, from 0.
static void lw_embedding_gradient(size_t count, size_t columns, size_t vocabulary, const float *tokens, const float *dy,
                                  size_t lddy, float *gradient, size_t ldg) {
  for (size_t r = 0; r < vocabulary; ++r) __builtin_memset(gradient + r * ldg, 0, columns * sizeof(float));
  for (size_t i = 0; i < count; ++i) {
    float *row = gradient + (size_t)tokens[i] * ldg;
    lw_zip(vf_add, row, dy + i * lddy, row, columns);
  }
}
