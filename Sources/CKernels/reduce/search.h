// Where: the index of a maximum, and whether every element is finite.

// The index of the first element equal to `value` (the first NaN when value is one), n when there is none.
static size_t lw_find(const float *x, size_t n, float value) {
  const vf v = vf_set1(value);
  const int nan = value != value;
  size_t i = 0;
  for (; i + VF <= n; i += VF) {
    const vf a = vf_load(x + i);
    if (vm_any(nan ? vf_ne(a, a) : vf_eq(a, v))) break;
  }
  for (; i < n; ++i)
    if (nan ? x[i] != x[i] : x[i] == value) break;
  return i;
}

// A maximum is one pass that looks at values alone; its index is a second, short look at the data just read.
static size_t lw_argmax(const float *x, size_t n) { return lw_find(x, n, lw_fold_all(LW_FOLD_MAX, x, n, 0)); }

static void lw_argmax_rows(size_t rows, size_t columns, const float *x, size_t ldx, int32_t *y) {
  for (size_t i = 0; i < rows; ++i) y[i] = (int32_t)lw_argmax(x + i * ldx, columns);
}

// Index of the largest of each of n <= VF columns, by the rule of lw_sticky_max: a greater value or the first NaN
// replaces the best so far.
LW_INLINE vi lw_argmax_column_tile(size_t rows, const float *x, size_t ldx, int n) {
  vf best = vf_load_n(x, n);
  vi index = vi_set1(0);
  for (size_t i = 1; i < rows; ++i) {
    const vf a = n == VF ? vf_load(x + i * ldx) : vf_load_n(x + i * ldx, n);
    const vm better = vm_and(vf_eq(best, best), vm_or(vf_gt(a, best), vf_ne(a, a)));
    best = vf_select(better, a, best);
    index = vi_select(better, vi_set1((int32_t)i), index);
  }
  return index;
}

static void lw_argmax_columns(size_t rows, size_t columns, const float *x, size_t ldx, int32_t *y) {
  size_t j = 0;
  for (; j + VF <= columns; j += VF) vi_store(y + j, lw_argmax_column_tile(rows, x + j, ldx, VF));
  if (j < columns) vi_store_n(y + j, lw_argmax_column_tile(rows, x + j, ldx, (int)(columns - j)), (int)(columns - j));
}

// Blocks end the search early; inside one there is no branch.
static int lw_is_finite(const float *x, size_t n) {
  const vf infinity = vf_set1(__builtin_inff());
  size_t i = 0;
  while (i + VF <= n) {
    const size_t end = n - i < LW_CHUNK ? n : i + LW_CHUNK;
    vm finite = vf_lt(vf_abs(vf_load(x + i)), infinity);
    for (i += VF; i + VF <= end; i += VF) finite = vm_and(finite, vf_lt(vf_abs(vf_load(x + i)), infinity));
    if (vm_any(vm_not(finite))) return 0;
  }
  return i == n || !vm_any(vm_not(vf_lt(vf_abs(vf_load_n(x + i, (int)(n - i))), infinity)));
}
