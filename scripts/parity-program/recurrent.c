#include "parity.h"

// One time step of each cell, forwards and back: units around vectors, with and without masks, and what may be NULL.

static const parity_kind kinds[] = {UNIT, MIXED};
static const ptrdiff_t sizes[][2] = {{1, 1}, {3, 15}, {2, 16}, {5, 17}, {4, 64}, {0, 0}};  // rows, units

#define EACH_SIZE(s) for (const ptrdiff_t(*s)[2] = sizes; (*s)[0] > 0; ++s)
enum { GAP = 3 };

static float *copy_of(const float *x, size_t count) {
  float *const y = parity_output(count);
  for (size_t i = 0; i < count; ++i) y[i] = x[i];
  return y;
}

// Rows of `width` values, GAP apart.
static float *rows_in(parity *p, ptrdiff_t rows, ptrdiff_t width, parity_kind kind) {
  const size_t count = (size_t)(rows * (width + GAP));
  return copy_of(parity_input(p, count, kind), count);
}
static void finish(parity *p, const float *x, ptrdiff_t rows, ptrdiff_t width) {
  if (x) parity_finish(p, x, (size_t)(rows * (width + GAP)));
}

// 0 or not, for each row.
static const float *mask_of(parity *p, ptrdiff_t rows) {
  float *const mask = parity_output((size_t)rows);
  for (ptrdiff_t i = 0; i < rows; ++i) mask[i] = (float)(parity_next(p) % 2);
  return mask;
}

typedef enum { SIMPLE, LSTM, GRU } cell;

static void step(parity *p, cell c) {
  const ptrdiff_t gates = c == LSTM ? 4 : c == GRU ? 3 : 1;
  for (int variant = 0; variant < 8; ++variant)
    EACH_SIZE(s) {
      const ptrdiff_t rows = (*s)[0], units = (*s)[1], width = gates * units, ld = 2 * units + GAP;
      const parity_kind kind = kinds[variant % 2];
      float *const inner = rows_in(p, rows, width, kind), *const state = rows_in(p, rows, 2 * units, UNIT);
      float *const trace = variant & 4 ? rows_in(p, rows, 2 * units, UNIT) : NULL;
      float *const candidate = variant & 4 ? rows_in(p, rows, units, UNIT) : NULL;
      float *const y = variant & 4 ? rows_in(p, rows, units, UNIT) : NULL;
      const lw_recurrent job = {
          .rows = rows, .units = units, .inner = inner, .ldi = width + GAP,
          .outer = c == GRU || variant & 4 ? rows_in(p, rows, width, kind) : NULL, .ldo = width + GAP,
          .gates = variant & 1 ? rows_in(p, rows, width, kind) : inner, .ldg = width + GAP,
          .candidate = c == GRU ? candidate : NULL, .ldk = units + GAP, .mask = variant & 2 ? mask_of(p, rows) : NULL, .ldm = 1,
          .state = {.h = state, .c = c == LSTM ? state + units : NULL, .ld = ld},
          .trace = {.h = trace, .c = c == LSTM && trace ? trace + units : NULL, .ld = ld}, .y = y, .ldy = units + GAP};
      switch (c) {
        case LSTM: p->kernels->lstm_step(&job); break;
        case GRU: p->kernels->gru_step(&job); break;
        default: p->kernels->simple_step(&job, variant % 3 ? LW_TANH : LW_RELU);
      }
      finish(p, job.gates, rows, width);
      if (job.gates != inner) finish(p, inner, rows, width);
      finish(p, state, rows, 2 * units);
      finish(p, trace, rows, 2 * units);
      finish(p, job.candidate, rows, units);
      finish(p, y, rows, units);
    }
}

static void gradient(parity *p, cell c) {
  const ptrdiff_t gates = c == LSTM ? 4 : c == GRU ? 3 : 1;
  for (int variant = 0; variant < 8; ++variant)
    EACH_SIZE(s) {
      const ptrdiff_t rows = (*s)[0], units = (*s)[1], width = gates * units;
      const parity_kind kind = kinds[variant % 2];
      float *const dstate = rows_in(p, rows, 2 * units, kind);
      const lw_recurrent_gradient job = {
          .rows = rows, .units = units, .gates = rows_in(p, rows, width, kind), .ldg = width + GAP,
          .h_before = c == GRU ? rows_in(p, rows, units, UNIT) : NULL,
          .c_before = c == LSTM ? rows_in(p, rows, units, UNIT) : NULL, .ldb = units + GAP,
          .c_after = c == LSTM ? rows_in(p, rows, units, kind) : NULL, .lda = units + GAP,
          .candidate = c == GRU ? rows_in(p, rows, units, UNIT) : NULL, .ldk = units + GAP,
          .mask = variant & 2 ? mask_of(p, rows) : NULL, .ldm = 1, .dy = variant & 4 ? rows_in(p, rows, units, UNIT) : NULL,
          .ldy = units + GAP, .dh = dstate, .dc = c == LSTM ? dstate + units : NULL, .ldd = 2 * units + GAP,
          .outer = c == GRU ? rows_in(p, rows, width, UNIT) : NULL, .ldo = width + GAP,
          .dsums = rows_in(p, rows, width, UNIT), .lds = width + GAP};
      switch (c) {
        case LSTM: p->kernels->lstm_gradient(&job); break;
        case GRU: p->kernels->gru_gradient(&job); break;
        default: p->kernels->simple_gradient(&job, variant % 3 ? LW_TANH : LW_RELU);
      }
      finish(p, job.gates, rows, width);
      finish(p, dstate, rows, 2 * units);
      finish(p, job.outer, rows, width);
      finish(p, job.dsums, rows, width);
    }
}

static void simple_step(parity *p) { step(p, SIMPLE); }
static void lstm_step(parity *p) { step(p, LSTM); }
static void gru_step(parity *p) { step(p, GRU); }
static void simple_gradient(parity *p) { gradient(p, SIMPLE); }
static void lstm_gradient(parity *p) { gradient(p, LSTM); }
static void gru_gradient(parity *p) { gradient(p, GRU); }

static void rows_differ(parity *p) {
  EACH_SHAPE(s) {
    const size_t ld = (size_t)(s->columns + s->gap), count = (size_t)s->rows * ld;
    float *const x = copy_of(parity_input(p, count, UNIT), count), *const y = parity_output((size_t)s->rows);
    for (size_t i = 0; i < count; ++i)
      if (i / ld % 2) x[i] = 0.5f;  // every second row
    p->kernels->rows_differ((size_t)s->rows, (size_t)s->columns, x, ld, 0.5f, y);
    parity_finish(p, y, (size_t)s->rows);
  }
}

const parity_case recurrent_cases[] = {
    {"simple_step", simple_step}, {"lstm_step", lstm_step}, {"gru_step", gru_step}, {"simple_gradient", simple_gradient},
    {"lstm_gradient", lstm_gradient}, {"gru_gradient", gru_gradient}, {"rows_differ", rows_differ}, {0}};
