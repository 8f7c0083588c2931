// The vector interface on AArch64 NEON: one vf is four q registers. scalar.h says what each function means.
#include "common.h"

typedef struct { float32x4_t q[4]; } vf;
typedef struct { int32x4_t q[4]; } vi;
typedef struct { uint32x4_t q[4]; } vm;

// The four quarters of a vector, written out: a loop here would reach the optimiser before it knows the count.
#define LW_4(T, expression) \
  T r; \
  { LW_UNUSED const int i = 0; r.q[0] = (expression); } \
  { LW_UNUSED const int i = 1; r.q[1] = (expression); } \
  { LW_UNUSED const int i = 2; r.q[2] = (expression); } \
  { LW_UNUSED const int i = 3; r.q[3] = (expression); } \
  return r

LW_INLINE vf vf_load(const float *p) { LW_4(vf, vld1q_f32(p + 4 * i)); }
LW_INLINE vf vf_load_n(const float *p, int n) {
  float t[VF] = {0};
  for (int l = 0; l < n; ++l) t[l] = p[l];
  return vf_load(t);
}
LW_INLINE void vf_store(float *p, vf v) {
  vst1q_f32(p, v.q[0]); vst1q_f32(p + 4, v.q[1]); vst1q_f32(p + 8, v.q[2]); vst1q_f32(p + 12, v.q[3]);
}
LW_INLINE void vf_store_n(float *p, vf v, int n) {
  float t[VF];
  vf_store(t, v);
  for (int l = 0; l < n; ++l) p[l] = t[l];
}
LW_INLINE vf vf_set1(float s) { LW_4(vf, vdupq_n_f32(s)); }
LW_INLINE vf vf_zero(void) { return vf_set1(0.0f); }
LW_INLINE vf vf_bcast(const float *p) { LW_4(vf, vld1q_dup_f32(p)); }
LW_INLINE vi vi_load(const int32_t *p) { LW_4(vi, vld1q_s32(p + 4 * i)); }
LW_INLINE vi vi_load_n(const int32_t *p, int n) {
  int32_t t[VF] = {0};
  for (int l = 0; l < n; ++l) t[l] = p[l];
  return vi_load(t);
}
LW_INLINE void vi_store(int32_t *p, vi v) {
  vst1q_s32(p, v.q[0]); vst1q_s32(p + 4, v.q[1]); vst1q_s32(p + 8, v.q[2]); vst1q_s32(p + 12, v.q[3]);
}
LW_INLINE void vi_store_n(int32_t *p, vi v, int n) {
  int32_t t[VF];
  vi_store(t, v);
  for (int l = 0; l < n; ++l) p[l] = t[l];
}
LW_INLINE vi vi_set1(int32_t s) { LW_4(vi, vdupq_n_s32(s)); }
LW_INLINE vi vi_iota(void) {
  static const int32_t t[VF] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return vi_load(t);
}
LW_INLINE vf vf_load_u8(const uint8_t *p) {
  const uint8x16_t v = vld1q_u8(p);
  const uint16x8_t low = vmovl_u8(vget_low_u8(v)), high = vmovl_u8(vget_high_u8(v));
  return (vf){{vcvtq_f32_u32(vmovl_u16(vget_low_u16(low))), vcvtq_f32_u32(vmovl_u16(vget_high_u16(low))),
               vcvtq_f32_u32(vmovl_u16(vget_low_u16(high))), vcvtq_f32_u32(vmovl_u16(vget_high_u16(high)))}};
}

