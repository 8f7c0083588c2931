// Horner's rule, the one way polynomials are evaluated here: c[0] + c[1] x + ... + c[degree] x^degree.
LW_INLINE vf vf_polynomial(vf x, const float *c, int degree) {
  vf y = vf_set1(c[degree]);
  LW_UNROLL for (int i = degree - 1; i >= 0; --i) y = vf_fma(y, x, vf_set1(c[i]));
  return y;
}
#define LW_POLYNOMIAL(x, c) vf_polynomial(x, c, (int)(sizeof(c) / sizeof *(c)) - 1)
