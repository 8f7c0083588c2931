// The natural logarithm of a positive normal number.
LW_INLINE vf lw_log_positive(vf x) {
  const vi bits = vi_sub(vf_bits(x), vi_set1(0x3f3504f3));
  const vf e = vf_from_i(vi_sar(bits, 23));
  const vf f = vf_sub(vf_from_bits(vi_add(vi_and(bits, vi_set1(0x007fffff)), vi_set1(0x3f3504f3))), vf_set1(1.0f));
  const vf s = vf_div(f, vf_add(f, vf_set1(2.0f))), t = vf_mul(s, s);
  vf p = vf_fma(vf_set1(0x1.c71c72p-3f), t, vf_set1(0x1.24924ap-2f));
  p = vf_fma(p, t, vf_set1(0x1.99999ap-2f));
  p = vf_fma(p, t, vf_set1(0x1.555556p-1f));
  const vf r = vf_fma(vf_mul(p, t), s, vf_add(s, s));
  return vf_fma(e, vf_set1(0x1.62e43p-1f), vf_fma(e, vf_set1(-0x1.05c61p-29f), r));
}
