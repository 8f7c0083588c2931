// The vector interface on AVX2 + FMA: one vf is two ymm registers. scalar.h says what each function means.
#include "common.h"

typedef struct { __m256 a, b; } vf;
typedef struct { __m256i a, b; } vi;
typedef struct { __m256 a, b; } vm;

#define LW_2(T, expression_a, expression_b) return (T){expression_a, expression_b}

// mask_table + 8 - n starts with n set lanes, for 0 <= n <= 8.
static const int32_t lw_mask_table[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
LW_INLINE int lw_low8(int n) { return n < 8 ? n : 8; }
LW_INLINE int lw_high8(int n) { return n > 8 ? n - 8 : 0; }
LW_INLINE __m256i lw_first(int n) { return _mm256_loadu_si256((const __m256i *)(lw_mask_table + 8 - n)); }

LW_INLINE vf vf_load(const float *p) { LW_2(vf, _mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)); }
LW_INLINE vf vf_load_n(const float *p, int n) {
  const int high = lw_high8(n);
  LW_2(vf, _mm256_maskload_ps(p, lw_first(lw_low8(n))), _mm256_maskload_ps(p + (high ? 8 : 0), lw_first(high)));
}
LW_INLINE void vf_store(float *p, vf v) { _mm256_storeu_ps(p, v.a); _mm256_storeu_ps(p + 8, v.b); }
// Masked stores are microcoded on AMD (tens of cycles), so a partial store is at most four plain ones.
LW_INLINE void vf_store_n(float *p, vf v, int n) {
  if (n >= 16) { vf_store(p, v); return; }
  if (n & 8) { _mm256_storeu_ps(p, v.a); p += 8; v.a = v.b; }
  __m128 x = _mm256_castps256_ps128(v.a);
  if (n & 4) { _mm_storeu_ps(p, x); p += 4; x = _mm256_extractf128_ps(v.a, 1); }
  if (n & 2) { _mm_storel_pi((__m64 *)p, x); p += 2; x = _mm_movehl_ps(x, x); }
  if (n & 1) _mm_store_ss(p, x);
}
LW_INLINE vf vf_set1(float s) { const __m256 v = _mm256_set1_ps(s); LW_2(vf, v, v); }
LW_INLINE vf vf_zero(void) { LW_2(vf, _mm256_setzero_ps(), _mm256_setzero_ps()); }
LW_INLINE vf vf_bcast(const float *p) { const __m256 v = _mm256_broadcast_ss(p); LW_2(vf, v, v); }
LW_INLINE vi vi_load(const int32_t *p) {
  LW_2(vi, _mm256_loadu_si256((const __m256i *)p), _mm256_loadu_si256((const __m256i *)(p + 8)));
}
LW_INLINE vi vi_load_n(const int32_t *p, int n) {
  const int high = lw_high8(n);
  LW_2(vi, _mm256_maskload_epi32(p, lw_first(lw_low8(n))), _mm256_maskload_epi32(p + (high ? 8 : 0), lw_first(high)));
}
LW_INLINE void vi_store(int32_t *p, vi v) {
  _mm256_storeu_si256((__m256i *)p, v.a);
  _mm256_storeu_si256((__m256i *)(p + 8), v.b);
}
LW_INLINE void vi_store_n(int32_t *p, vi v, int n) {
  vf_store_n((float *)p, (vf){_mm256_castsi256_ps(v.a), _mm256_castsi256_ps(v.b)}, n);
}
LW_INLINE vi vi_set1(int32_t s) { const __m256i v = _mm256_set1_epi32(s); LW_2(vi, v, v); }
LW_INLINE vi vi_iota(void) {
  LW_2(vi, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15));
}
LW_INLINE vf vf_load_u8(const uint8_t *p) {
  const __m128i v = _mm_loadu_si128((const __m128i *)p);
  LW_2(vf, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(v)), _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(v, 8))));
}

