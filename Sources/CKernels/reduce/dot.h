// Dot products: the order of fold.h with a fused multiply-add as the step.

LW_INLINE float lw_dot_chunk(const float *x, const float *y, size_t n) {
  vf acc = vf_zero();
  size_t i = 0;
  for (; i + VF <= n; i += VF) acc = vf_fma(vf_load(x + i), vf_load(y + i), acc);
  // Lanes beyond the end load +0 and stay as they are: no lane is ever -0.
  if (i < n) acc = vf_fma(vf_load_n(x + i, (int)(n - i)), vf_load_n(y + i, (int)(n - i)), acc);
  return vf_sum(acc);
}

LW_INLINE void lw_dot_two_chunks(const float *x, const float *y, float *z) {
  vf a = vf_zero(), b = a;
  for (size_t i = 0; i < LW_CHUNK; i += VF) {
    a = vf_fma(vf_load(x + i), vf_load(y + i), a);
    b = vf_fma(vf_load(x + i + LW_CHUNK), vf_load(y + i + LW_CHUNK), b);
  }
  z[0] = vf_sum(a);
  z[1] = vf_sum(b);
}

static void lw_dot_chunks(const float *x, const float *y, size_t n, float *z) {
  for (; n >= 2 * LW_CHUNK; n -= 2 * LW_CHUNK, x += 2 * LW_CHUNK, y += 2 * LW_CHUNK, z += 2) lw_dot_two_chunks(x, y, z);
  while (n > 0) {
    const size_t part = n < LW_CHUNK ? n : LW_CHUNK;
    *z++ = lw_dot_chunk(x, y, part);
    x += part;
    y += part;
    n -= part;
  }
}
