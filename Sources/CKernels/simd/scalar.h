// The vector interface in plain C: the specification of what the other headers in this folder do with intrinsics.
//
// vf: 16 floats. vi: 16 int32 (or uint32 bit patterns). vm: 16 booleans.
// Rounding is IEEE nearest-even everywhere; nothing here is approximate and nothing flushes denormals.
#include "common.h"

typedef struct { float x[VF]; } vf;
typedef struct { int32_t x[VF]; } vi;
typedef struct { int32_t x[VF]; } vm;  // 0 or -1

#define LW_EACH for (int l = 0; l < VF; ++l)
#define LW_MAP(T, expression) T r; LW_EACH r.x[l] = (expression); return r

LW_INLINE float lw_float(int32_t bits) { float f; __builtin_memcpy(&f, &bits, 4); return f; }
LW_INLINE int32_t lw_bits(float f) { int32_t i; __builtin_memcpy(&i, &f, 4); return i; }

// Memory. The _n forms touch exactly the first n lanes (0 <= n <= 16); lanes not loaded are zero.
LW_INLINE vf vf_load(const float *p) { vf r; __builtin_memcpy(&r, p, sizeof r); return r; }
LW_INLINE vf vf_load_n(const float *p, int n) { LW_MAP(vf, l < n ? p[l] : 0.0f); }
LW_INLINE void vf_store(float *p, vf a) { __builtin_memcpy(p, &a, sizeof a); }
LW_INLINE void vf_store_n(float *p, vf a, int n) { for (int l = 0; l < n; ++l) p[l] = a.x[l]; }
LW_INLINE vf vf_set1(float s) { LW_MAP(vf, s); }
LW_INLINE vf vf_zero(void) { return vf_set1(0.0f); }
LW_INLINE vf vf_bcast(const float *p) { return vf_set1(*p); }
LW_INLINE vi vi_load(const int32_t *p) { vi r; __builtin_memcpy(&r, p, sizeof r); return r; }
LW_INLINE vi vi_load_n(const int32_t *p, int n) { LW_MAP(vi, l < n ? p[l] : 0); }
LW_INLINE void vi_store(int32_t *p, vi a) { __builtin_memcpy(p, &a, sizeof a); }
LW_INLINE void vi_store_n(int32_t *p, vi a, int n) { for (int l = 0; l < n; ++l) p[l] = a.x[l]; }
LW_INLINE vi vi_set1(int32_t s) { LW_MAP(vi, s); }
LW_INLINE vi vi_iota(void) { LW_MAP(vi, l); }  // 0, 1, ... 15
LW_INLINE vf vf_load_u8(const uint8_t *p) { LW_MAP(vf, (float)p[l]); }

// Arithmetic. fma(a,b,c) = a*b+c and fnma(a,b,c) = c-a*b, each with one rounding.
LW_INLINE vf vf_add(vf a, vf b) { LW_MAP(vf, a.x[l] + b.x[l]); }
LW_INLINE vf vf_sub(vf a, vf b) { LW_MAP(vf, a.x[l] - b.x[l]); }
LW_INLINE vf vf_mul(vf a, vf b) { LW_MAP(vf, a.x[l] * b.x[l]); }
LW_INLINE vf vf_div(vf a, vf b) { LW_MAP(vf, a.x[l] / b.x[l]); }
LW_INLINE vf vf_sqrt(vf a) { LW_MAP(vf, __builtin_sqrtf(a.x[l])); }
LW_INLINE vf vf_fma(vf a, vf b, vf c) { LW_MAP(vf, __builtin_fmaf(a.x[l], b.x[l], c.x[l])); }
LW_INLINE vf vf_fnma(vf a, vf b, vf c) { LW_MAP(vf, __builtin_fmaf(-a.x[l], b.x[l], c.x[l])); }
// max is a > b ? a : b and min is a < b ? a : b, literally: b when either is NaN, and b when both are zeros.
// So the second operand decides how NaN travels; put the running value first to let a new NaN in.
LW_INLINE vf vf_max(vf a, vf b) { LW_MAP(vf, a.x[l] > b.x[l] ? a.x[l] : b.x[l]); }
LW_INLINE vf vf_min(vf a, vf b) { LW_MAP(vf, a.x[l] < b.x[l] ? a.x[l] : b.x[l]); }

// Bit patterns.
LW_INLINE vf vf_from_bits(vi a) { vf r; __builtin_memcpy(&r, &a, sizeof r); return r; }
LW_INLINE vi vf_bits(vf a) { vi r; __builtin_memcpy(&r, &a, sizeof r); return r; }
LW_INLINE vf vf_abs(vf a) { LW_MAP(vf, lw_float(lw_bits(a.x[l]) & 0x7fffffff)); }
LW_INLINE vf vf_neg(vf a) { LW_MAP(vf, lw_float((int32_t)((uint32_t)lw_bits(a.x[l]) ^ 0x80000000u))); }
LW_INLINE vf vf_copysign(vf magnitude, vf sign) {
  LW_MAP(vf, lw_float((lw_bits(magnitude.x[l]) & 0x7fffffff) | (int32_t)((uint32_t)lw_bits(sign.x[l]) & 0x80000000u)));
}

