// Walking a matrix that is normalised by column (lw_norm_rows): blocks of rows, in each of them vector after vector.
// A lane is a column, so the order of rows is all that matters to a sum.

// Rows that a step takes at a time: parameters and running sums of a vector of columns are loaded once for them all, and
// so many streams keep the prefetchers busy.
enum { LW_NORM_ROWS = 4 };

// The longest row that folding makes: fewer than 64 columns, sixteen times.
enum { LW_NORM_LONGEST = 1024 };

// Calls step(..., rows, at, ld, column, n) for all elements of a matrix once, those of a column in ascending order of the
// (folded) rows: `rows` rows of n columns, which start at `at` in the matrix and at `column` in their row. A macro, so that
// rows and n are constants in the steps that matter.
#define LW_NORM_WALK(m, step, ...) \
  { \
    const size_t rows_ = (m)->rows / (m)->fold, columns_ = (m)->columns * (m)->fold, ld_ = (m)->ld * (m)->fold; \
    size_t i_ = 0; \
    for (; i_ + LW_NORM_ROWS <= rows_; i_ += LW_NORM_ROWS) LW_NORM_ALONG(LW_NORM_ROWS, columns_, step, __VA_ARGS__) \
    for (; i_ < rows_; ++i_) LW_NORM_ALONG(1, columns_, step, __VA_ARGS__) \
    LW_NORM_ALONG(1, (m)->rows % (m)->fold * (m)->columns, step, __VA_ARGS__) \
  }
#define LW_NORM_ALONG(rows, columns, step, ...) \
  { \
    const size_t width_ = (columns); \
    size_t j_ = 0; \
    for (; j_ + VF <= width_; j_ += VF) step(__VA_ARGS__, rows, i_ * ld_ + j_, ld_, j_, VF); \
    if (j_ < width_) step(__VA_ARGS__, rows, i_ * ld_ + j_, ld_, j_, (int)(width_ - j_)); \
  }

// The sums of a folded row to those of its columns: the upper half of the copies joins the lower one, until one is left.
LW_INLINE void lw_norm_unfold(const lw_norm_rows *m, float *sums) {
  for (size_t half = m->fold / 2; half > 0; half /= 2)
    lw_zip(vf_add, sums, sums + half * m->columns, sums, half * m->columns);
}
