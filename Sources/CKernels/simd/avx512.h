// The vector interface on AVX-512 (F, BW, DQ, VL): one vf is one zmm register. scalar.h says what each function means.
#include "common.h"

typedef struct { __m512 a; } vf;
typedef struct { __m512i a; } vi;
typedef __mmask16 vm;

LW_INLINE __mmask16 lw_first(int n) { return (__mmask16)((1u << n) - 1u); }
LW_INLINE vf lw_vf(__m512 a) { return (vf){a}; }
LW_INLINE vi lw_vi(__m512i a) { return (vi){a}; }

LW_INLINE vf vf_load(const float *p) { return lw_vf(_mm512_loadu_ps(p)); }
LW_INLINE vf vf_load_n(const float *p, int n) { return lw_vf(_mm512_maskz_loadu_ps(lw_first(n), p)); }
LW_INLINE void vf_store(float *p, vf v) { _mm512_storeu_ps(p, v.a); }
LW_INLINE void vf_store_n(float *p, vf v, int n) { _mm512_mask_storeu_ps(p, lw_first(n), v.a); }
LW_INLINE vf vf_set1(float s) { return lw_vf(_mm512_set1_ps(s)); }
LW_INLINE vf vf_zero(void) { return lw_vf(_mm512_setzero_ps()); }
LW_INLINE vf vf_bcast(const float *p) { return lw_vf(_mm512_set1_ps(*p)); }
LW_INLINE vi vi_load(const int32_t *p) { return lw_vi(_mm512_loadu_si512(p)); }
LW_INLINE vi vi_load_n(const int32_t *p, int n) { return lw_vi(_mm512_maskz_loadu_epi32(lw_first(n), p)); }
LW_INLINE void vi_store(int32_t *p, vi v) { _mm512_storeu_si512(p, v.a); }
LW_INLINE void vi_store_n(int32_t *p, vi v, int n) { _mm512_mask_storeu_epi32(p, lw_first(n), v.a); }
LW_INLINE vi vi_set1(int32_t s) { return lw_vi(_mm512_set1_epi32(s)); }
LW_INLINE vi vi_iota(void) { return lw_vi(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)); }
LW_INLINE vf vf_load_u8(const uint8_t *p) {
  return lw_vf(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p))));
}

LW_INLINE vf vf_add(vf x, vf y) { return lw_vf(_mm512_add_ps(x.a, y.a)); }
LW_INLINE vf vf_sub(vf x, vf y) { return lw_vf(_mm512_sub_ps(x.a, y.a)); }
LW_INLINE vf vf_mul(vf x, vf y) { return lw_vf(_mm512_mul_ps(x.a, y.a)); }
LW_INLINE vf vf_div(vf x, vf y) { return lw_vf(_mm512_div_ps(x.a, y.a)); }
LW_INLINE vf vf_sqrt(vf x) { return lw_vf(_mm512_sqrt_ps(x.a)); }
LW_INLINE vf vf_fma(vf x, vf y, vf z) { return lw_vf(_mm512_fmadd_ps(x.a, y.a, z.a)); }
LW_INLINE vf vf_fnma(vf x, vf y, vf z) { return lw_vf(_mm512_fnmadd_ps(x.a, y.a, z.a)); }
LW_INLINE vf vf_max(vf x, vf y) { return lw_vf(_mm512_max_ps(x.a, y.a)); }
LW_INLINE vf vf_min(vf x, vf y) { return lw_vf(_mm512_min_ps(x.a, y.a)); }

LW_INLINE vf vf_from_bits(vi x) { return lw_vf(_mm512_castsi512_ps(x.a)); }
LW_INLINE vi vf_bits(vf x) { return lw_vi(_mm512_castps_si512(x.a)); }
LW_INLINE vf vf_abs(vf x) { return lw_vf(_mm512_abs_ps(x.a)); }
LW_INLINE vf vf_neg(vf x) { return lw_vf(_mm512_xor_ps(x.a, _mm512_set1_ps(-0.0f))); }
LW_INLINE vf vf_copysign(vf m, vf s) {
  const __m512 sign = _mm512_set1_ps(-0.0f);
  return lw_vf(_mm512_or_ps(_mm512_andnot_ps(sign, m.a), _mm512_and_ps(sign, s.a)));
}

LW_INLINE vm vf_lt(vf x, vf y) { return _mm512_cmp_ps_mask(x.a, y.a, _CMP_LT_OQ); }
LW_INLINE vm vf_le(vf x, vf y) { return _mm512_cmp_ps_mask(x.a, y.a, _CMP_LE_OQ); }
LW_INLINE vm vf_gt(vf x, vf y) { return _mm512_cmp_ps_mask(x.a, y.a, _CMP_GT_OQ); }
LW_INLINE vm vf_ge(vf x, vf y) { return _mm512_cmp_ps_mask(x.a, y.a, _CMP_GE_OQ); }
LW_INLINE vm vf_eq(vf x, vf y) { return _mm512_cmp_ps_mask(x.a, y.a, _CMP_EQ_OQ); }
LW_INLINE vm vf_ne(vf x, vf y) { return _mm512_cmp_ps_mask(x.a, y.a, _CMP_NEQ_UQ); }
LW_INLINE vm vi_eq(vi x, vi y) { return _mm512_cmpeq_epi32_mask(x.a, y.a); }
LW_INLINE vm vi_gt(vi x, vi y) { return _mm512_cmpgt_epi32_mask(x.a, y.a); }
LW_INLINE vm vm_and(vm x, vm y) { return x & y; }
LW_INLINE vm vm_or(vm x, vm y) { return x | y; }
LW_INLINE vm vm_not(vm x) { return (vm)~x; }
LW_INLINE int vm_any(vm x) { return x != 0; }
LW_INLINE vf vf_select(vm m, vf x, vf y) { return lw_vf(_mm512_mask_blend_ps(m, y.a, x.a)); }
LW_INLINE vi vi_select(vm m, vi x, vi y) { return lw_vi(_mm512_mask_blend_epi32(m, y.a, x.a)); }