LW_INLINE vf vf_add(vf x, vf y) { LW_4(vf, vaddq_f32(x.q[i], y.q[i])); }
LW_INLINE vf vf_sub(vf x, vf y) { LW_4(vf, vsubq_f32(x.q[i], y.q[i])); }
LW_INLINE vf vf_mul(vf x, vf y) { LW_4(vf, vmulq_f32(x.q[i], y.q[i])); }
LW_INLINE vf vf_div(vf x, vf y) { LW_4(vf, vdivq_f32(x.q[i], y.q[i])); }
LW_INLINE vf vf_sqrt(vf x) { LW_4(vf, vsqrtq_f32(x.q[i])); }
LW_INLINE vf vf_fma(vf x, vf y, vf z) { LW_4(vf, vfmaq_f32(z.q[i], x.q[i], y.q[i])); }
LW_INLINE vf vf_fnma(vf x, vf y, vf z) { LW_4(vf, vfmsq_f32(z.q[i], x.q[i], y.q[i])); }
// Not vmaxq: it orders -0 below +0 and returns NaN from either side.
LW_INLINE vf vf_max(vf x, vf y) { LW_4(vf, vbslq_f32(vcgtq_f32(x.q[i], y.q[i]), x.q[i], y.q[i])); }
LW_INLINE vf vf_min(vf x, vf y) { LW_4(vf, vbslq_f32(vcltq_f32(x.q[i], y.q[i]), x.q[i], y.q[i])); }

LW_INLINE vf vf_from_bits(vi x) { LW_4(vf, vreinterpretq_f32_s32(x.q[i])); }
LW_INLINE vi vf_bits(vf x) { LW_4(vi, vreinterpretq_s32_f32(x.q[i])); }
LW_INLINE vf vf_abs(vf x) { LW_4(vf, vabsq_f32(x.q[i])); }
LW_INLINE vf vf_neg(vf x) { LW_4(vf, vnegq_f32(x.q[i])); }
LW_INLINE vf vf_copysign(vf m, vf s) { LW_4(vf, vbslq_f32(vdupq_n_u32(0x80000000u), s.q[i], m.q[i])); }

LW_INLINE vm vf_lt(vf x, vf y) { LW_4(vm, vcltq_f32(x.q[i], y.q[i])); }
LW_INLINE vm vf_le(vf x, vf y) { LW_4(vm, vcleq_f32(x.q[i], y.q[i])); }
LW_INLINE vm vf_gt(vf x, vf y) { LW_4(vm, vcgtq_f32(x.q[i], y.q[i])); }
LW_INLINE vm vf_ge(vf x, vf y) { LW_4(vm, vcgeq_f32(x.q[i], y.q[i])); }
LW_INLINE vm vf_eq(vf x, vf y) { LW_4(vm, vceqq_f32(x.q[i], y.q[i])); }
LW_INLINE vm vf_ne(vf x, vf y) { LW_4(vm, vmvnq_u32(vceqq_f32(x.q[i], y.q[i]))); }
LW_INLINE vm vi_eq(vi x, vi y) { LW_4(vm, vceqq_s32(x.q[i], y.q[i])); }
LW_INLINE vm vi_gt(vi x, vi y) { LW_4(vm, vcgtq_s32(x.q[i], y.q[i])); }
LW_INLINE vm vm_and(vm x, vm y) { LW_4(vm, vandq_u32(x.q[i], y.q[i])); }
LW_INLINE vm vm_or(vm x, vm y) { LW_4(vm, vorrq_u32(x.q[i], y.q[i])); }
LW_INLINE vm vm_not(vm x) { LW_4(vm, vmvnq_u32(x.q[i])); }
LW_INLINE int vm_any(vm x) {
  return vmaxvq_u32(vorrq_u32(vorrq_u32(x.q[0], x.q[1]), vorrq_u32(x.q[2], x.q[3]))) != 0;
}
LW_INLINE vf vf_select(vm m, vf x, vf y) { LW_4(vf, vbslq_f32(m.q[i], x.q[i], y.q[i])); }
LW_INLINE vi vi_select(vm m, vi x, vi y) { LW_4(vi, vbslq_s32(m.q[i], x.q[i], y.q[i])); }

