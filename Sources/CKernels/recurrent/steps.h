// One time step of recurrent layers: all that comes after the matrix products, in one pass over rows (examples) and units.
// The gates are computed where their sums lie, and the gradients of the sums where the gates lie.

LW_INLINE int lw_is_padded(const float *mask, ptrdiff_t ldm, ptrdiff_t row) { return mask && mask[row * ldm] == 0; }

// One row as the bodies below see it: pointers to its first unit.
typedef struct {
  float *gates;
  const float *sums, *h_before, *c_before;
  float *candidate, *h_after, *c_after, *y;
} lw_recurrent_row;

LW_INLINE lw_recurrent_row lw_recurrent_row_at(const lw_recurrent *s, ptrdiff_t i) {
  return (lw_recurrent_row){
      .gates = s->gates + i * s->ldg,
      .sums = s->sums ? s->sums + i * s->lds : NULL,
      .h_before = s->before.h + i * s->before.ld,
      .c_before = s->before.c ? s->before.c + i * s->before.ld : NULL,
      .candidate = s->candidate ? s->candidate + i * s->ldk : NULL,
      .h_after = s->after.h + i * s->after.ld,
      .c_after = s->after.c ? s->after.c + i * s->after.ld : NULL,
      .y = s->y ? s->y + i * s->ldy : NULL};
}

LW_INLINE void lw_recurrent_put(const lw_recurrent_row *r, ptrdiff_t j, int lanes, vf h) {
  vf_store_lanes(r->h_after + j, h, lanes);
  if (r->y) vf_store_lanes(r->y + j, h, lanes);
}

// A padded step: the state passes through.
LW_INLINE void lw_recurrent_keep(const lw_recurrent_row *r, ptrdiff_t j, int lanes) {
  lw_recurrent_put(r, j, lanes, vf_load_lanes(r->h_before + j, lanes));
  if (r->c_after) vf_store_lanes(r->c_after + j, vf_load_lanes(r->c_before + j, lanes), lanes);
}

// h = f(a).
LW_INLINE void lw_simple_unit(int kind, const lw_recurrent_row *r, ptrdiff_t j, int lanes) {
  const vf h = vf_activate(kind, 0, vf_load_lanes(r->gates + j, lanes));
  vf_store_lanes(r->gates + j, h, lanes);
  lw_recurrent_put(r, j, lanes, h);
}

// i, f, o = sigmoid, g = tanh of their sums; c = f c + i g; h = o tanh(c).
LW_INLINE void lw_lstm_unit(ptrdiff_t units, const lw_recurrent_row *r, ptrdiff_t j, int lanes) {
  float *const gates = r->gates + j;
  const vf i = vf_sigmoid(vf_load_lanes(gates, lanes)), f = vf_sigmoid(vf_load_lanes(gates + units, lanes));
  const vf g = vf_tanh(vf_load_lanes(gates + 2 * units, lanes)), o = vf_sigmoid(vf_load_lanes(gates + 3 * units, lanes));
  vf_store_lanes(gates, i, lanes);
  vf_store_lanes(gates + units, f, lanes);
  vf_store_lanes(gates + 2 * units, g, lanes);
  vf_store_lanes(gates + 3 * units, o, lanes);
  const vf c = vf_fma(f, vf_load_lanes(r->c_before + j, lanes), vf_mul(i, g));
  vf_store_lanes(r->c_after + j, c, lanes);
  lw_recurrent_put(r, j, lanes, vf_mul(o, vf_tanh(c)));
}

// z, r = sigmoid of both sums; n = tanh(a + r s); h = n + z (h - n).
LW_INLINE void lw_gru_unit(ptrdiff_t units, const lw_recurrent_row *row, ptrdiff_t j, int lanes) {
  float *const gates = row->gates + j;
  const float *const sums = row->sums + j;
  const vf z = vf_sigmoid(vf_add(vf_load_lanes(gates, lanes), vf_load_lanes(sums, lanes)));
  const vf r = vf_sigmoid(vf_add(vf_load_lanes(gates + units, lanes), vf_load_lanes(sums + units, lanes)));
  const vf s = vf_load_lanes(sums + 2 * units, lanes);
  const vf n = vf_tanh(vf_fma(r, s, vf_load_lanes(gates + 2 * units, lanes)));
  vf_store_lanes(gates, z, lanes);
  vf_store_lanes(gates + units, r, lanes);
  vf_store_lanes(gates + 2 * units, n, lanes);
  if (row->candidate) vf_store_lanes(row->candidate + j, s, lanes);
  lw_recurrent_put(row, j, lanes, vf_fma(z, vf_sub(vf_load_lanes(row->h_before + j, lanes), n), n));
}

// unit(j, lanes) for all units of the rows of s; r is the row.
#define LW_EACH_UNIT(unit)                                                        \
  for (ptrdiff_t row_ = 0; row_ < s->rows; ++row_) {                              \
    const lw_recurrent_row r = lw_recurrent_row_at(s, row_);                      \
    if (lw_is_padded(s->mask, s->ldm, row_)) LW_EACH_VECTOR(s->units, LW_KEEP);   \
    else LW_EACH_VECTOR(s->units, unit);                                          \
  }
#define LW_KEEP(j, lanes) lw_recurrent_keep(&r, j, lanes)

static void lw_simple_step(const lw_recurrent *s, lw_activation kind) {
#define LW_UNIT_RELU(j, lanes) lw_simple_unit(LW_RELU, &r, j, lanes)
#define LW_UNIT_TANH(j, lanes) lw_simple_unit(LW_TANH, &r, j, lanes)
  if (kind == LW_RELU) { LW_EACH_UNIT(LW_UNIT_RELU) } else { LW_EACH_UNIT(LW_UNIT_TANH) }
#undef LW_UNIT_RELU
#undef LW_UNIT_TANH
}

static void lw_lstm_step(const lw_recurrent *s) {
#define LW_UNIT(j, lanes) lw_lstm_unit(s->units, &r, j, lanes)
  LW_EACH_UNIT(LW_UNIT)
#undef LW_UNIT
}

static void lw_gru_step(const lw_recurrent *s) {
#define LW_UNIT(j, lanes) lw_gru_unit(s->units, &r, j, lanes)
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
