// What every tier shares: naming, inlining, and the floating-point environment.
//
// Each file in tiers/ defines LW_TIER (its name), includes its own vector header from this folder, then every kernel
// body. A body therefore exists once in the source and once per tier in the object code.
#include <stddef.h>
#include <stdint.h>

// a*b+c is two roundings unless a body says vf_fma: otherwise compilers of different tiers would contract differently.
#pragma STDC FP_CONTRACT OFF

#define LW_INLINE static inline __attribute__((always_inline, unused))
#define LW_UNUSED __attribute__((unused))
#define LW_UNROLL _Pragma("clang loop unroll(full)")
#define LW_NOUNROLL _Pragma("clang loop unroll(disable)")

// Lanes of `vf`, on every tier. Sixteen is the width of the numerical contract: reductions keep sixteen running lanes
// whatever the hardware, so a narrower tier holds one `vf` in several registers.
enum { VF = 16 };
