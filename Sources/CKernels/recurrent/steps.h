// One time step of recurrent layers: all that comes after the matrix products, in one pass over rows (examples) and units.
// The gradients of the sums go where the gates lie.

LW_INLINE int lw_is_padded(const float *mask, ptrdiff_t ldm, ptrdiff_t row) { return mask && mask[row * ldm] == 0; }

// One row as the bodies below see it: pointers to its first unit.
typedef struct {
  const float *inner, *outer;
  float *gates, *candidate, *h, *c, *h_trace, *c_trace, *y;
} lw_recurrent_row;

LW_INLINE lw_recurrent_row lw_recurrent_row_at(const lw_recurrent *s, ptrdiff_t i) {
  return (lw_recurrent_row){
      .inner = s->inner + i * s->ldi,
      .outer = s->outer ? s->outer + i * s->ldo : NULL,
      .gates = s->gates ? s->gates + i * s->ldg : NULL,
      .candidate = s->candidate ? s->candidate + i * s->ldk : NULL,
      .h = s->state.h + i * s->state.ld,
      .c = s->state.c ? s->state.c + i * s->state.ld : NULL,
      .h_trace = s->trace.h ? s->trace.h + i * s->trace.ld : NULL,
      .c_trace = s->trace.c ? s->trace.c + i * s->trace.ld : NULL,
      .y = s->y ? s->y + i * s->ldy : NULL};
}

// h and c before the step, which go to the trace.
LW_INLINE vf lw_recurrent_h(const lw_recurrent_row *r, ptrdiff_t j, int lanes) {
  const vf h = vf_load_lanes(r->h + j, lanes);
  if (r->h_trace) vf_store_lanes(r->h_trace + j, h, lanes);
  return h;
}
LW_INLINE vf lw_recurrent_c(const lw_recurrent_row *r, ptrdiff_t j, int lanes) {
  const vf c = vf_load_lanes(r->c + j, lanes);
  if (r->c_trace) vf_store_lanes(r->c_trace + j, c, lanes);
  return c;
}

LW_INLINE void lw_recurrent_put(const lw_recurrent_row *r, ptrdiff_t j, int lanes, vf h) {
  vf_store_lanes(r->h + j, h, lanes);
  if (r->y) vf_store_lanes(r->y + j, h, lanes);
}

// A gate's sum, x W + b and h U.
LW_INLINE vf lw_recurrent_sum(const lw_recurrent_row *r, ptrdiff_t j, int lanes) {
  const vf a = vf_load_lanes(r->inner + j, lanes);
  return r->outer ? vf_add(a, vf_load_lanes(r->outer + j, lanes)) : a;
}

// A gate goes to the trace.
LW_INLINE void lw_recurrent_gate(const lw_recurrent_row *r, ptrdiff_t j, int lanes, vf gate) {
  if (r->gates) vf_store_lanes(r->gates + j, gate, lanes);
}

// Fetches where the next row's part of the trace goes: rows of sequences lie too far apart for the processor to foresee them.
LW_INLINE void lw_recurrent_fetch(const lw_recurrent_row *next, int gates, ptrdiff_t units, ptrdiff_t j) {
  if (next->gates)
    for (int g = 0; g < gates; ++g) __builtin_prefetch(next->gates + g * units + j, 1, 3);
  if (next->h_trace) __builtin_prefetch(next->h_trace + j, 1, 3);
  if (next->c_trace) __builtin_prefetch(next->c_trace + j, 1, 3);
  if (next->candidate) __builtin_prefetch(next->candidate + j, 1, 3);
  if (next->y) __builtin_prefetch(next->y + j, 1, 3);
}

// A padded step: the state passes through.
LW_INLINE void lw_recurrent_keep(const lw_recurrent_row *r, ptrdiff_t j, int lanes) {
  const vf h = lw_recurrent_h(r, j, lanes);
  if (r->y) vf_store_lanes(r->y + j, h, lanes);
  if (r->c) lw_recurrent_c(r, j, lanes);
}

// h = f(a).
LW_INLINE void lw_simple_unit(int kind, const lw_recurrent_row *r, ptrdiff_t j, int lanes) {
  lw_recurrent_h(r, j, lanes);
  const vf h = vf_activate(kind, 0, lw_recurrent_sum(r, j, lanes));
  lw_recurrent_gate(r, j, lanes, h);
  lw_recurrent_put(r, j, lanes, h);
}

