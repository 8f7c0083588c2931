// Sine and cosine of whole turns.

// sin(2 pi f) / f and cos(2 pi f) in f^2, for |f| <= 1/8.
static const float lw_sine[] = {0x1.921fb6p2f, -0x1.4abc24p5f, 0x1.4680a4p6f, -0x1.33196p6f};
static const float lw_cosine[] = {1.0f, -0x1.3bd3ccp4f, 0x1.03c1bp6f, -0x1.55b2b6p6f, 0x1.d4f7eep5f};

// sin(2 pi u) and cos(2 pi u) for |u| <= 2^20. In turns the reduction to an eighth is exact: u = q/4 + f.
LW_INLINE void vf_sincos(vf u, vf *sine, vf *cosine) {
  const vi q = vf_to_i(vf_mul(u, vf_set1(4.0f)));
  const vf f = vf_fnma(vf_from_i(q), vf_set1(0.25f), u);
  const vf f2 = vf_mul(f, f);
  const vf s = vf_mul(f, LW_POLYNOMIAL(f2, lw_sine));
  const vf c = LW_POLYNOMIAL(f2, lw_cosine);
  // A quarter turn takes (s, c) to (c, -s).
  const vi one = vi_set1(1), two = vi_set1(2);
  const vm odd = vi_eq(vi_and(q, one), one);
  const vi sineSign = vi_shl(vi_and(q, two), 30), cosineSign = vi_shl(vi_and(vi_add(q, one), two), 30);
  *sine = vf_from_bits(vi_xor(vf_bits(vf_select(odd, c, s)), sineSign));
  *cosine = vf_from_bits(vi_xor(vf_bits(vf_select(odd, s, c)), cosineSign));
}