LW_INLINE vi vi_add(vi x, vi y) { return lw_vi(_mm512_add_epi32(x.a, y.a)); }
LW_INLINE vi vi_sub(vi x, vi y) { return lw_vi(_mm512_sub_epi32(x.a, y.a)); }
LW_INLINE vi vi_mul(vi x, vi y) { return lw_vi(_mm512_mullo_epi32(x.a, y.a)); }
LW_INLINE vi vi_mulhi_u(vi x, vi y) {
  const __m512i even = _mm512_srli_epi64(_mm512_mul_epu32(x.a, y.a), 32);
  const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(x.a, 32), _mm512_srli_epi64(y.a, 32));
  return lw_vi(_mm512_mask_blend_epi32(0xaaaa, even, odd));
}
LW_INLINE vi vi_and(vi x, vi y) { return lw_vi(_mm512_and_si512(x.a, y.a)); }
LW_INLINE vi vi_or(vi x, vi y) { return lw_vi(_mm512_or_si512(x.a, y.a)); }
LW_INLINE vi vi_xor(vi x, vi y) { return lw_vi(_mm512_xor_si512(x.a, y.a)); }
#define vi_shl(x, s) lw_vi(_mm512_slli_epi32((x).a, s))
#define vi_shr(x, s) lw_vi(_mm512_srli_epi32((x).a, s))
#define vi_sar(x, s) lw_vi(_mm512_srai_epi32((x).a, s))
LW_INLINE vi vf_to_i(vf x) { return lw_vi(_mm512_cvtps_epi32(x.a)); }
LW_INLINE vf vf_from_i(vi x) { return lw_vf(_mm512_cvtepi32_ps(x.a)); }

// _mm512_reduce_add_ps leaves its order to the compiler, so the tree is written out.
LW_INLINE float vf_sum(vf x) {
  const __m256 v = _mm256_add_ps(_mm512_castps512_ps256(x.a), _mm512_extractf32x8_ps(x.a, 1));
  const __m128 q = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(d, _mm_movehdup_ps(d)));
}

// Two rounds of 32- and 64-bit unpacking transpose the 4 x 4 blocks; two rounds of 128-bit shuffles move the blocks.
LW_INLINE void lw_transpose_16x16(const float *from, ptrdiff_t ldf, float *to, ptrdiff_t ldt) {
  __m512 r[16], s[16];
  LW_UNROLL for (int j = 0; j < 16; ++j) r[j] = _mm512_loadu_ps(from + j * ldf);
  LW_UNROLL for (int j = 0; j < 16; j += 2) {
    s[j] = _mm512_unpacklo_ps(r[j], r[j + 1]);
    s[j + 1] = _mm512_unpackhi_ps(r[j], r[j + 1]);
  }
  LW_UNROLL for (int j = 0; j < 16; j += 4) {
    r[j] = _mm512_shuffle_ps(s[j], s[j + 2], 0x44);
    r[j + 1] = _mm512_shuffle_ps(s[j], s[j + 2], 0xee);
    r[j + 2] = _mm512_shuffle_ps(s[j + 1], s[j + 3], 0x44);
    r[j + 3] = _mm512_shuffle_ps(s[j + 1], s[j + 3], 0xee);
  }
  LW_UNROLL for (int i = 0; i < 4; ++i) {
    s[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
    s[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
    s[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
    s[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
  }
  LW_UNROLL for (int i = 0; i < 4; ++i) {
    _mm512_storeu_ps(to + i * ldt, _mm512_shuffle_f32x4(s[i], s[i + 8], 0x88));
    _mm512_storeu_ps(to + (i + 4) * ldt, _mm512_shuffle_f32x4(s[i + 4], s[i + 12], 0x88));
    _mm512_storeu_ps(to + (i + 8) * ldt, _mm512_shuffle_f32x4(s[i], s[i + 8], 0xdd));
    _mm512_storeu_ps(to + (i + 12) * ldt, _mm512_shuffle_f32x4(s[i + 4], s[i + 12], 0xdd));
  }
}

#ifndef LW_EMULATED  // an emulation of this tier has no zmm register to settle in
LW_INLINE vf vf_settle(vf x) { __asm__ volatile("" : "+v"(x.a) : : "memory"); return x; }
#endif
LW_INLINE vf vf_settle_half(vf x) { return lw_vf(_mm512_maskz_mov_ps(0xff, x.a)); }