// Comparison (false when an operand is NaN, except ne) and choice: select(m,a,b) = m ? a : b.
LW_INLINE vm vf_lt(vf a, vf b) { LW_MAP(vm, -(a.x[l] < b.x[l])); }
LW_INLINE vm vf_le(vf a, vf b) { LW_MAP(vm, -(a.x[l] <= b.x[l])); }
LW_INLINE vm vf_gt(vf a, vf b) { LW_MAP(vm, -(a.x[l] > b.x[l])); }
LW_INLINE vm vf_ge(vf a, vf b) { LW_MAP(vm, -(a.x[l] >= b.x[l])); }
LW_INLINE vm vf_eq(vf a, vf b) { LW_MAP(vm, -(a.x[l] == b.x[l])); }
LW_INLINE vm vf_ne(vf a, vf b) { LW_MAP(vm, -(a.x[l] != b.x[l])); }
LW_INLINE vm vi_eq(vi a, vi b) { LW_MAP(vm, -(a.x[l] == b.x[l])); }
LW_INLINE vm vi_gt(vi a, vi b) { LW_MAP(vm, -(a.x[l] > b.x[l])); }
LW_INLINE vm vm_and(vm a, vm b) { LW_MAP(vm, a.x[l] & b.x[l]); }
LW_INLINE vm vm_or(vm a, vm b) { LW_MAP(vm, a.x[l] | b.x[l]); }
LW_INLINE vm vm_not(vm a) { LW_MAP(vm, ~a.x[l]); }
LW_INLINE int vm_any(vm a) { int32_t r = 0; LW_EACH r |= a.x[l]; return r != 0; }
LW_INLINE vf vf_select(vm m, vf a, vf b) { LW_MAP(vf, m.x[l] ? a.x[l] : b.x[l]); }
LW_INLINE vi vi_select(vm m, vi a, vi b) { LW_MAP(vi, m.x[l] ? a.x[l] : b.x[l]); }

// Integers wrap. shl, shr (logical) and sar (arithmetic) shift every lane by the same constant 0...31.
LW_INLINE vi vi_add(vi a, vi b) { LW_MAP(vi, (int32_t)((uint32_t)a.x[l] + (uint32_t)b.x[l])); }
LW_INLINE vi vi_sub(vi a, vi b) { LW_MAP(vi, (int32_t)((uint32_t)a.x[l] - (uint32_t)b.x[l])); }
LW_INLINE vi vi_mul(vi a, vi b) { LW_MAP(vi, (int32_t)((uint32_t)a.x[l] * (uint32_t)b.x[l])); }
// High 32 bits of the unsigned 64-bit product.
LW_INLINE vi vi_mulhi_u(vi a, vi b) { LW_MAP(vi, (int32_t)(((uint64_t)(uint32_t)a.x[l] * (uint32_t)b.x[l]) >> 32)); }
LW_INLINE vi vi_and(vi a, vi b) { LW_MAP(vi, a.x[l] & b.x[l]); }
LW_INLINE vi vi_or(vi a, vi b) { LW_MAP(vi, a.x[l] | b.x[l]); }
LW_INLINE vi vi_xor(vi a, vi b) { LW_MAP(vi, a.x[l] ^ b.x[l]); }
LW_INLINE vi vi_shl(vi a, int s) { LW_MAP(vi, (int32_t)((uint32_t)a.x[l] << s)); }
LW_INLINE vi vi_shr(vi a, int s) { LW_MAP(vi, (int32_t)((uint32_t)a.x[l] >> s)); }
LW_INLINE vi vi_sar(vi a, int s) { LW_MAP(vi, a.x[l] >> s); }

// Conversion. vf_to_i rounds to nearest even and requires |x| < 2^22 (adding 1.5 * 2^23 leaves the integer in the low
// bits, without libm).
LW_INLINE vi vf_to_i(vf a) { LW_MAP(vi, lw_bits(a.x[l] + 12582912.0f) - 0x4b400000); }
LW_INLINE vf vf_from_i(vi a) { LW_MAP(vf, (float)a.x[l]); }

// The fixed tree: lane l joins l+8, then l+4, l+2, l+1.
LW_INLINE float vf_sum(vf a) {
  for (int h = 8; h > 0; h /= 2)
    for (int l = 0; l < h; ++l) a.x[l] = a.x[l] + a.x[l + h];
  return a.x[0];
}

// to[i][j] = from[j][i] for 16 x 16 elements with rows ldt and ldf apart.
LW_INLINE void lw_transpose_16x16(const float *from, ptrdiff_t ldf, float *to, ptrdiff_t ldt) {
  for (int i = 0; i < VF; ++i)
    for (int j = 0; j < VF; ++j) to[i * ldt + j] = from[j * ldf + i];
}

// Makes the compiler compute x before it loads anything that comes after. Left alone, it may fetch the operands of later
// steps of a register tile early, have no registers left for them, and spill. (Here, with no registers to name, a hope.)
LW_INLINE vf vf_settle(vf x) { __asm__ volatile("" ::: "memory"); return x; }
