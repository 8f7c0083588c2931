// Folds down the columns of a matrix: a lane is a column. Rows run in ascending order in blocks of LW_ROW_CHUNK, each
// from a fresh start, and the results of the blocks are joined in order.

enum { LW_ROW_CHUNK = 256 };

// Vectors of columns folded side by side: enough independent chains to hide the latency of one step.
enum { LW_COLUMN_VECTORS = 4 };

// `vectors` vectors of columns; the last holds `last` of them.
LW_INLINE void lw_fold_column_tile(lw_fold f, int vectors, int last, size_t rows, const float *x, size_t ldx,
                                   const float *shift, float *y) {
  vf total[LW_COLUMN_VECTORS], s[LW_COLUMN_VECTORS];
  LW_UNROLL for (int v = 0; v < vectors; ++v) {
    const int n = v + 1 < vectors ? VF : last;
    total[v] = lw_fold_start(f);
    s[v] = lw_fold_has_shift(f) ? vf_load_n(shift + v * VF, n) : vf_zero();
  }
  for (size_t row = 0; row < rows; row += LW_ROW_CHUNK) {
    const size_t end = rows - row < LW_ROW_CHUNK ? rows : row + LW_ROW_CHUNK;
    vf acc[LW_COLUMN_VECTORS];
    LW_UNROLL for (int v = 0; v < vectors; ++v) acc[v] = lw_fold_start(f);
    for (size_t i = row; i < end; ++i) {
      LW_UNROLL for (int v = 0; v < vectors; ++v) {
        const float *p = x + i * ldx + v * VF;
        acc[v] = lw_fold_step(f, acc[v], v + 1 < vectors || last == VF ? vf_load(p) : vf_load_n(p, last), s[v]);
      }
    }
    LW_UNROLL for (int v = 0; v < vectors; ++v) total[v] = lw_fold_step(lw_fold_joiner(f), total[v], acc[v], s[v]);
  }
  LW_UNROLL for (int v = 0; v < vectors; ++v) vf_store_n(y + v * VF, total[v], v + 1 < vectors ? VF : last);
}

// The shift from column j on, if there is one.
LW_INLINE const float *lw_shift_at(const float *shift, size_t j) { return shift ? shift + j : NULL; }

LW_INLINE void lw_fold_columns_of(lw_fold f, size_t rows, size_t columns, const float *x, size_t ldx, const float *shift,
                                  float *y) {
  size_t j = 0;
  for (; j + LW_COLUMN_VECTORS * VF <= columns; j += LW_COLUMN_VECTORS * VF)
    lw_fold_column_tile(f, LW_COLUMN_VECTORS, VF, rows, x + j, ldx, lw_shift_at(shift, j), y + j);
  for (; j + VF <= columns; j += VF) lw_fold_column_tile(f, 1, VF, rows, x + j, ldx, lw_shift_at(shift, j), y + j);
  if (j < columns) lw_fold_column_tile(f, 1, (int)(columns - j), rows, x + j, ldx, lw_shift_at(shift, j), y + j);
}

static void lw_fold_columns(lw_fold f, size_t rows, size_t columns, const float *x, size_t ldx, const float *shift, float *y) {
  switch (f) {
    case LW_FOLD_SUM: lw_fold_columns_of(LW_FOLD_SUM, rows, columns, x, ldx, shift, y); break;
    case LW_FOLD_ABS: lw_fold_columns_of(LW_FOLD_ABS, rows, columns, x, ldx, shift, y); break;
    case LW_FOLD_SQUARE: lw_fold_columns_of(LW_FOLD_SQUARE, rows, columns, x, ldx, shift, y); break;
    case LW_FOLD_DIFFERENCE: lw_fold_columns_of(LW_FOLD_DIFFERENCE, rows, columns, x, ldx, shift, y); break;
    case LW_FOLD_DEVIATION: lw_fold_columns_of(LW_FOLD_DEVIATION, rows, columns, x, ldx, shift, y); break;
    case LW_FOLD_MAX: lw_fold_columns_of(LW_FOLD_MAX, rows, columns, x, ldx, shift, y); break;
    case LW_FOLD_ABSMAX: lw_fold_columns_of(LW_FOLD_ABSMAX, rows, columns, x, ldx, shift, y); break;
  }
}

// What turns folds into means, variances, norms and maxima: y[i] = f(y[i]).
static void lw_fold_finish(lw_finish f, float n, float *y, size_t count) {
  switch (f) {
    case LW_FINISH_DIVIDE: lw_zip_scalar(vf_div, y, n, y, count); break;
    case LW_FINISH_UNSIGN_ZERO: lw_zip_scalar(vf_add, y, 0.0f, y, count); break;
    case LW_FINISH_SQRT:
      for (size_t i = 0; i < count; i += VF) {
        const int part = count - i < VF ? (int)(count - i) : VF;
        vf_store_n(y + i, vf_sqrt(vf_load_n(y + i, part)), part);
      }
      break;
  }
}

// y[j] = sum of the rows' join, one more row: used where blocks of rows were folded apart.
static void lw_fold_join(lw_fold f, const float *x, float *y, size_t n) {
  lw_zip(lw_fold_is_max(f) ? lw_sticky_max : vf_add, y, x, y, n);
}
