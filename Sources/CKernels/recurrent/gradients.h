// One time step of recurrent layers backwards. dh holds the derivative by the state after the step, dc that by the cell; both
// leave as far as they reach the state before the step without a matrix product: the product with the gradients of the sums is
// added by the caller.

typedef struct {
  float *gates;
  const float *h_before, *c_before, *c_after, *candidate, *dy;
  float *dh, *dc, *outer, *dsums;
} lw_recurrent_back;

LW_INLINE lw_recurrent_back lw_recurrent_back_at(const lw_recurrent_gradient *s, ptrdiff_t i) {
  return (lw_recurrent_back){
      .gates = s->gates + i * s->ldg,
      .h_before = s->h_before ? s->h_before + i * s->ldb : NULL,
      .c_before = s->c_before ? s->c_before + i * s->ldb : NULL,
      .c_after = s->c_after ? s->c_after + i * s->lda : NULL,
      .candidate = s->candidate ? s->candidate + i * s->ldk : NULL,
      .dy = s->dy ? s->dy + i * s->ldy : NULL,
      .dh = s->dh + i * s->ldd,
      .dc = s->dc ? s->dc + i * s->ldd : NULL,
      .outer = s->outer ? s->outer + i * s->ldo : NULL,
      .dsums = s->dsums + i * s->lds};
}

// Fetches what the next row needs at j, in good time: rows of sequences lie too far apart for the processor to foresee them.
LW_INLINE void lw_recurrent_back_fetch(const lw_recurrent_back *next, int gates, ptrdiff_t units, ptrdiff_t j) {
  for (int g = 0; g < gates; ++g) {
    __builtin_prefetch(next->gates + g * units + j, 1, 3);
    if (next->outer) __builtin_prefetch(next->outer + g * units + j, 1, 3);
  }
  if (next->h_before) __builtin_prefetch(next->h_before + j, 0, 3);
  if (next->c_before) __builtin_prefetch(next->c_before + j, 0, 3);
  if (next->c_after) __builtin_prefetch(next->c_after + j, 0, 3);
  if (next->candidate) __builtin_prefetch(next->candidate + j, 0, 3);
  if (next->dy) __builtin_prefetch(next->dy + j, 0, 3);
}

// dh + dy.
LW_INLINE vf lw_recurrent_dh(const lw_recurrent_back *r, ptrdiff_t j, int lanes) {
  const vf dh = vf_load_lanes(r->dh + j, lanes);
  return r->dy ? vf_add(dh, vf_load_lanes(r->dy + j, lanes)) : dh;
}

// The gradients of the sums at j: with W, and with U.
LW_INLINE void lw_recurrent_set(const lw_recurrent_back *r, ptrdiff_t j, int lanes, vf inner, vf outer) {
  vf_store_lanes(r->gates + j, inner, lanes);
  vf_store_lanes(r->dsums + j, outer, lanes);
  if (r->outer) vf_store_lanes(r->outer + j, outer, lanes);
}

// A padded step has no part in anything: the gradients of its `gates` sums are 0, dh passes, and so does dc.
LW_INLINE void lw_recurrent_pass(int gates, ptrdiff_t units, const lw_recurrent_back *r, ptrdiff_t j, int lanes) {
  vf_store_lanes(r->dh + j, lw_recurrent_dh(r, j, lanes), lanes);
  for (int g = 0; g < gates; ++g) lw_recurrent_set(r, g * units + j, lanes, vf_zero(), vf_zero());
}

// da = dh f'(a).
LW_INLINE void lw_simple_back(int kind, int masked, const lw_recurrent_back *r, ptrdiff_t j, int lanes) {
  const vf h = vf_load_lanes(r->gates + j, lanes), dh = lw_recurrent_dh(r, j, lanes);
  const vf da = vf_activate_gradient(kind, 0, h, dh);
  lw_recurrent_set(r, j, lanes, da, da);
  if (masked) vf_store_lanes(r->dh + j, vf_zero(), lanes);
}