LW_INLINE vf vf_add(vf x, vf y) { LW_2(vf, _mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)); }
LW_INLINE vf vf_sub(vf x, vf y) { LW_2(vf, _mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)); }
LW_INLINE vf vf_mul(vf x, vf y) { LW_2(vf, _mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)); }
LW_INLINE vf vf_div(vf x, vf y) { LW_2(vf, _mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)); }
LW_INLINE vf vf_sqrt(vf x) { LW_2(vf, _mm256_sqrt_ps(x.a), _mm256_sqrt_ps(x.b)); }
LW_INLINE vf vf_fma(vf x, vf y, vf z) { LW_2(vf, _mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)); }
LW_INLINE vf vf_fnma(vf x, vf y, vf z) { LW_2(vf, _mm256_fnmadd_ps(x.a, y.a, z.a), _mm256_fnmadd_ps(x.b, y.b, z.b)); }
LW_INLINE vf vf_max(vf x, vf y) { LW_2(vf, _mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)); }
LW_INLINE vf vf_min(vf x, vf y) { LW_2(vf, _mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)); }

LW_INLINE vf vf_from_bits(vi x) { LW_2(vf, _mm256_castsi256_ps(x.a), _mm256_castsi256_ps(x.b)); }
LW_INLINE vi vf_bits(vf x) { LW_2(vi, _mm256_castps_si256(x.a), _mm256_castps_si256(x.b)); }
LW_INLINE vf vf_abs(vf x) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  LW_2(vf, _mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b));
}
LW_INLINE vf vf_neg(vf x) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  LW_2(vf, _mm256_xor_ps(sign, x.a), _mm256_xor_ps(sign, x.b));
}
LW_INLINE vf vf_copysign(vf m, vf s) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  LW_2(vf, _mm256_or_ps(_mm256_andnot_ps(sign, m.a), _mm256_and_ps(sign, s.a)),
       _mm256_or_ps(_mm256_andnot_ps(sign, m.b), _mm256_and_ps(sign, s.b)));
}

#define LW_COMPARE(predicate) LW_2(vm, _mm256_cmp_ps(x.a, y.a, predicate), _mm256_cmp_ps(x.b, y.b, predicate))
LW_INLINE vm vf_lt(vf x, vf y) { LW_COMPARE(_CMP_LT_OQ); }
LW_INLINE vm vf_le(vf x, vf y) { LW_COMPARE(_CMP_LE_OQ); }
LW_INLINE vm vf_gt(vf x, vf y) { LW_COMPARE(_CMP_GT_OQ); }
LW_INLINE vm vf_ge(vf x, vf y) { LW_COMPARE(_CMP_GE_OQ); }
LW_INLINE vm vf_eq(vf x, vf y) { LW_COMPARE(_CMP_EQ_OQ); }
LW_INLINE vm vf_ne(vf x, vf y) { LW_COMPARE(_CMP_NEQ_UQ); }
LW_INLINE vm lw_vm(__m256i a, __m256i b) { LW_2(vm, _mm256_castsi256_ps(a), _mm256_castsi256_ps(b)); }
LW_INLINE vm vi_eq(vi x, vi y) { return lw_vm(_mm256_cmpeq_epi32(x.a, y.a), _mm256_cmpeq_epi32(x.b, y.b)); }
LW_INLINE vm vi_gt(vi x, vi y) { return lw_vm(_mm256_cmpgt_epi32(x.a, y.a), _mm256_cmpgt_epi32(x.b, y.b)); }
LW_INLINE vm vm_and(vm x, vm y) { LW_2(vm, _mm256_and_ps(x.a, y.a), _mm256_and_ps(x.b, y.b)); }
LW_INLINE vm vm_or(vm x, vm y) { LW_2(vm, _mm256_or_ps(x.a, y.a), _mm256_or_ps(x.b, y.b)); }
LW_INLINE vm vm_not(vm x) {
  const __m256 ones = _mm256_castsi256_ps(_mm256_set1_epi32(-1));
  LW_2(vm, _mm256_xor_ps(x.a, ones), _mm256_xor_ps(x.b, ones));
}
LW_INLINE int vm_any(vm x) { return _mm256_movemask_ps(_mm256_or_ps(x.a, x.b)) != 0; }
LW_INLINE vf vf_select(vm m, vf x, vf y) { LW_2(vf, _mm256_blendv_ps(y.a, x.a, m.a), _mm256_blendv_ps(y.b, x.b, m.b)); }
LW_INLINE vi vi_select(vm m, vi x, vi y) { return vf_bits(vf_select(m, vf_from_bits(x), vf_from_bits(y))); }