// i, f, o = sigmoid, g = tanh of their sums; c = f c + i g; h = o tanh(c).
LW_INLINE void lw_lstm_unit(ptrdiff_t units, const lw_recurrent_row *r, ptrdiff_t j, int lanes) {
  lw_recurrent_h(r, j, lanes);
  const vf i = vf_sigmoid(lw_recurrent_sum(r, j, lanes)), f = vf_sigmoid(lw_recurrent_sum(r, j + units, lanes));
  const vf g = vf_tanh(lw_recurrent_sum(r, j + 2 * units, lanes)), o = vf_sigmoid(lw_recurrent_sum(r, j + 3 * units, lanes));
  lw_recurrent_gate(r, j, lanes, i);
  lw_recurrent_gate(r, j + units, lanes, f);
  lw_recurrent_gate(r, j + 2 * units, lanes, g);
  lw_recurrent_gate(r, j + 3 * units, lanes, o);
  const vf c = vf_fma(f, lw_recurrent_c(r, j, lanes), vf_mul(i, g));
  vf_store_lanes(r->c + j, c, lanes);
  lw_recurrent_put(r, j, lanes, vf_mul(o, vf_tanh(c)));
}

// z, r = sigmoid of both sums; n = tanh(a + r s); h = n + z (h - n).
LW_INLINE void lw_gru_unit(ptrdiff_t units, const lw_recurrent_row *row, ptrdiff_t j, int lanes) {
  const vf h = lw_recurrent_h(row, j, lanes);
  const vf z = vf_sigmoid(lw_recurrent_sum(row, j, lanes)), r = vf_sigmoid(lw_recurrent_sum(row, j + units, lanes));
  const vf s = vf_load_lanes(row->outer + j + 2 * units, lanes);
  const vf n = vf_tanh(vf_fma(r, s, vf_load_lanes(row->inner + j + 2 * units, lanes)));
  lw_recurrent_gate(row, j, lanes, z);
  lw_recurrent_gate(row, j + units, lanes, r);
  lw_recurrent_gate(row, j + 2 * units, lanes, n);
  if (row->candidate) vf_store_lanes(row->candidate + j, s, lanes);
  lw_recurrent_put(row, j, lanes, vf_fma(z, vf_sub(h, n), n));
}

// unit(j, lanes) for all units of the rows of s; r is the row, next the one after it.
#define LW_EACH_UNIT(unit)                                                            \
  for (ptrdiff_t row_ = 0; row_ < s->rows; ++row_) {                                  \
    const lw_recurrent_row r = lw_recurrent_row_at(s, row_);                          \
    const lw_recurrent_row next = lw_recurrent_row_at(s, row_ + (row_ + 1 < s->rows)); \
    if (lw_is_padded(s->mask, s->ldm, row_)) LW_EACH_VECTOR(s->units, LW_KEEP);       \
    else LW_EACH_VECTOR(s->units, unit);                                              \
  }
#define LW_KEEP(j, lanes) lw_recurrent_keep(&r, j, lanes)

static void lw_simple_step(const lw_recurrent *s, lw_activation kind) {
#define LW_UNIT(kind, j, lanes) (lw_recurrent_fetch(&next, 1, s->units, j), lw_simple_unit(kind, &r, j, lanes))
#define LW_UNIT_RELU(j, lanes) LW_UNIT(LW_RELU, j, lanes)
#define LW_UNIT_TANH(j, lanes) LW_UNIT(LW_TANH, j, lanes)
  if (kind == LW_RELU) { LW_EACH_UNIT(LW_UNIT_RELU) } else { LW_EACH_UNIT(LW_UNIT_TANH) }
#undef LW_UNIT
#undef LW_UNIT_RELU
#undef LW_UNIT_TANH
}

static void lw_lstm_step(const lw_recurrent *s) {
#define LW_UNIT(j, lanes) (lw_recurrent_fetch(&next, 4, s->units, j), lw_lstm_unit(s->units, &r, j, lanes))
  LW_EACH_UNIT(LW_UNIT)
#undef LW_UNIT
}

static void lw_gru_step(const lw_recurrent *s) {
#define LW_UNIT(j, lanes) (lw_recurrent_fetch(&next, 3, s->units, j), lw_gru_unit(s->units, &r, j, lanes))
  LW_EACH_UNIT(LW_UNIT)
#undef LW_UNIT
}
#undef LW_KEEP
#undef LW_EACH_UNIT

// y[i] = 1 when an element of row i is not `value` (NaN never is), else 0.
static void lw_rows_differ(size_t rows, size_t columns, const float *x, size_t ldx, float value, float *y) {
  const vf v = vf_set1(value);
  for (size_t i = 0; i < rows; ++i) {
    const float *const row = x + i * ldx;
    int differs = 0;
    size_t j = 0;
    for (; j + VF <= columns; j += VF) differs |= vm_any(vf_ne(vf_load(row + j), v));
    for (; j < columns; ++j) differs |= row[j] != value;
    y[i] = differs ? 1.0f : 0.0f;
  }
}
