// The vector interface in plain C: the specification of what the other headers in this folder do with intrinsics.
//
// vf: 16 floats. vi: 16 int32 (or uint32 bit patterns). vm: 16 booleans, 0 or -1. They are the compiler's own vectors, so
// a + b means sixteen additions, and the compiler cuts them to whatever the target has.
// Rounding is IEEE nearest-even everywhere; nothing here is approximate and nothing flushes denormals.
#include "common.h"

// The warning is about passing such vectors between objects compiled for different targets; everything here is inlined.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float vf __attribute__((vector_size(64)));
typedef int32_t vi __attribute__((vector_size(64)));
typedef vi vm;
typedef uint32_t lw_vu __attribute__((vector_size(64)));  // for arithmetic that wraps

#define LW_EACH for (int l = 0; l < VF; ++l)
#define LW_MAP(T, expression) T r; LW_EACH r[l] = (expression); return r

// Memory. The _n forms touch exactly the first n lanes (0 <= n <= 16); lanes not loaded are zero.
LW_INLINE vf vf_load(const float *p) { vf r; __builtin_memcpy(&r, p, sizeof r); return r; }
LW_INLINE vf vf_load_n(const float *p, int n) { vf r = {0}; __builtin_memcpy(&r, p, (size_t)n * sizeof *p); return r; }
LW_INLINE void vf_store(float *p, vf a) { __builtin_memcpy(p, &a, sizeof a); }
LW_INLINE void vf_store_n(float *p, vf a, int n) { __builtin_memcpy(p, &a, (size_t)n * sizeof *p); }
LW_INLINE vf vf_set1(float s) { LW_MAP(vf, s); }
LW_INLINE vf vf_zero(void) { return (vf){0}; }
LW_INLINE vf vf_bcast(const float *p) { return vf_set1(*p); }
LW_INLINE vi vi_load(const int32_t *p) { vi r; __builtin_memcpy(&r, p, sizeof r); return r; }
LW_INLINE vi vi_load_n(const int32_t *p, int n) { vi r = {0}; __builtin_memcpy(&r, p, (size_t)n * sizeof *p); return r; }
LW_INLINE void vi_store(int32_t *p, vi a) { __builtin_memcpy(p, &a, sizeof a); }
LW_INLINE void vi_store_n(int32_t *p, vi a, int n) { __builtin_memcpy(p, &a, (size_t)n * sizeof *p); }
LW_INLINE vi vi_set1(int32_t s) { LW_MAP(vi, s); }
LW_INLINE vi vi_iota(void) { LW_MAP(vi, l); }  // 0, 1, ... 15
LW_INLINE vf vf_load_u8(const uint8_t *p) { LW_MAP(vf, (float)p[l]); }

