// The AVX2 + FMA tier: Intel since Haswell (2013), AMD since Excavator (2015).
#if defined(__x86_64__)
#include <immintrin.h>
#include "CKernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "../simd/avx2.h"

#define LW_TIER avx2
#define LW_TIER_ISA LW_AVX2
#include "../gemm/tuning_avx2.h"
#include "bodies.h"
#pragma clang attribute pop
#endif
