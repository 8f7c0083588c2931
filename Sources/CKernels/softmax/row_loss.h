// Losses of whole rows that are not softmax.

LW_INLINE float lw_sqrt_of(float x) {
  float lane[VF];
  vf_store(lane, vf_sqrt(vf_set1(x)));
  return lane[0];
}

// A length for a denominator: at least 10^-8.
LW_INLINE float lw_length(float squares) {
  const float length = lw_sqrt_of(squares);
  return length > 1e-8f ? length : 1e-8f;
}

// A row whose squares would leave the range of float is measured in a unit of its own: 2^-e, e the exponent of its largest element
// (at most 126), where the sum of its squares is above 2^96 and every element finite. Otherwise 1. So products with it are exact, but
// for elements too small to matter.
LW_INLINE float lw_row_unit(const float *x, size_t n, float squares) {
  if (!(squares > 0x1p96f)) return 1.0f;
  const float largest = lw_fold_all(LW_FOLD_ABSMAX, x, n, 0);
  if (!(largest < __builtin_inff())) return 1.0f;
  uint32_t bits;
  __builtin_memcpy(&bits, &largest, sizeof bits);
  const uint32_t exponent = bits >> 23, inverse = (exponent < 253 ? 254 - exponent : 1) << 23;
  float unit;
  __builtin_memcpy(&unit, &inverse, sizeof unit);
  return unit;
}

// sum (a x) (b y) over a chunk. Lanes beyond the end are 0 and add nothing.
LW_INLINE float lw_dot_in_units_chunk(vf a, const float *x, vf b, const float *y, size_t n) {
  vf sum = vf_zero();
  LW_ALONG(n, { sum = vf_fma(vf_mul(a, vf_load(x + i)), vf_mul(b, vf_load(y + i)), sum); },
           { sum = vf_fma(vf_mul(a, vf_load_n(x + i, rest)), vf_mul(b, vf_load_n(y + i, rest)), sum); })
  return vf_sum(sum);
}
static float lw_row_dot_in_units(float a, const float *x, float b, const float *y, size_t n) {
  if (a == 1 && b == 1) return lw_row_dot(x, y, n);
  LW_SUM_CHUNKS(n, lw_dot_in_units_chunk(vf_set1(a), x + at, vf_set1(b), y + at, part));
}

// The unit of a row, and its length in it.
typedef struct { float unit, length; } lw_measured;
LW_INLINE lw_measured lw_measure(const float *x, size_t n) {
  const float squares = lw_row_dot(x, x, n), unit = lw_row_unit(x, n, squares);
  return (lw_measured){unit, lw_length(unit == 1 ? squares : lw_row_dot_in_units(unit, x, unit, x, n))};
}

// -c with c = p t / (|p| |t|); its derivative is (c / |p|^2) p - t / (|p| |t|). In units a and b of p and t: a times that of a p, b t.
static void lw_cosine_loss(size_t rows, size_t columns, const float *predictions, size_t ldp, const float *targets, size_t ldt,
                           float gradient_scale, float *losses, float *gradient, size_t ldg) {
  for (size_t r = 0; r < rows; ++r) {
    const float *p = predictions + r * ldp, *t = targets + r * ldt;
    const lw_measured mp = lw_measure(p, columns), mt = lw_measure(t, columns);
    const float product = mp.length * mt.length;
    const float cosine = lw_row_dot_in_units(mp.unit, p, mt.unit, t, columns) / product;
    losses[r] = -cosine;
    if (!gradient) continue;
    float *g = gradient + r * ldg;
    const vf along = vf_set1(gradient_scale * (cosine / (mp.length * mp.length))), across = vf_set1(gradient_scale / product);
    const vf a = vf_set1(mp.unit), b = vf_set1(mt.unit);
#define LW_COSINE_GRADIENT(p, t) vf_mul(a, vf_fnma(across, vf_mul(b, t), vf_mul(along, vf_mul(a, p))))
    LW_ALONG(columns, { vf_store(g + i, LW_COSINE_GRADIENT(vf_load(p + i), vf_load(t + i))); },
             { vf_store_n(g + i, LW_COSINE_GRADIENT(vf_load_n(p + i, rest), vf_load_n(t + i, rest)), rest); })
#undef LW_COSINE_GRADIENT
  }
}

LW_INLINE vf lw_information_step(vf t, vf sum) { return vf_select(vf_eq(t, vf_zero()), sum, vf_fma(t, vf_log(t), sum)); }

// sum t ln t over a chunk. Lanes beyond the end are 0 and add nothing.
LW_INLINE float lw_information_chunk(const float *t, size_t n) {
  vf sum = vf_zero();
  LW_ALONG(n, { sum = lw_information_step(vf_load(t + i), sum); }, { sum = lw_information_step(vf_load_n(t + i, rest), sum); })
  return vf_sum(sum);
}
LW_INLINE float lw_row_information(const float *t, size_t n) { LW_SUM_CHUNKS(n, lw_information_chunk(t + at, part)); }

static void lw_add_information(size_t rows, size_t columns, const float *t, size_t ldt, float *y) {
  for (size_t r = 0; r < rows; ++r) y[r] += lw_row_information(t + r * ldt, columns);
}