LW_INLINE vi vi_add(vi x, vi y) { LW_2(vi, _mm256_add_epi32(x.a, y.a), _mm256_add_epi32(x.b, y.b)); }
LW_INLINE vi vi_sub(vi x, vi y) { LW_2(vi, _mm256_sub_epi32(x.a, y.a), _mm256_sub_epi32(x.b, y.b)); }
LW_INLINE vi vi_mul(vi x, vi y) { LW_2(vi, _mm256_mullo_epi32(x.a, y.a), _mm256_mullo_epi32(x.b, y.b)); }
LW_INLINE __m256i lw_mulhi(__m256i x, __m256i y) {
  const __m256i even = _mm256_srli_epi64(_mm256_mul_epu32(x, y), 32);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(y, 32));
  return _mm256_blend_epi32(even, odd, 0xaa);
}
LW_INLINE vi vi_mulhi_u(vi x, vi y) { LW_2(vi, lw_mulhi(x.a, y.a), lw_mulhi(x.b, y.b)); }
LW_INLINE vi vi_and(vi x, vi y) { LW_2(vi, _mm256_and_si256(x.a, y.a), _mm256_and_si256(x.b, y.b)); }
LW_INLINE vi vi_or(vi x, vi y) { LW_2(vi, _mm256_or_si256(x.a, y.a), _mm256_or_si256(x.b, y.b)); }
LW_INLINE vi vi_xor(vi x, vi y) { LW_2(vi, _mm256_xor_si256(x.a, y.a), _mm256_xor_si256(x.b, y.b)); }
LW_INLINE vi vi_shl(vi x, int s) { LW_2(vi, _mm256_slli_epi32(x.a, s), _mm256_slli_epi32(x.b, s)); }
LW_INLINE vi vi_shr(vi x, int s) { LW_2(vi, _mm256_srli_epi32(x.a, s), _mm256_srli_epi32(x.b, s)); }
LW_INLINE vi vi_sar(vi x, int s) { LW_2(vi, _mm256_srai_epi32(x.a, s), _mm256_srai_epi32(x.b, s)); }
LW_INLINE vi vf_to_i(vf x) { LW_2(vi, _mm256_cvtps_epi32(x.a), _mm256_cvtps_epi32(x.b)); }
LW_INLINE vf vf_from_i(vi x) { LW_2(vf, _mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)); }

LW_INLINE float vf_sum(vf x) {
  const __m256 v = _mm256_add_ps(x.a, x.b);
  const __m128 q = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(d, _mm_movehdup_ps(d)));
}

LW_INLINE void lw_transpose_8x8(const float *from, ptrdiff_t ldf, float *to, ptrdiff_t ldt) {
  __m256 r[8], s[8];
  LW_UNROLL for (int i = 0; i < 4; ++i) {  // row i beside row i + 4, in 4 x 4 quarters
    const float *p = from + i * ldf, *q = from + (i + 4) * ldf;
    r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(q), 1);
    r[i + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p + 4)), _mm_loadu_ps(q + 4), 1);
  }
  LW_UNROLL for (int h = 0; h < 8; h += 4) {
    s[h] = _mm256_unpacklo_ps(r[h], r[h + 1]);
    s[h + 1] = _mm256_unpackhi_ps(r[h], r[h + 1]);
    s[h + 2] = _mm256_unpacklo_ps(r[h + 2], r[h + 3]);
    s[h + 3] = _mm256_unpackhi_ps(r[h + 2], r[h + 3]);
    _mm256_storeu_ps(to + h * ldt, _mm256_shuffle_ps(s[h], s[h + 2], 0x44));
    _mm256_storeu_ps(to + (h + 1) * ldt, _mm256_shuffle_ps(s[h], s[h + 2], 0xee));
    _mm256_storeu_ps(to + (h + 2) * ldt, _mm256_shuffle_ps(s[h + 1], s[h + 3], 0x44));
    _mm256_storeu_ps(to + (h + 3) * ldt, _mm256_shuffle_ps(s[h + 1], s[h + 3], 0xee));
  }
}
LW_INLINE void lw_transpose_16x16(const float *from, ptrdiff_t ldf, float *to, ptrdiff_t ldt) {
  for (int i = 0; i < VF; i += 8)
    for (int j = 0; j < VF; j += 8) lw_transpose_8x8(from + j * ldf + i, ldf, to + i * ldt + j, ldt);
}

LW_INLINE vf vf_settle(vf x) { __asm__ volatile("" : "+x"(x.a), "+x"(x.b) : : "memory"); return x; }
LW_INLINE vf vf_settle_half(vf x) { __asm__ volatile("" : "+x"(x.a) : : "memory"); LW_2(vf, x.a, _mm256_setzero_ps()); }