LW_INLINE void lw_lstm_back(int masked, ptrdiff_t units, const lw_recurrent_back *r, ptrdiff_t j, int lanes) {
  const float *const gates = r->gates + j;
  const vf i = vf_load_lanes(gates, lanes), f = vf_load_lanes(gates + units, lanes);
  const vf g = vf_load_lanes(gates + 2 * units, lanes), o = vf_load_lanes(gates + 3 * units, lanes);
  const vf dh = lw_recurrent_dh(r, j, lanes), t = vf_tanh(vf_load_lanes(r->c_after + j, lanes));
  const vf dc = vf_fma(vf_mul(dh, o), vf_tanh_derivative(t), vf_load_lanes(r->dc + j, lanes));
  const vf di = vf_mul(vf_sigmoid_derivative(i), vf_mul(dc, g));
  const vf df = vf_mul(vf_sigmoid_derivative(f), vf_mul(dc, vf_load_lanes(r->c_before + j, lanes)));
  const vf dg = vf_mul(vf_tanh_derivative(g), vf_mul(dc, i)), d_o = vf_mul(vf_sigmoid_derivative(o), vf_mul(dh, t));
  lw_recurrent_set(r, j, lanes, di, di);
  lw_recurrent_set(r, j + units, lanes, df, df);
  lw_recurrent_set(r, j + 2 * units, lanes, dg, dg);
  lw_recurrent_set(r, j + 3 * units, lanes, d_o, d_o);
  vf_store_lanes(r->dc + j, vf_mul(dc, f), lanes);
  if (masked) vf_store_lanes(r->dh + j, vf_zero(), lanes);
}

LW_INLINE void lw_gru_back(ptrdiff_t units, const lw_recurrent_back *row, ptrdiff_t j, int lanes) {
  const float *const gates = row->gates + j;
  const vf z = vf_load_lanes(gates, lanes), r = vf_load_lanes(gates + units, lanes);
  const vf n = vf_load_lanes(gates + 2 * units, lanes);
  const vf dh = lw_recurrent_dh(row, j, lanes), kept = vf_mul(dh, z);
  const vf dn = vf_mul(vf_tanh_derivative(n), vf_sub(dh, kept));
  const vf dr = vf_mul(vf_sigmoid_derivative(r), vf_mul(dn, vf_load_lanes(row->candidate + j, lanes)));
  const vf dz = vf_mul(vf_sigmoid_derivative(z), vf_mul(dh, vf_sub(vf_load_lanes(row->h_before + j, lanes), n)));
  lw_recurrent_set(row, j, lanes, dz, dz);
  lw_recurrent_set(row, j + units, lanes, dr, dr);
  lw_recurrent_set(row, j + 2 * units, lanes, dn, vf_mul(dn, r));
  vf_store_lanes(row->dh + j, kept, lanes);
}

// unit(j, lanes) for all units of the rows of s; r is the row, next the one after it.
#define LW_EACH_UNIT(gates, unit)                                                          \
  for (ptrdiff_t row_ = 0; row_ < s->rows; ++row_) {                                       \
    const lw_recurrent_back r = lw_recurrent_back_at(s, row_);                             \
    const lw_recurrent_back next = lw_recurrent_back_at(s, row_ + (row_ + 1 < s->rows));   \
    if (lw_is_padded(s->mask, s->ldm, row_)) LW_EACH_VECTOR(s->units, LW_PASS_##gates);    \
    else LW_EACH_VECTOR(s->units, unit);                                                   \
  }
#define LW_PASS_1(j, lanes) lw_recurrent_pass(1, s->units, &r, j, lanes)
#define LW_PASS_3(j, lanes) lw_recurrent_pass(3, s->units, &r, j, lanes)
#define LW_PASS_4(j, lanes) lw_recurrent_pass(4, s->units, &r, j, lanes)

static void lw_simple_gradient(const lw_recurrent_gradient *s, lw_activation kind) {
#define LW_UNIT(kind, j, lanes) \
  (lw_recurrent_back_fetch(&next, 1, s->units, j), lw_simple_back(kind, s->mask != NULL, &r, j, lanes))
#define LW_UNIT_RELU(j, lanes) LW_UNIT(LW_RELU, j, lanes)
#define LW_UNIT_TANH(j, lanes) LW_UNIT(LW_TANH, j, lanes)
  if (kind == LW_RELU) { LW_EACH_UNIT(1, LW_UNIT_RELU) } else { LW_EACH_UNIT(1, LW_UNIT_TANH) }
#undef LW_UNIT
#undef LW_UNIT_RELU
#undef LW_UNIT_TANH
}

static void lw_lstm_gradient(const lw_recurrent_gradient *s) {
#define LW_UNIT(j, lanes) \
  (lw_recurrent_back_fetch(&next, 4, s->units, j), lw_lstm_back(s->mask != NULL, s->units, &r, j, lanes))
  LW_EACH_UNIT(4, LW_UNIT)
#undef LW_UNIT
}

static void lw_gru_gradient(const lw_recurrent_gradient *s) {
#define LW_UNIT(j, lanes) (lw_recurrent_back_fetch(&next, 3, s->units, j), lw_gru_back(s->units, &r, j, lanes))
  LW_EACH_UNIT(3, LW_UNIT)
#undef LW_UNIT
}
#undef LW_PASS_1
#undef LW_PASS_3
#undef LW_PASS_4
#undef LW_EACH_UNIT
