// The scalar tier for x86-64 processors with FMA: the same bits as scalar.c, many times faster.
#if defined(__x86_64__)
#include <immintrin.h>
#include "CKernels.h"

#pragma clang attribute push(__attribute__((target("fma"))), apply_to = function)
#include "../simd/scalar.h"

#define LW_TIER scalar_fma
#define LW_TIER_ISA LW_SCALAR
#include "../gemm/tuning_scalar.h"
#include "bodies.h"
#pragma clang attribute pop
#endif
