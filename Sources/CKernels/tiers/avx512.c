// The AVX-512 tier (F, BW, DQ, VL): Intel servers since Skylake (2017), AMD since Zen 4 (2022).
// The features are listed one by one: an arch= name would make the compiler prefer ymm registers.
#if defined(__x86_64__)
#include <immintrin.h>
#include "CKernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#include "../simd/avx512.h"

#define LW_TIER avx512
#define LW_TIER_ISA LW_AVX512
#include "../gemm/tuning_avx512.h"
#include "bodies.h"
#pragma clang attribute pop
#endif