LW_INLINE vi vi_add(vi x, vi y) { LW_4(vi, vaddq_s32(x.q[i], y.q[i])); }
LW_INLINE vi vi_sub(vi x, vi y) { LW_4(vi, vsubq_s32(x.q[i], y.q[i])); }
LW_INLINE vi vi_mul(vi x, vi y) { LW_4(vi, vmulq_s32(x.q[i], y.q[i])); }
LW_INLINE int32x4_t lw_mulhi(int32x4_t x, int32x4_t y) {
  const uint32x4_t u = vreinterpretq_u32_s32(x), v = vreinterpretq_u32_s32(y);
  const uint64x2_t low = vmull_u32(vget_low_u32(u), vget_low_u32(v)), high = vmull_high_u32(u, v);
  return vreinterpretq_s32_u32(vuzp2q_u32(vreinterpretq_u32_u64(low), vreinterpretq_u32_u64(high)));
}
LW_INLINE vi vi_mulhi_u(vi x, vi y) { LW_4(vi, lw_mulhi(x.q[i], y.q[i])); }
LW_INLINE vi vi_and(vi x, vi y) { LW_4(vi, vandq_s32(x.q[i], y.q[i])); }
LW_INLINE vi vi_or(vi x, vi y) { LW_4(vi, vorrq_s32(x.q[i], y.q[i])); }
LW_INLINE vi vi_xor(vi x, vi y) { LW_4(vi, veorq_s32(x.q[i], y.q[i])); }
LW_INLINE vi vi_shl(vi x, int s) { LW_4(vi, vshlq_s32(x.q[i], vdupq_n_s32(s))); }
LW_INLINE vi vi_shr(vi x, int s) {
  LW_4(vi, vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(x.q[i]), vdupq_n_s32(-s))));
}
LW_INLINE vi vi_sar(vi x, int s) { LW_4(vi, vshlq_s32(x.q[i], vdupq_n_s32(-s))); }
LW_INLINE vi vf_to_i(vf x) { LW_4(vi, vcvtnq_s32_f32(x.q[i])); }
LW_INLINE vf vf_from_i(vi x) { LW_4(vf, vcvtq_f32_s32(x.q[i])); }

LW_INLINE float vf_sum(vf x) {
  const float32x4_t q = vaddq_f32(vaddq_f32(x.q[0], x.q[2]), vaddq_f32(x.q[1], x.q[3]));
  const float32x2_t d = vadd_f32(vget_low_f32(q), vget_high_f32(q));
  return vget_lane_f32(d, 0) + vget_lane_f32(d, 1);
}

LW_INLINE void lw_transpose_4x4(const float *from, ptrdiff_t ldf, float *to, ptrdiff_t ldt) {
  const float32x4_t a = vld1q_f32(from), b = vld1q_f32(from + ldf);
  const float32x4_t c = vld1q_f32(from + 2 * ldf), d = vld1q_f32(from + 3 * ldf);
  const float32x4_t ac = vzip1q_f32(a, c), bd = vzip1q_f32(b, d);
  const float32x4_t ac2 = vzip2q_f32(a, c), bd2 = vzip2q_f32(b, d);
  vst1q_f32(to, vzip1q_f32(ac, bd));
  vst1q_f32(to + ldt, vzip2q_f32(ac, bd));
  vst1q_f32(to + 2 * ldt, vzip1q_f32(ac2, bd2));
  vst1q_f32(to + 3 * ldt, vzip2q_f32(ac2, bd2));
}
LW_INLINE void lw_transpose_16x16(const float *from, ptrdiff_t ldf, float *to, ptrdiff_t ldt) {
  for (int i = 0; i < VF; i += 4)
    for (int j = 0; j < VF; j += 4) lw_transpose_4x4(from + j * ldf + i, ldf, to + i * ldt + j, ldt);
}

LW_INLINE vf vf_settle(vf x) {
  __asm__ volatile("" : "+w"(x.q[0]), "+w"(x.q[1]), "+w"(x.q[2]), "+w"(x.q[3]) : : "memory");
  return x;
}
LW_INLINE vf vf_settle_half(vf x) {
  __asm__ volatile("" : "+w"(x.q[0]), "+w"(x.q[1]) : : "memory");
  x.q[2] = x.q[3] = vdupq_n_f32(0);
  return x;
}
