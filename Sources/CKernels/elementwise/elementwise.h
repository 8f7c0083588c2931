// Arithmetic on arrays, sixteen elements at a time. Each pass reads and writes every byte once; a result may lie
// exactly on top of an operand, because a vector is stored only after its operands have been loaded.

// z[i] = f(x[i], y[i]). f is a constant at every call, so it is inlined into the loop.
LW_INLINE void lw_zip(vf (*f)(vf, vf), const float *x, const float *y, float *z, size_t n) {
  size_t i = 0;
  for (; i + VF <= n; i += VF) vf_store(z + i, f(vf_load(x + i), vf_load(y + i)));
  const int rest = (int)(n - i);
  if (rest) vf_store_n(z + i, f(vf_load_n(x + i, rest), vf_load_n(y + i, rest)), rest);
}

// y[i] = f(x[i], s).
LW_INLINE void lw_zip_scalar(vf (*f)(vf, vf), const float *x, float s, float *y, size_t n) {
  const vf b = vf_set1(s);
  size_t i = 0;
  for (; i + VF <= n; i += VF) vf_store(y + i, f(vf_load(x + i), b));
  const int rest = (int)(n - i);
  if (rest) vf_store_n(y + i, f(vf_load_n(x + i, rest), b), rest);
}

static void lw_add(const float *x, const float *y, float *z, size_t n) { lw_zip(vf_add, x, y, z, n); }
static void lw_subtract(const float *x, const float *y, float *z, size_t n) { lw_zip(vf_sub, x, y, z, n); }
static void lw_multiply(const float *x, const float *y, float *z, size_t n) { lw_zip(vf_mul, x, y, z, n); }
static void lw_divide(const float *x, const float *y, float *z, size_t n) { lw_zip(vf_div, x, y, z, n); }
static void lw_scale(float s, const float *x, float *y, size_t n) { lw_zip_scalar(vf_mul, x, s, y, n); }

static void lw_axpy(float a, const float *x, float *y, size_t n) {
  const vf s = vf_set1(a);
  size_t i = 0;
  for (; i + VF <= n; i += VF) vf_store(y + i, vf_fma(s, vf_load(x + i), vf_load(y + i)));
  const int rest = (int)(n - i);
  if (rest) vf_store_n(y + i, vf_fma(s, vf_load_n(x + i, rest), vf_load_n(y + i, rest)), rest);
}

// The bound comes first in max and min: a NaN in x, second, survives both.
LW_INLINE vf lw_between(vf x, vf lower, vf upper) { return vf_min(upper, vf_max(lower, x)); }

static void lw_clamp(const float *x, float lower, float upper, float *y, size_t n) {
  const vf a = vf_set1(lower), b = vf_set1(upper);
  size_t i = 0;
  for (; i + VF <= n; i += VF) vf_store(y + i, lw_between(vf_load(x + i), a, b));
  const int rest = (int)(n - i);
  if (rest) vf_store_n(y + i, lw_between(vf_load_n(x + i, rest), a, b), rest);
}

static void lw_scale_bytes(const uint8_t *x, float scale, float *y, size_t n) {
  const vf s = vf_set1(scale);
  size_t i = 0;
  for (; i + VF <= n; i += VF) vf_store(y + i, vf_mul(vf_load_u8(x + i), s));
  const int rest = (int)(n - i);
  if (rest == 0) return;
  uint8_t last[VF] = {0};
  __builtin_memcpy(last, x + i, (size_t)rest);
  vf_store_n(y + i, vf_mul(vf_load_u8(last), s), rest);
}
