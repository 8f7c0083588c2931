#include "parity.h"

// Every fold over every shape, without and with special values.

static const parity_kind kinds[] = {UNIT, MIXED};

static void fold_chunks(parity *p) {
  for (int f = LW_FOLD_SUM; f <= LW_FOLD_ABSMAX; ++f)
    for (int k = 0; k < 2; ++k)
      EACH_COUNT(n) {
        const size_t chunks = (size_t)(*n + 4095) / 4096;
        float *y = parity_output(chunks);
        p->kernels->fold_chunks((lw_fold)f, parity_input(p, (size_t)*n, kinds[k]), (size_t)*n, 0.3f, y);
        parity_finish(p, y, chunks);
      }
}

typedef void fold_kernel(lw_fold, size_t, size_t, const float *, size_t, const float *_Nullable, float *);

static void fold(parity *p, fold_kernel *run, int along_rows) {
  for (int f = LW_FOLD_SUM; f <= LW_FOLD_ABSMAX; ++f)
    for (int k = 0; k < 2; ++k)
      EACH_SHAPE(s) {
        const size_t ld = (size_t)(s->columns + s->gap), results = (size_t)(along_rows ? s->rows : s->columns);
        const float *x = parity_input(p, (size_t)s->rows * ld, kinds[k]), *shift = parity_input(p, results, UNIT);
        float *y = parity_output(results);
        run((lw_fold)f, (size_t)s->rows, (size_t)s->columns, x, ld, f == LW_FOLD_DIFFERENCE || f == LW_FOLD_DEVIATION ? shift : NULL, y);
        parity_finish(p, y, results);
      }
}

static void fold_rows(parity *p) { fold(p, p->kernels->fold_rows, 1); }
static void fold_columns(parity *p) { fold(p, p->kernels->fold_columns, 0); }

static void fold_join(parity *p) {
  for (int f = LW_FOLD_SUM; f <= LW_FOLD_ABSMAX; ++f)
    EACH_COUNT(n) {
      float *y = parity_output((size_t)*n);
      p->kernels->fold_join((lw_fold)f, parity_input(p, (size_t)*n, MIXED), y, (size_t)*n);
      parity_finish(p, y, (size_t)*n);
    }
}

static void fold_finish(parity *p) {
  for (int f = LW_FINISH_DIVIDE; f <= LW_FINISH_UNSIGN_ZERO; ++f)
    EACH_COUNT(n) {
      const float *x = parity_input(p, (size_t)*n, MIXED);
      float *y = parity_output((size_t)*n);
      for (ptrdiff_t i = 0; i < *n; ++i) y[i] = x[i];
      p->kernels->fold_finish((lw_finish)f, 7, y, (size_t)*n);
      parity_finish(p, y, (size_t)*n);
    }
}

static void dot_chunks(parity *p) {
  for (int k = 0; k < 2; ++k)
    EACH_COUNT(n) {
      const size_t chunks = (size_t)(*n + 4095) / 4096;
      const float *x = parity_input(p, (size_t)*n, kinds[k]), *y = parity_input(p, (size_t)*n, kinds[k]);
      float *z = parity_output(chunks);
      p->kernels->dot_chunks(x, y, (size_t)*n, z);
      parity_finish(p, z, chunks);
    }
}

typedef void argmax_kernel(size_t, size_t, const float *, size_t, int32_t *);

static void argmax(parity *p, argmax_kernel *f, int along_rows) {
  for (int k = 0; k < 2; ++k)
    EACH_SHAPE(s) {
      if ((along_rows ? s->columns : s->rows) == 0) continue;
      const size_t ld = (size_t)(s->columns + s->gap), results = (size_t)(along_rows ? s->rows : s->columns);
      int32_t *y = (int32_t *)parity_output(results);
      f((size_t)s->rows, (size_t)s->columns, parity_input(p, (size_t)s->rows * ld, kinds[k]), ld, y);
      parity_finish_words(p, y, results);
    }
}

static void argmax_rows(parity *p) { argmax(p, p->kernels->argmax_rows, 1); }
static void argmax_columns(parity *p) { argmax(p, p->kernels->argmax_columns, 0); }

static void find(parity *p) {
  EACH_COUNT(n) {
    const float *x = parity_input(p, (size_t)*n, MIXED);
    const float values[] = {0, 1, 88, -__builtin_inff(), __builtin_nanf(""), 12345};
    for (int v = 0; v < 6; ++v) {
      const uint32_t at = (uint32_t)p->kernels->find(x, (size_t)*n, values[v]);
      parity_words(p, &at, 1);
    }
  }
}

static void is_finite(parity *p) {
  EACH_COUNT(n) {
    float *x = parity_input(p, (size_t)*n, UNIT);
    for (ptrdiff_t at = -1; at < *n; at += 1 + *n / 9) {
      if (at >= 0) x[at] = at % 2 ? __builtin_inff() : -__builtin_nanf("");
      const uint32_t answer = (uint32_t)p->kernels->is_finite(x, (size_t)*n);
      parity_words(p, &answer, 1);
      if (at >= 0) x[at] = 0;
    }
  }
}

const parity_case reduce_cases[] = {
    {"fold_chunks", fold_chunks}, {"fold_rows", fold_rows}, {"fold_columns", fold_columns}, {"fold_join", fold_join},
    {"fold_finish", fold_finish}, {"dot_chunks", dot_chunks}, {"argmax_rows", argmax_rows}, {"argmax_columns", argmax_columns},
    {"find", find}, {"is_finite", is_finite}, {0}};
