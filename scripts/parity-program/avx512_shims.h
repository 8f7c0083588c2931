// The AVX-512 intrinsics that simd/avx512.h uses and SIMDe 0.7.4 lacks or gets wrong, lane by lane as the processor manual
// defines them.
#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>

enum { LANES = 16 };

// A lane in memory, whatever its type is.
typedef int32_t __attribute__((may_alias)) shim_lane;

static inline simde__m512i shim_maskz_loadu_epi32(simde__mmask16 mask, const void *from) {
  simde__m512i_private r = simde__m512i_to_private(simde_mm512_setzero_si512());
  for (int i = 0; i < LANES; ++i) if (mask >> i & 1) r.i32[i] = ((const shim_lane *)from)[i];
  return simde__m512i_from_private(r);
}

static inline void shim_mask_storeu_epi32(void *to, simde__mmask16 mask, simde__m512i x) {
  const simde__m512i_private v = simde__m512i_to_private(x);
  for (int i = 0; i < LANES; ++i) if (mask >> i & 1) ((shim_lane *)to)[i] = v.i32[i];
}

static inline simde__m512 shim_maskz_loadu_ps(simde__mmask16 mask, const void *from) {
  return simde_mm512_castsi512_ps(shim_maskz_loadu_epi32(mask, from));
}

static inline void shim_mask_storeu_ps(void *to, simde__mmask16 mask, simde__m512 x) {
  shim_mask_storeu_epi32(to, mask, simde_mm512_castps_si512(x));
}

static inline simde__m512i shim_srai_epi32(simde__m512i x, unsigned count) {
  simde__m512i_private r = simde__m512i_to_private(x);
  for (int i = 0; i < LANES; ++i) r.i32[i] >>= count < 31 ? count : 31;
  return simde__m512i_from_private(r);
}

static inline simde__m512i shim_cvtepu8_epi32(simde__m128i x) {
  const simde__m128i_private v = simde__m128i_to_private(x);
  simde__m512i_private r;
  for (int i = 0; i < LANES; ++i) r.i32[i] = v.u8[i];
  return simde__m512i_from_private(r);
}

static inline simde__m512 shim_cvtepi32_ps(simde__m512i x) {
  const simde__m512i_private v = simde__m512i_to_private(x);
  simde__m512_private r;
  for (int i = 0; i < LANES; ++i) r.f32[i] = (float)v.i32[i];
  return simde__m512_from_private(r);
}

// The scalar instruction: nearest even, and INT32_MIN for what does not fit.
static inline simde__m512i shim_cvtps_epi32(simde__m512 x) {
  const simde__m512_private v = simde__m512_to_private(x);
  simde__m512i_private r;
  for (int i = 0; i < LANES; ++i) r.i32[i] = _mm_cvtss_si32(_mm_set_ss(v.f32[i]));
  return simde__m512i_from_private(r);
}

// SIMDe's leaves -0 and the sign of a NaN.
static inline simde__m512 shim_abs_ps(simde__m512 x) {
  simde__m512_private v = simde__m512_to_private(x);
  for (int i = 0; i < LANES; ++i) v.i32[i] &= INT32_MAX;
  return simde__m512_from_private(v);
}

// Two quarters of x, then two of y, each named by two bits.
static inline simde__m512 shim_shuffle_f32x4(simde__m512 x, simde__m512 y, int quarters) {
  const simde__m512_private v[] = {simde__m512_to_private(x), simde__m512_to_private(y)};
  simde__m512_private r;
  for (int i = 0; i < LANES; ++i) r.f32[i] = v[i / 8].f32[4 * (quarters >> i / 4 * 2 & 3) + i % 4];
  return simde__m512_from_private(r);
}

static inline simde__m256 shim_extractf32x8_ps(simde__m512 x, int half) {
  return simde__m512_to_private(x).m256[half];
}

// The compiler's header has these names already, some as macros.
#undef _mm512_shuffle_f32x4
#undef _mm512_extractf32x8_ps
#undef _mm512_abs_ps
#define _mm512_maskz_loadu_ps shim_maskz_loadu_ps
#define _mm512_mask_storeu_ps shim_mask_storeu_ps
#define _mm512_maskz_loadu_epi32 shim_maskz_loadu_epi32
#define _mm512_mask_storeu_epi32 shim_mask_storeu_epi32
#define _mm512_srai_epi32 shim_srai_epi32
#define _mm512_cvtepu8_epi32 shim_cvtepu8_epi32
#define _mm512_cvtepi32_ps shim_cvtepi32_ps
#define _mm512_cvtps_epi32 shim_cvtps_epi32
#define _mm512_abs_ps shim_abs_ps
#define _mm512_shuffle_f32x4 shim_shuffle_f32x4
#define _mm512_extractf32x8_ps shim_extractf32x8_ps
