// GEMM on AVX-512: 32 registers of 16 floats. 6x64 and 8x48 keep 24 accumulators and were measured best; narrower
// matrices get taller tiles.
#include "heights.h"

#define LW_GEMM_TILES(X) LW_HEIGHTS_12(X, 1) LW_HEIGHTS_12(X, 2) LW_HEIGHTS_8(X, 3) LW_HEIGHTS_6(X, 4)
#define LW_GEMM_HALF_TILES(X)  // a vector is one register
#define LW_GEMM_TUNING {.rows = {12, 12, 8, 6}, .half_rows = 0, .registers = 1, .wide = 4, .usual = 3, \
                        .in_place_rows = 64, .in_place_columns = 128, .pack_a_columns = 4096, \
                        .rows_block = 96, .columns_block = 384, .gflops = 180, .bandwidth = 60}
