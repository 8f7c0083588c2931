// The AVX-512 tier for processors without AVX-512: tiers/avx512.c with SIMDe's functions in place of the intrinsics.
// It shows that the tier's bits are right, on AVX2, and says nothing of its speed.
#if defined(__x86_64__)
#define SIMDE_ENABLE_NATIVE_ALIASES
#include "avx512_shims.h"
#include "CKernels.h"

#define LW_EMULATED
#include "../../Sources/CKernels/simd/avx512.h"
LW_INLINE vf vf_settle(vf x) { return x; }

#define LW_TIER avx512_emulated
#define LW_TIER_ISA LW_AVX512
#include "../../Sources/CKernels/gemm/tuning_avx512.h"
#include "../../Sources/CKernels/tiers/bodies.h"
#endif