// Arithmetic. fma(a,b,c) = a*b+c and fnma(a,b,c) = c-a*b, each with one rounding.
LW_INLINE vf vf_add(vf a, vf b) { return a + b; }
LW_INLINE vf vf_sub(vf a, vf b) { return a - b; }
LW_INLINE vf vf_mul(vf a, vf b) { return a * b; }
LW_INLINE vf vf_div(vf a, vf b) { return a / b; }
LW_INLINE vf vf_sqrt(vf a) { return __builtin_elementwise_sqrt(a); }
// Without the instruction it is sixteen calls into the C library: one function, then, not sixteen calls wherever it is used.
#if defined(LW_FMA_CALLS)
static __attribute__((noinline))
#else
LW_INLINE
#endif
vf vf_fma(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
LW_INLINE vf vf_fnma(vf a, vf b, vf c) { return vf_fma(-a, b, c); }

// Bit patterns.
LW_INLINE vf vf_from_bits(vi a) { return (vf)a; }
LW_INLINE vi vf_bits(vf a) { return (vi)a; }
LW_INLINE vf vf_abs(vf a) { return vf_from_bits(vf_bits(a) & 0x7fffffff); }
LW_INLINE vf vf_neg(vf a) { return -a; }
LW_INLINE vf vf_copysign(vf magnitude, vf sign) {
  return vf_from_bits((vf_bits(magnitude) & 0x7fffffff) | (vf_bits(sign) & ~0x7fffffff));
}

// Comparison (false when an operand is NaN, except ne) and choice: select(m,a,b) = m ? a : b.
LW_INLINE vm vf_lt(vf a, vf b) { return a < b; }
LW_INLINE vm vf_le(vf a, vf b) { return a <= b; }
LW_INLINE vm vf_gt(vf a, vf b) { return a > b; }
LW_INLINE vm vf_ge(vf a, vf b) { return a >= b; }
LW_INLINE vm vf_eq(vf a, vf b) { return a == b; }
LW_INLINE vm vf_ne(vf a, vf b) { return a != b; }
LW_INLINE vm vi_eq(vi a, vi b) { return a == b; }
LW_INLINE vm vi_gt(vi a, vi b) { return a > b; }
LW_INLINE vm vm_and(vm a, vm b) { return a & b; }
LW_INLINE vm vm_or(vm a, vm b) { return a | b; }
LW_INLINE vm vm_not(vm a) { return ~a; }
LW_INLINE int vm_any(vm a) { int32_t r = 0; LW_EACH r |= a[l]; return r != 0; }
LW_INLINE vi vi_select(vm m, vi a, vi b) { return (m & a) | (~m & b); }
LW_INLINE vf vf_select(vm m, vf a, vf b) { return vf_from_bits(vi_select(m, vf_bits(a), vf_bits(b))); }
// max is a > b ? a : b and min is a < b ? a : b, literally: b when either is NaN, and b when both are zeros.
// So the second operand decides how NaN travels; put the running value first to let a new NaN in.
LW_INLINE vf vf_max(vf a, vf b) { return vf_select(vf_gt(a, b), a, b); }
LW_INLINE vf vf_min(vf a, vf b) { return vf_select(vf_lt(a, b), a, b); }

// Integers wrap. shl, shr (logical) and sar (arithmetic) shift every lane by the same constant 0...31.
LW_INLINE vi vi_add(vi a, vi b) { return (vi)((lw_vu)a + (lw_vu)b); }
LW_INLINE vi vi_sub(vi a, vi b) { return (vi)((lw_vu)a - (lw_vu)b); }
LW_INLINE vi vi_mul(vi a, vi b) { return (vi)((lw_vu)a * (lw_vu)b); }
// High 32 bits of the unsigned 64-bit product.
LW_INLINE vi vi_mulhi_u(vi a, vi b) { LW_MAP(vi, (int32_t)(((uint64_t)(uint32_t)a[l] * (uint32_t)b[l]) >> 32)); }
LW_INLINE vi vi_and(vi a, vi b) { return a & b; }
LW_INLINE vi vi_or(vi a, vi b) { return a | b; }
LW_INLINE vi vi_xor(vi a, vi b) { return a ^ b; }
LW_INLINE vi vi_shl(vi a, int s) { return (vi)((lw_vu)a << (lw_vu)vi_set1(s)); }
LW_INLINE vi vi_shr(vi a, int s) { return (vi)((lw_vu)a >> (lw_vu)vi_set1(s)); }
LW_INLINE vi vi_sar(vi a, int s) { return a >> vi_set1(s); }

// Conversion. vf_to_i rounds to nearest even and requires |x| < 2^22 (adding 1.5 * 2^23 leaves the integer in the low
// bits, without libm).
LW_INLINE vi vf_to_i(vf a) { return vf_bits(a + 12582912.0f) - 0x4b400000; }
LW_INLINE vf vf_from_i(vi a) { LW_MAP(vf, (float)a[l]); }

// The fixed tree: lane l joins l+8, then l+4, l+2, l+1.
LW_INLINE float vf_sum(vf a) {
  for (int h = 8; h > 0; h /= 2)
    for (int l = 0; l < h; ++l) a[l] = a[l] + a[l + h];
  return a[0];
}

// to[i][j] = from[j][i] for 16 x 16 elements with rows ldt and ldf apart.
LW_INLINE void lw_transpose_16x16(const float *from, ptrdiff_t ldf, float *to, ptrdiff_t ldt) {
  for (int i = 0; i < VF; ++i)
    for (int j = 0; j < VF; ++j) to[i * ldt + j] = from[j * ldf + i];
}

// Makes the compiler compute x before it loads anything that comes after. Left alone, it may fetch the operands of later
// steps of a register tile early, have no registers left for them, and spill. (Here, with no registers to name, a hope.)
LW_INLINE vf vf_settle(vf x) { __asm__ volatile("" ::: "memory"); return x; }
// The same for a vector of which the first 8 lanes count. The others become 0: nothing that only they need is computed.
LW_INLINE vf vf_settle_half(vf x) {
  const vf none = vf_zero();
  return vf_settle(__builtin_shufflevector(x, none, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
}
