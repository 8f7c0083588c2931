// The NEON tier: every AArch64 processor.
#if defined(__aarch64__)
#include <arm_neon.h>
#include "CKernels.h"
#include "../simd/neon.h"

#define LW_TIER neon
#define LW_TIER_ISA LW_NEON
#include "../gemm/tuning_neon.h"
#include "bodies.h"
#endif
