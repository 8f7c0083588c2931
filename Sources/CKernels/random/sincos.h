// Sine and cosine of an angle in turns, 0 <= u <= 1: sin(2 pi u), cos(2 pi u). In turns the reduction to an eighth of a
// circle on either side of an axis is exact, which it would not be in radians.

// Polynomials in t = f * f on |f| <= 1/8, interpolated at the Chebyshev points in double precision; relative errors
// 5e-12 and 6e-11 before rounding to float.
LW_INLINE vf lw_sin_eighth(vf f, vf t) {
  vf p = vf_set1(0x1.4bc85cp+5f);
  p = vf_fma(p, t, vf_set1(-0x1.32ca9ep+6f));
  p = vf_fma(p, t, vf_set1(0x1.466bbap+6f));
  p = vf_fma(p, t, vf_set1(-0x1.4abbcep+5f));
  p = vf_fma(p, t, vf_set1(0x1.921fb6p+2f));
  return vf_mul(p, f);
}

LW_INLINE vf lw_cos_eighth(vf t) {
  vf p = vf_set1(-0x1.a0ee08p+4f);
  p = vf_fma(p, t, vf_set1(0x1.e1e7ccp+5f));
  p = vf_fma(p, t, vf_set1(-0x1.55d3bap+6f));
  p = vf_fma(p, t, vf_set1(0x1.03c1fp+6f));
  p = vf_fma(p, t, vf_set1(-0x1.3bd3ccp+4f));
  return vf_fma(p, t, vf_set1(1.0f));
}

LW_INLINE void lw_sincos_turns(vf u, vf *sine, vf *cosine) {
  const vi quarter = vf_to_i(vf_mul(u, vf_set1(4.0f)));
  const vf f = vf_fnma(vf_from_i(quarter), vf_set1(0.25f), u), t = vf_mul(f, f);
  const vf s = lw_sin_eighth(f, t), c = lw_cos_eighth(t);
  // An odd quarter exchanges the two; the sine is negative in quarters 2 and 3, the cosine in 1 and 2.
  const vm odd = vi_eq(vi_and(quarter, vi_set1(1)), vi_set1(1));
  const vi sine_sign = vi_shl(vi_and(quarter, vi_set1(2)), 30);
  const vi cosine_sign = vi_shl(vi_and(vi_add(quarter, vi_set1(1)), vi_set1(2)), 30);
  *sine = vf_from_bits(vi_xor(vf_bits(vf_select(odd, c, s)), sine_sign));
  *cosine = vf_from_bits(vi_xor(vf_bits(vf_select(odd, s, c)), cosine_sign));
}
