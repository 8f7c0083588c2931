// The portable tier: plain C, any processor. On x86-64 without FMA each fused multiply-add is a call into the C
// library, correct and slow; scalar_fma.c is the same source for processors that have the instruction.
#include "CKernels.h"

#if defined(__x86_64__)
#define LW_FMA_CALLS
#endif
#include "../simd/scalar.h"

#define LW_TIER scalar
#define LW_TIER_ISA LW_SCALAR
#include "../gemm/tuning_scalar.h"
#include "bodies.h"
